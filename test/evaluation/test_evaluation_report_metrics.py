from __future__ import annotations

import re

from rgbt_perception.evaluation.report_metrics import best_cells, metrics_section
from rgbt_perception.evaluation.table import COLUMNS, metric_rows

NAMES = ("abs_rel", "sq_rel", "rmse", "rmse_log", "delta1", "delta2", "delta3")


def values(error: float, delta: float) -> dict[str, float]:
    return {name: delta if name.startswith("delta") else error for name in NAMES}


METRICS = {
    "frames": 4,
    "ground_truth": True,
    "conditions": {
        "street/night/smoke": {
            "frames": 4,
            "depth": {
                "fused": values(0.2, 0.7),
                "rgb": values(0.30001, 0.9),
                "thermal": values(0.1999, 0.6),
            },
            "coverage": 0.98,
            "baselines": {"constant": values(0.05, 0.99)},
        }
    },
    "single_camera": {
        "street/night/smoke": {
            "RGB_ONLY": {"frames": 1, "depth": {"fused": values(0.01, 1.0)}, "coverage": 0.5}
        }
    },
}


def test_best_of_the_estimates_whatever_the_baselines() -> None:
    rows = metric_rows(METRICS)
    best = dict(zip((row.cells[1] for row in rows), best_cells(rows), strict=True))
    abs_rel, delta1 = COLUMNS.index("abs_rel"), COLUMNS.index("delta1")
    # 0.2000 and 0.1999 read alike.
    assert abs_rel in best["fused"]
    assert abs_rel in best["thermal"]
    assert abs_rel not in best["rgb"]
    assert delta1 in best["rgb"]
    assert best["best constant"] == best["fused, RGB_ONLY"] == set()


def test_section_marks_them() -> None:
    text = metrics_section(METRICS)
    assert re.findall(r"<td[^>]*><b>([\d.]+)</b></td>", text).count("0.900") == 3
    assert "street 0.5 to 80 m" in text
    assert all(
        f"<dt>{name}" in text for name in ("abs_rel", "rmse", "delta1", "coverage", "keep70")
    )
    assert text.count('class="faint"') == 1


def test_without_ground_truth() -> None:
    text = metrics_section({"frames": 3, "ground_truth": False, "conditions": {}})
    assert "no ground truth" in text
    assert "<table" not in text
    assert metrics_section(None) == ""
