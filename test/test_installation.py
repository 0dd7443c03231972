"""The built wheel, installed into an empty folder, runs from anywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent


def python(*words, cwd, **environment):
    return subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_demo_runs_from_an_installed_wheel(tmp_path):
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]
    wheels, site, work = tmp_path / "wheels", tmp_path / "site", tmp_path / "work"
    work.mkdir()
    clean = tmp_path / "source"
    subprocess.run(["git", "clone", "-q", SOURCE, clean], check=True)
    built = python("-m", "pip", "wheel", *options, "-w", wheels, clean, cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    (wheel,) = wheels.glob("*.whl")
    installed = python("-m", "pip", "install", *options, "--target", site, wheel, cwd=tmp_path)
    assert installed.returncode == 0, installed.stderr
    script = "import sys; from rgbt_perception.cli.main import main; sys.exit(main())"
    demo = python("-c", script, "demo", "--out", "result", cwd=work, PYTHONPATH=str(site))
    assert demo.returncode == 0, demo.stderr
    where = python(
        "-c", "import rgbt_perception as p; print(p.__file__)", cwd=work, PYTHONPATH=str(site)
    )
    assert where.stdout.startswith(str(site))
    metrics = json.loads((work / "result/metrics.json").read_text())
    (condition,) = metrics["conditions"]
    assert condition == "street/night/smoke"
    for name in ("perception.mcap", "report.html", "contact_sheet.png", "run.json"):
        assert (work / "result" / name).stat().st_size > 0
