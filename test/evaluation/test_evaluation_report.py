from __future__ import annotations

import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest

from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.evaluate import evaluate_run, write_metrics
from rgbt_perception.evaluation.report import write_joint_report, write_report
from rgbt_perception.frames import Mode

_VOID = {"meta", "img", "br"}


class _Page(HTMLParser):
    """Checks nesting, collects headings and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []
        self.sources: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.sources += [value for key, value in values.items() if key in ("src", "href") and value]
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
        "Moments",
        "Point cloud",
        "Depth against ground truth",
        "Latency by stage",
        "Modes over time",
        "Counters",
        "Known limits",
    ]
    assert len(page.sources) == 4
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)
    assert not re.search(r"https?://", text)
    assert "street/night/smoke" in text
    assert "best constant" in text
    assert "onnxruntime 1.0 &lt;CPU&gt;" in text
    assert "0123456789abcdef" in text
    assert "RGB_ONLY: 1 outputs" in text


def test_what_is_missing_is_absent(synthetic: ModuleType, tmp_path: Path) -> None:
    run = synthetic.write_run(tmp_path, synthetic.Plan(truth=None, scene=None))
    info = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({"source": info["source"], "reference": "thermal"}))
    page, text = read(write_report(run))
    assert page.headings[1:] == ["Moments", "Modes over time", "Known limits"]
    assert "condition" not in text
    assert "None" not in text


def test_run_without_any_output(synthetic: ModuleType, tmp_path: Path) -> None:
    run = synthetic.write_run(tmp_path)
    info = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**info, "outputs": 0}))
    (run / "perception.mcap").write_bytes(b"")
    page, _ = read(write_report(run))
    assert page.headings[1:] == ["Latency by stage", "Counters", "Known limits"]
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


def test_not_a_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"run\.json"):
        write_report(tmp_path)
