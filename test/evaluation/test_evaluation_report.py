from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.evaluate import evaluate_run, write_metrics
from rgbt_perception.evaluation.report import write_joint_report, write_report
from rgbt_perception.frames import Mode

_VOID = {"meta", "img", "br", "input"}


class _Page(HTMLParser):
    """Checks nesting, collects headings and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []
        self.sources: list[str] = []
        self.scripts = 0
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.sources += [value for key, value in values.items() if key in ("src", "href") and value]
        self.scripts += tag == "script"
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data)


def read(path: Path) -> tuple[_Page, str]:
    text = path.read_text(encoding="utf-8")
    return _Page(text), text


def test_full_report(synthetic: ModuleType, tmp_path: Path) -> None:
    modes = (Mode.FULL, Mode.FULL, Mode.RGB_ONLY, Mode.FULL)
    run = synthetic.write_run(tmp_path, synthetic.Plan(modes=modes, cloud=True))
    write_metrics(run, evaluate_run(run))
    path = write_report(run)
    assert path == run / "report.html"
    assert (run / "contact_sheet.png").stat().st_size > 1000
    page, text = read(path)
    assert page.headings == [
        "RGB-thermal run: source.mcap",
        "The run",
        "Point cloud",
        "Depth against ground truth",
        "Moments",
        "Modes over time",
        "Latency by stage",
        "Counters",
        "About this run",
        "Known limits",
    ]
    # RGB, thermal, depth, confidence and truth; three still views of the cloud; the moments.
    assert len(page.sources) == 5 + 3 + 1
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)
    assert not re.search(r"https?://", text)
    assert "street/night/smoke" in text
    assert "best constant" in text
    assert "onnxruntime 1.0 &lt;CPU&gt;" in text
    assert "0123456789abcdef" * 4 in text
    assert "RGB_ONLY (the RGB camera alone): 1 outputs" in text
    assert path.stat().st_size < 4_000_000


def test_what_is_missing_is_absent(synthetic: ModuleType, tmp_path: Path) -> None:
    run = synthetic.write_run(tmp_path, synthetic.Plan(truth=None, scene=None))
    info = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({"source": info["source"], "reference": "thermal"}))
    page, text = read(write_report(run))
    assert page.headings[1:] == [
        "The run",
        "Moments",
        "Modes over time",
        "About this run",
        "Known limits",
    ]
    assert "<dt>condition" not in text
    assert "None" not in re.sub(r"base64,[^\"]*|<script>.*?</script>", "", text, flags=re.DOTALL)


def test_run_without_any_output(synthetic: ModuleType, tmp_path: Path) -> None:
    run = synthetic.write_run(tmp_path)
    info = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**info, "outputs": 0}))
    (run / "perception.mcap").write_bytes(b"")
    page, _ = read(write_report(run))
    assert page.headings[1:] == ["Latency by stage", "Counters", "About this run", "Known limits"]
    assert not (run / "contact_sheet.png").exists()


def test_metrics_of_an_earlier_run_are_not_shown(synthetic: ModuleType, tmp_path: Path) -> None:
    run = synthetic.write_run(tmp_path)
    metrics = write_metrics(run, evaluate_run(run))
    later = metrics.stat().st_mtime_ns + 10**9
    os.utime(run / "perception.mcap", ns=(later, later))
    page, _ = read(write_report(run))
    assert "Depth against ground truth" not in page.headings


def test_the_run_tells_its_troubles(synthetic: ModuleType, tmp_path: Path) -> None:
    run = synthetic.write_run(tmp_path)
    info = json.loads((run / "run.json").read_text())
    info |= {
        "ended": "interrupted",
        "truncated": "cut off; 5 messages recovered",
        "problems": [{"name": "thermal_image", "count": 3, "first": "thermal: 2 < 4 bytes"}],
    }
    (run / "run.json").write_text(json.dumps(info))
    page, text = read(write_report(run))
    assert "interrupted" in text
    assert "5 messages recovered" in text
    assert "thermal: 2 &lt; 4 bytes" in text
    assert "Problems" in page.headings


def test_without_the_source(synthetic: ModuleType, tmp_path: Path) -> None:
    run = synthetic.write_run(tmp_path)
    (tmp_path / "source.mcap").unlink()
    page, _ = read(write_report(run))
    assert "Moments" in page.headings


def test_several_runs(synthetic: ModuleType, tmp_path: Path) -> None:
    runs = [synthetic.write_run(tmp_path / name) for name in ("a", "b")]
    metrics = evaluate_run(runs[0])
    page, _ = read(write_joint_report(runs, metrics, tmp_path / "joint"))
    assert page.headings[:2] == ["RGB-thermal evaluation of 2 runs", "Depth against ground truth"]
    assert all(str(run) in page.headings for run in runs)
    assert page.headings.count("Known limits") == 1


def film_of(text: str) -> dict[str, Any]:
    """The film's description, as the player reads it."""
    found = re.search(r'data-player hidden>\s*<script type="application/json">(.*?)</script>', text)
    assert found
    return json.loads(found[1])


