"""One output of the perception beside its true depth: what is compared, and how it is scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.ground_truth import Truth
from rgbt_perception.evaluation.metrics import (
    depth_metrics,
    median_scale,
    most_confident_abs_rel,
)
from rgbt_perception.evaluation.run_folder import OutputFrame, confidence_picture
from rgbt_perception.evaluation.scores import ESTIMATES, ConditionScore, Mean
from rgbt_perception.frames import FloatImage, Mode
from rgbt_perception.sensing.decode import depth_picture

KEPT_SHARE = 0.7
SINGLE = (Mode.RGB_ONLY, Mode.THERMAL_ONLY)
"""Modes in which one camera gave everything, scored apart."""

_RGB_TOLERANCE_NS = 20_000_000
_TOPIC_OF = {"fused": "depth", "rgb": "rgb", "thermal": "thermal", "ungated": "ungated"}


def truth_tolerance_ns(mode: Mode) -> int:
    """How far from an output's stamp its truth may lie, nanoseconds.

    Computed from the RGB picture alone, the output carries that picture's stamp, at which the
    reference camera has no truth unless both cameras fire together. Free-running cameras are up to
    18 ms apart: what moves shifts by as much in these scores.
    """
    return _RGB_TOLERANCE_NS if mode is Mode.RGB_ONLY else 0


@dataclass(frozen=True)
class Compared:
    """One output beside its truth.

    Attributes:
        condition: key of metrics.json.
        mode: what the output was computed from.
        truth: (H, W) float32, metres.
        valid: (H, W) bool, truth known and in the range that is scored.
        estimates: by name, (H, W) float32, metres, brought to the truth's grid.
        confidence: (H, W) float32, 0 to 1, likewise; None when the run wrote none.
    """

    condition: str
    mode: Mode
    truth: FloatImage
    valid: npt.NDArray[np.bool_]
    estimates: dict[str, FloatImage]
    confidence: FloatImage | None

    def common(self) -> npt.NDArray[np.bool_]:
        """(H, W) bool, the pixels where the truth is valid and every estimate is known."""
        known = [np.isfinite(depth) for depth in self.estimates.values()]
        return np.asarray(np.logical_and.reduce([self.valid, *known]))


def compare(
    output: OutputFrame, truth: Truth, estimates: Sequence[str] = ESTIMATES
) -> Compared | None:
    """Decode an output and bring it to the grid of its truth.

    Args:
        output: with at least its depth.
        truth: of that moment.
        estimates: which must be there; from one camera there is only the fused one.

    Returns:
        None when an estimate is missing.

    Raises:
        InputError: a picture cannot be decoded, or their sizes differ.
    """
    names = ("fused",) if output.mode in SINGLE else estimates
    if any(_TOPIC_OF[name] not in output.messages for name in names):
        return None
    pictures = {name: depth_picture(output.messages[_TOPIC_OF[name]]) for name in names}
    confidence = output.messages.get("confidence")
    shape = pictures["fused"].shape
    for name, picture in pictures.items():
        if picture.shape != shape:
            raise InputError(
                f"{_TOPIC_OF[name]} depth is {picture.shape[1]}x{picture.shape[0]}, expected "
                f"the fused depth's {shape[1]}x{shape[0]}"
            )
    # The truth stays as it is: a sparse one would lose points on a coarser grid.
    grid = truth.depth.shape
    near, far = truth.condition.range_m
    return Compared(
        truth.condition.key,
        output.mode,
        truth.depth,
        (truth.depth >= near) & (truth.depth <= far),
        {name: _on_grid(picture, grid) for name, picture in pictures.items()},
        None if confidence is None else _on_grid(confidence_picture(confidence), grid),
    )


def score_frame(target: ConditionScore, frame: Compared, mask: npt.NDArray[np.bool_]) -> bool:
    """Add one frame to the score of its condition; False when no pixel could be scored."""
    valid = int(np.count_nonzero(frame.valid))
    if valid:
        answered = frame.valid & np.isfinite(frame.estimates["fused"])
        target.coverage.add({"coverage": int(np.count_nonzero(answered)) / valid})
        if answered.any():
            _add_scores(
                target.fused_alone["depth"],
                target.fused_alone["depth_median_scaled"],
                frame.estimates["fused"][answered],
                frame.truth[answered],
            )
    truth = frame.truth[mask]
    if truth.size == 0:
        return False
    for name, depth in frame.estimates.items():
        _add_scores(target.depth[name], target.depth_median_scaled[name], depth[mask], truth)
    if frame.confidence is not None:
        kept = most_confident_abs_rel(
            frame.estimates["fused"][mask], truth, frame.confidence[mask], KEPT_SHARE
        )
        target.confidence.add({"abs_rel_keep70": kept})
    return True


def _add_scores(plain: Mean, scaled: Mean, estimate: FloatImage, truth: FloatImage) -> None:
    plain.add(depth_metrics(estimate, truth))
    scaled.add(depth_metrics(estimate * median_scale(estimate, truth), truth))


def _on_grid(picture: FloatImage, shape: tuple[int, ...]) -> FloatImage:
    """A picture seen on a grid of another size, nearest pixel, no invented depths."""
    if picture.shape == shape:
        return picture
    rows, columns = (
        np.minimum(((np.arange(new) + 0.5) * old / new).astype(int), old - 1)
        for new, old in zip(shape, picture.shape, strict=True)
    )
    return picture[np.ix_(rows, columns)]
