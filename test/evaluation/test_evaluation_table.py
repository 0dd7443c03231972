from __future__ import annotations

from pathlib import Path
from types import ModuleType

from rgbt_perception.evaluation.evaluate import evaluate_run
from rgbt_perception.evaluation.table import COLUMNS, metric_rows, notes, text_table
from rgbt_perception.frames import Mode


def test_one_row_for_each_estimate(synthetic: ModuleType, tmp_path: Path) -> None:
    modes = (Mode.FULL, Mode.FULL, Mode.THERMAL_ONLY, Mode.RGB_ONLY)
    metrics = evaluate_run(synthetic.write_run(tmp_path, synthetic.Plan(modes=modes)))
    rows = metric_rows(metrics)
    assert [(row.cells[1], row.kind) for row in rows] == [
        ("fused", "fused"),
        ("rgb", "estimate"),
        ("thermal", "estimate"),
        ("ungated", "estimate"),
        ("best constant", "baseline"),
        ("best row", "baseline"),
        ("fused, RGB_ONLY", "single"),
        ("fused, THERMAL_ONLY", "single"),
    ]
    fused = dict(zip(COLUMNS, rows[0].cells, strict=True))
    assert fused["frames"] == "2"
    assert fused["abs_rel"] == "0.100"
    assert fused["coverage"] == "100.0%"
    lines = text_table(metrics).splitlines()
    assert len(lines) == 9
    # Numbers stand below their heading.
    end = lines[0].index("abs_rel") + len("abs_rel")
    assert all(line[:end].endswith(row.cells[3]) for line, row in zip(lines[1:], rows, strict=True))
    assert notes(metrics) == []


def test_frames_that_were_not_scored_are_told(synthetic: ModuleType, tmp_path: Path) -> None:
    plan = synthetic.Plan(truth_late_ns=1_000_000)
    metrics = evaluate_run(synthetic.write_run(tmp_path, plan))
    assert notes(metrics) == ["6 of 6 frames not scored: no true depth at their stamp."]


def test_without_ground_truth() -> None:
    metrics = {"frames": 3, "ground_truth": False, "conditions": {}}
    assert metric_rows(metrics) == []
    assert "no ground truth" in notes(metrics)[0]
