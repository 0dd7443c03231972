"""Scores of labels as a table: one row per condition and estimate, one column per class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rgbt_perception.evaluation.table import in_columns
from rgbt_perception.scene.classes import SCENE_CLASSES

HEAD = ("condition", "estimate", "frames", "mIoU", "accuracy")


def label_columns(metrics: Mapping[str, Any]) -> tuple[str, ...]:
    """Columns of the table: ``HEAD`` and the classes that some truth has."""
    present = {name for *_, score in _scores(metrics) for name in score["iou"]}
    return (*HEAD, *(item.name for item in SCENE_CLASSES if item.name in present))


def label_rows(metrics: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The rows of metrics.json, one cell for each of ``label_columns``; per cent.

    A class that a condition's truth does not have stays empty.
    """
    classes = label_columns(metrics)[len(HEAD) :]
    return [
        (
            condition,
            estimate,
            str(frames),
            f"{100 * score['miou']:.1f}",
            f"{100 * score['accuracy']:.1f}",
            *(
                f"{100 * score['iou'][name]:.1f}" if name in score["iou"] else ""
                for name in classes
            ),
        )
        for condition, estimate, frames, score in _scores(metrics)
    ]


def label_table(metrics: Mapping[str, Any]) -> str:
    """The table for a terminal, without a final line break; empty without labels."""
    rows = label_rows(metrics)
    if not rows:
        return ""
    return in_columns([label_columns(metrics), *rows])


def _scores(metrics: Mapping[str, Any]) -> Iterator[tuple[str, str, int, Mapping[str, Any]]]:
    """Condition, estimate, frames and scores."""
    single = metrics.get("single_camera", {})
    for condition in sorted({*metrics.get("conditions", {}), *single}):
        whole = metrics.get("conditions", {}).get(condition, {})
        for estimate, score in whole.get("segmentation", {}).items():
            yield condition, estimate, whole["segmentation_frames"], score
        for mode, part in single.get(condition, {}).items():
            for estimate, score in part.get("segmentation", {}).items():
                yield condition, f"{estimate}, {mode}", part["segmentation_frames"], score
