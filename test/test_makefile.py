"""What the Makefile's targets do beyond calling one tool."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = sorted(f"test/soak/{path.name}" for path in (ROOT / "test/soak").glob("test_*.py"))

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def soak(folder: Path, script: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """`make soak` with a shell script for Python: the result, and the script's arguments."""
    (folder / "bin").mkdir()
    for stamp in (".demo-x", ".test-x"):
        (folder / stamp).touch()
    python, calls = folder / "bin/python", folder / "calls"
    python.write_text(f'#!/bin/sh\necho "$*" >> {calls}\n{script}\n')
    python.chmod(0o755)
    done = subprocess.run(
        ["make", "--no-print-directory", "soak", f"VENV={folder}", "STAMP=x"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done, calls.read_text().splitlines()


def test_soak_runs_every_part_and_names_those_that_failed(tmp_path: Path) -> None:
    bad = [PARTS[0], PARTS[-1]]
    # One fails as pytest does, one dies by a signal.
    script = f'case "$*" in *{bad[0]}) exit 1;; *{bad[1]}) kill -9 $$;; esac'
    done, calls = soak(tmp_path, script)
    assert [call.split()[-1] for call in calls] == PARTS
    assert all(call.startswith("-m pytest -m slow ") for call in calls)
    assert done.returncode != 0
    assert f"soak: failed: {bad[0]} {bad[1]}\n" in done.stderr


def test_soak_succeeds_when_every_part_does(tmp_path: Path) -> None:
    done, calls = soak(tmp_path, "exit 0")
    assert len(calls) == len(PARTS) > 1
    assert done.returncode == 0
    assert done.stdout.endswith("soak: all passed\n")
