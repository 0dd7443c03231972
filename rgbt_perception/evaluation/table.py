"""The metrics as a table: one row per condition and estimate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rgbt_perception.evaluation.ground_truth import MS2_PREFIX
from rgbt_perception.evaluation.metrics import DEPTH_METRICS

COLUMNS = ("condition", "estimate", "frames", *DEPTH_METRICS, "coverage", "keep70")


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        cells: text, one for each of ``COLUMNS``; empty where a column does not apply.
        kind: ``fused``, ``estimate``, ``alone`` (on more pixels than these), ``baseline`` or
            ``single``.
    """

    cells: tuple[str, ...]
    kind: str


def metric_rows(metrics: Mapping[str, Any], median_scaled: bool = False) -> list[Row]:
    """The rows of metrics.json: estimates, baselines, then frames from a single camera.

    Args:
        metrics: the content of metrics.json.
        median_scaled: the figures after every picture was scaled to the median of its truth,
            which says nothing about metres; without baselines, which know the truth anyway.
    """
    return list(_rows(metrics, "depth_median_scaled" if median_scaled else "depth"))


def text_table(metrics: Mapping[str, Any], median_scaled: bool = False) -> str:
    """The table for a terminal, without a final line break; arguments as ``metric_rows``."""
    lines = [COLUMNS, *(row.cells for row in metric_rows(metrics, median_scaled))]
    return in_columns(lines)


def in_columns(lines: Sequence[Sequence[str]]) -> str:
    """Lines of equally many cells: the first two to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def notes(metrics: Mapping[str, Any]) -> list[str]:
    """Sentences on what the table does not show."""
    if not metrics["ground_truth"]:
        if any(score.get("segmentation") for score in metrics["conditions"].values()):
            return ["The source recording holds no true depth."]
        return ["The source recording holds no ground truth: nothing to compare with."]
    sentences = []
    reasons = {
        "no_ground_truth": "no ground truth in their recording",
        "no_truth_at_stamp": "no true depth at their stamp",
        "estimates_missing": "an estimate is missing (replay with --debug-outputs)",
        "no_common_pixels": "no pixel where every estimate is known",
        "unreadable": "a picture that cannot be read",
    }
    for reason, count in metrics.get("unscored", {}).items():
        sentences.append(f"{count} of {metrics['frames']} frames not scored: {reasons[reason]}.")
    return sentences


def _rows(metrics: Mapping[str, Any], measure: str) -> Iterator[Row]:
    single = metrics.get("single_camera", {})
    for condition in sorted({*metrics.get("conditions", {}), *single}):
        score = metrics.get("conditions", {}).get(condition)
        if score is not None and score[measure]:
            for estimate, values in score[measure].items():
                kind = "fused" if estimate == "fused" else "estimate"
                cells = _cells(condition, estimate, score, values, kind == "fused", measure)
                yield Row(cells, kind)
            if condition.startswith(MS2_PREFIX) and "fused_alone" in score:
                values = score["fused_alone"][measure]
                cells = _cells(condition, "fused, alone", score, values, False, measure)
                yield Row(cells, "alone")
            baselines = score.get("baselines", {}) if measure == "depth" else {}
            for name, values in baselines.items():
                cells = _cells(condition, f"best {name}", score, values, False, measure)
                yield Row(cells, "baseline")
        for mode, part in single.get(condition, {}).items():
            if not part[measure]:
                continue
            values = part[measure]["fused"]
            cells = _cells(condition, f"fused, {mode}", part, values, True, measure)
            yield Row(cells, "single")


def _cells(
    condition: str,
    name: str,
    score: Mapping[str, Any],
    values: Mapping[str, float],
    fused: bool,
    measure: str,
) -> tuple[str, ...]:
    # Known of the depth in metres only.
    keep70 = score.get("confidence", {}).get("abs_rel_keep70") if measure == "depth" else None
    return (
        condition,
        name,
        str(score["frames"]),
        *(f"{values[metric]:.3f}" for metric in DEPTH_METRICS),
        f"{score['coverage']:.1%}" if fused else "",
        f"{keep70:.3f}" if fused and keep70 is not None else "",
    )