def test_film_has_every_frame_of_a_short_run(synthetic: ModuleType, tmp_path: Path) -> None:
    modes = (Mode.FULL, Mode.RGB_ONLY, Mode.THERMAL_ONLY, Mode.FULL)
    plan = synthetic.Plan(modes=modes, reasons=("because",))
    _, text = read(write_report(synthetic.write_run(tmp_path, plan)))
    film = film_of(text)
    assert film["modes"] == [mode.name for mode in modes]
    assert film["reasons"] == [["because"]] * 4
    tiles = {kind["name"]: kind["tiles"] for kind in film["kinds"]}
    assert tiles["rgb"] == [0, 1, -1, 2]
    assert tiles["thermal"] == [0, -1, 1, 2]
    assert tiles["depth"] == tiles["confidence"] == [0, 1, 2, 3]
    assert text.count("<canvas width") == len(film["kinds"])
    assert 'max="3"' in text


def test_long_run_is_sampled(synthetic: ModuleType, tmp_path: Path) -> None:
    plan = synthetic.Plan(modes=(Mode.FULL,) * 250)
    path = write_report(synthetic.write_run(tmp_path, plan))
    film = film_of(path.read_text())
    assert len(film["times"]) == 120
    assert film["times"][-1] == pytest.approx(24.9)
    assert path.stat().st_size < 4_000_000


@pytest.mark.parametrize("mode", [Mode.RGB_ONLY, Mode.THERMAL_ONLY])
def test_one_camera_only(synthetic: ModuleType, tmp_path: Path, mode: Mode) -> None:
    plan = synthetic.Plan(modes=(mode,) * 3, truth=None, cloud=True)
    page, text = read(write_report(synthetic.write_run(tmp_path, plan)))
    kinds = {kind["name"] for kind in film_of(text)["kinds"]}
    there, absent = ("rgb", "thermal") if mode is Mode.RGB_ONLY else ("thermal", "rgb")
    assert there in kinds
    assert absent not in kinds
    assert "Point cloud" in page.headings


HOSTILE = "</script><script>alert('x')</script><img src=x onerror=alert(1)>\"'&$body"


def test_names_from_a_recording_stay_text(synthetic: ModuleType, tmp_path: Path) -> None:
    modes = (Mode.FULL, Mode.RGB_ONLY, Mode.FULL)
    plan = synthetic.Plan(
        modes=modes,
        cloud=True,
        reasons=(HOSTILE,),
        scene={"scene": HOSTILE, "light": HOSTILE, "weather": HOSTILE},
    )
    run = synthetic.write_run(tmp_path, plan)
    info = json.loads((run / "run.json").read_text())
    info |= {
        "topics": {"rgb/camera_info": f"/{HOSTILE}"},
        "engine": HOSTILE,
        "weights": {HOSTILE: HOSTILE, "scene": "12"},
        "networks": {
            HOSTILE: {"file": HOSTILE, "precision": HOSTILE, "engine": HOSTILE},
            "scene": {"file": "scene.int8.onnx", "precision": "int8", "engine": "openvino"},
        },
        "settings": {HOSTILE: HOSTILE},
        "truncated": HOSTILE,
        "latency_ms": {HOSTILE: {"p50": 1.0, "p99": 2.0}},
        "problems": [{"name": HOSTILE, "count": 1, "first": HOSTILE}],
    }
    (run / "run.json").write_text(json.dumps(info))
    write_metrics(run, evaluate_run(run))
    page, text = read(write_report(run))
    assert page.scripts == 4  # the data of film and cloud, the player, the viewer
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)
    assert "<img src=x" not in text
    assert "<script>alert" not in text
    assert film_of(text)["reasons"][0] == [HOSTILE]
    assert "scene: scene.int8.onnx, int8, sha256 12" in text


def browser() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


@pytest.mark.skipif(browser() is None, reason="no Chromium to open the report with")
def test_report_runs_in_a_browser(synthetic: ModuleType, tmp_path: Path) -> None:
    plan = synthetic.Plan(modes=(Mode.FULL, Mode.RGB_ONLY, Mode.FULL), cloud=True)
    path = write_report(synthetic.write_run(tmp_path, plan))
    done = subprocess.run(
        [
            str(browser()),
            "--headless=new",
            "--disable-gpu",
            "--no-sandbox",
            "--virtual-time-budget=3000",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--enable-logging=stderr",
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    # Player and viewer show themselves when they have drawn, and say so.
    assert done.stdout.count('data-state="ready"') == 2
    assert "frame 1 of 3: 0.00 s, FULL" in done.stdout
    assert re.search(r'data-still="" hidden', done.stdout)
    assert "CONSOLE" not in done.stderr


def test_many_runs_refer_to_their_own_reports(synthetic: ModuleType, tmp_path: Path) -> None:
    runs = [synthetic.write_run(tmp_path / f"run {i}") for i in range(4)]
    write_report(runs[0])
    page, _ = read(write_joint_report(runs, evaluate_run(runs[0]), tmp_path / "joint"))
    assert page.sources == ["../run%200/run/report.html"]
    assert "The run" not in page.headings


def test_not_a_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"run\.json"):
        write_report(tmp_path)
