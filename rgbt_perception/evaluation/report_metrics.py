"""Metrics as a section of a report: fused beside single-camera, ungated and baseline rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from rgbt_perception.evaluation import report_page as html
from rgbt_perception.evaluation.fusion_metrics import FUSION_METRICS
from rgbt_perception.evaluation.fusion_scores import fusion_cells
from rgbt_perception.evaluation.ground_truth import Condition
from rgbt_perception.evaluation.scene_table import label_columns, label_rows
from rgbt_perception.evaluation.table import COLUMNS, Row, metric_rows, notes

_MINOR = ("sq_rel", "rmse_log", "delta2", "delta3", "frames")
_LARGER_IS_BETTER = ("delta1", "delta2", "delta3")
_NOT_COMPARED = ("condition", "estimate", "frames", "coverage", "keep70")
_LABELS_NOTE = (
    "Per cent. IoU: the pixels that truth and estimate both give to a class, over those that "
    "either gives to it; mIoU is its mean over the classes that the condition's truth has. rgb and "
    "thermal are the same network with the other camera masked. Unlabelled truth is not scored."
)
_FUSION_NOTE = (
    "Means over pictures evenly spread over the run. Where the colour camera does not see, the "
    "thermal picture stands for it. These figures say how much of the sources is kept, not how "
    "useful the picture is."
)
_STYLES = {"fused": "fused", "baseline": "faint"}


def metrics_section(metrics: Mapping[str, Any] | None) -> str:
    """The table and what its columns and rows mean; empty without metrics."""
    if metrics is None:
        return ""
    rows = metric_rows(metrics)
    depth = html.section(
        "Depth against ground truth",
        _table(rows) if rows else "",
        *(html.paragraph(note) for note in notes(metrics)),
        html.filled("metrics.html", ranges=escape(_ranges(rows))) if rows else "",
    )
    return depth + _labels(metrics) + _fusion(metrics)


def best_cells(rows: Sequence[Row]) -> list[set[int]]:
    """For each row of one condition the columns in which it is the best estimate.

    Baselines and frames of a single camera do not compete: the former know the truth, the latter
    are other frames. Figures that read alike are equally good.
    """
    best: list[set[int]] = [set() for _ in rows]
    rivals = [i for i, row in enumerate(rows) if row.kind in ("fused", "estimate")]
    for column, name in enumerate(COLUMNS):
        if name in _NOT_COMPARED or len(rivals) < 2:
            continue
        values = {i: float(rows[i].cells[column]) for i in rivals}
        choose = max if name in _LARGER_IS_BETTER else min
        top = choose(values.values())
        for i in rivals:
            if values[i] == top:
                best[i].add(column)
    return best


def _table(rows: Sequence[Row]) -> str:
    minor = [COLUMNS.index(name) - 1 for name in _MINOR]
    lines: list[str] = []
    for condition, group in groupby(rows, key=lambda row: row.cells[0]):
        members = list(group)
        lines.append(html.group_row(condition, len(COLUMNS) - 1))
        for row, best in zip(members, best_cells(members), strict=True):
            bold = [column - 1 for column in best]
            lines.append(html.table_row(row.cells[1:], _STYLES.get(row.kind, ""), bold, minor))
    return html.table(COLUMNS[1:], lines, minor=minor)


def _ranges(rows: Sequence[Row]) -> str:
    """The depths that are scored, by scene."""
    scenes = dict.fromkeys(row.cells[0].split("/")[0] for row in rows)
    texts = []
    for scene in scenes:
        near, far = Condition(scene).range_m
        texts.append(f"{scene} {near:g} to {far:g} m")
    return ", ".join(texts)


def _labels(metrics: Mapping[str, Any]) -> str:
    rows = label_rows(metrics)
    if not rows:
        return ""
    columns = label_columns(metrics)
    lines: list[str] = []
    for condition, group in groupby(rows, key=lambda row: row[0]):
        lines.append(html.group_row(condition, len(columns) - 1))
        lines += [html.table_row(row[1:], _STYLES.get(row[1], "")) for row in group]
    return html.section(
        "Labels against ground truth",
        html.table(columns[1:], lines),
        html.paragraph(_LABELS_NOTE, muted=True),
    )


def _fusion(metrics: Mapping[str, Any]) -> str:
    if "fusion" not in metrics:
        return ""
    row = html.table_row((str(metrics["fusion_frames"]), *fusion_cells(metrics["fusion"])))
    return html.section(
        "Fused picture against its sources",
        html.table(("pictures", *FUSION_METRICS), [row]),
        html.paragraph(_FUSION_NOTE, muted=True),
    )
