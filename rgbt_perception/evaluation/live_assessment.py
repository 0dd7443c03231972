"""What a live evaluation says of itself: one line, a level and values for diagnostics."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from rgbt_perception.evaluation.live_metrics import LiveMetrics
from rgbt_perception.evaluation.scores import ConditionScore

_SILENT_NS = 5_000_000_000
_SHOWN = ("abs_rel", "rmse", "delta1")


class Level(IntEnum):
    """Numbers as in diagnostic_msgs/DiagnosticStatus."""

    OK = 0
    WARN = 1
    STALE = 3


@dataclass(frozen=True)
class Assessment:
    """How good the depth is at the moment.

    Attributes:
        level: of the diagnostic.
        message: one line.
        values: text by name.
    """

    level: Level
    message: str
    values: dict[str, str]


def assess(
    metrics: LiveMetrics, now_ns: int, *, output: str, truth: str, warn_abs_rel: float = 0.0
) -> Assessment:
    """Judge the last frames.

    Args:
        metrics: of the running perception.
        now_ns: host time, nanoseconds.
        output, truth: full topic names of the depth and of the true depth, for the message.
        warn_abs_rel: more is a warning; 0 = never.
    """
    recent = metrics.recent()
    depth = recent.depth["fused"]
    values = {
        "frames": str(metrics.score.frames),
        "scored": str(metrics.scored),
        "true depth pictures": str(metrics.truths),
        **{f"not scored: {name}": str(n) for name, n in sorted(metrics.score.unscored.items())},
        **{f"mode {name}": str(count) for name, count in sorted(metrics.modes.items())},
        **{name: f"{depth.values()[name]:.3f}" for name in _SHOWN if depth.frames},
        **{name: f"{share:.3f}" for name, share in recent.coverage.values().items()},
        **{name: f"{value:.3f}" for name, value in recent.confidence.values().items()},
        **_label_values(recent),
        **{f"problem with {name}": line for name, (line, _) in metrics.problems.items()},
    }
    if metrics.last_output_ns is None:
        return Assessment(Level.WARN, f"nothing on {output} yet", values)
    silent_ns = now_ns - metrics.last_output_ns
    if silent_ns > _SILENT_NS:
        return Assessment(Level.STALE, f"nothing on {output} for {silent_ns / 1e9:.0f} s", values)
    if not metrics.truths:
        return Assessment(Level.WARN, f"nothing on {truth}: no true depth to compare with", values)
    if not depth.frames:
        return Assessment(Level.WARN, "no frame has met its true depth yet", values)
    means = depth.values()
    line = (
        f"abs_rel {means['abs_rel']:.3f}, rmse {means['rmse']:.2f} m, "
        f"delta1 {means['delta1']:.3f} (last {depth.frames} frames)"
    )
    if "mIoU" in values:
        line += f", mIoU {values['mIoU']}"
    if 0.0 < warn_abs_rel < means["abs_rel"]:
        return Assessment(Level.WARN, f"{line}: abs_rel is above {warn_abs_rel:g}", values)
    return Assessment(Level.OK, line, values)


def _label_values(recent: ConditionScore) -> dict[str, str]:
    """How good the labels are in the last frames; empty without labels or their truth."""
    if recent.segmentation is None or "fused" not in (scores := recent.segmentation.metrics()):
        return {}
    fused = scores["fused"]
    values = {"mIoU": f"{fused['miou']:.3f}", "label accuracy": f"{fused['accuracy']:.3f}"}
    return values | {f"IoU {name}": f"{value:.3f}" for name, value in fused["iou"].items()}
