"""What a network in fewer bits costs, and how much of that is too much."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rgbt_perception.engines.engine import Engine
from rgbt_perception.engines.plan_builder import Precision
from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.evaluation.scores import CLASS_NAMES
from rgbt_perception.evaluation.segmentation_scores import SegmentationScore
from rgbt_perception.scene.classes import IGNORED, UNLABELLED
from rgbt_perception.training.quantization_data import moments

LARGEST_LOSS = 0.02
"""By how much more than in float32 a network may be wrong in fewer bits, relative."""

_NEAREST_M, _FARTHEST_M = 0.5, 80.0

INT8 = Precision.INT8.value

Step = Callable[[], None]
"""Called for every recording that is done."""


@dataclass(frozen=True)
class SceneErrors:
    """Of a scene network.

    Attributes:
        wrong: share of the pixels with a true class that got another one from both cameras, mean
            over pictures.
        miou: by estimate (``fused``, ``rgb``, ``thermal``): mean over the classes that the truth
            has, 0 to 1, over the pixels of all pictures together.
    """

    wrong: float
    miou: Mapping[str, float]


def depth_error(recordings: Iterable[Path], depth: Engine, step: Step = lambda: None) -> float:
    """abs_rel: mean of |depth - truth| / truth over pixels, then over pictures.

    Raises:
        InputError: none has true depth.
    """
    errors = []
    for bag in recordings:
        for moment in moments(bag, depth):
            truth = moment.true_depth
            if truth is None:
                continue
            with np.errstate(invalid="ignore"):
                scored = (truth >= _NEAREST_M) & (truth <= _FARTHEST_M)
            scored &= np.isfinite(moment.depth)
            if scored.any():
                difference = np.abs(moment.depth[scored] - truth[scored])
                errors.append(float(np.mean(difference / truth[scored])))
        step()
    return _mean(errors, "true depth")


def scene_errors(
    recordings: Iterable[Path], depth: Engine, scenes: Sequence[Engine], step: Step = lambda: None
) -> tuple[list[SceneErrors], float]:
    """Errors of two scene networks, and how far their fused pictures lie apart.

    Args:
        recordings: simulated ones.
        depth: goes before them.
        scenes: the two.
        step: called for every recording that is done.

    Returns:
        Their errors, and the mean difference of the fused pictures, 0 to 1.

    Raises:
        InputError: no recording has true labels.
    """
    wrong: list[list[float]] = [[] for _ in scenes]
    scores = [SegmentationScore(CLASS_NAMES) for _ in scenes]
    differences = []
    for bag in recordings:
        for both in zip(*(moments(bag, depth, scene) for scene in scenes), strict=True):
            pictures = [moment.fused for moment in both if moment.fused is not None]
            if len(pictures) == len(both):
                distance = np.abs(pictures[0].astype(np.float32) - pictures[-1])
                differences.append(float(np.mean(distance)) / 255)
            for index, moment in enumerate(both):
                truth = moment.true_labels
                if truth is None or not scores[index].add(truth, moment.labels):
                    continue
                known = (truth != UNLABELLED) & (truth != IGNORED)
                if known.any():
                    found = moment.labels["fused"]
                    wrong[index].append(float(np.mean(found[known] != truth[known])))
        step()
    errors = [
        SceneErrors(
            _mean(shares, "true labels"),
            {name: float(tree["miou"]) for name, tree in score.metrics().items()},
        )
        for shares, score in zip(wrong, scores, strict=True)
    ]
    return errors, _mean(differences, "fused pictures")


def check_loss(model: str, before: float, after: float, precision: str = INT8) -> None:
    """The gate for an error.

    Args:
        model: for the error.
        before, after: errors in float32 and in fewer bits.
        precision: which, for the error.

    Raises:
        RgbtError: it is worse by more than ``LARGEST_LOSS``.
    """
    loss = after / max(before, 1e-9) - 1.0
    if not loss <= LARGEST_LOSS:
        raise RgbtError(
            f"{model}: refused in {precision}, whose error is {after:.4f} instead of {before:.4f} "
            f"({100 * loss:+.1f} %); expected at most {100 * LARGEST_LOSS:+.0f} %"
        )


def check_miou(
    model: str, before: Mapping[str, float], after: Mapping[str, float], precision: str = INT8
) -> None:
    """The gate for mIoU, of each estimate.

    Args:
        model: for the error.
        before, after: by estimate, in float32 and in fewer bits.
        precision: which, for the error.

    Raises:
        RgbtError: one is lower by more than ``LARGEST_LOSS`` of what it was.
    """
    for name, value in before.items():
        loss = (value - after.get(name, 0.0)) / max(value, 1e-9)
        if not loss <= LARGEST_LOSS:
            raise RgbtError(
                f"{model}: refused in {precision}, whose mIoU ({name}) is "
                f"{after.get(name, 0.0):.4f} instead of {value:.4f} ({-100 * loss:+.1f} %); "
                f"expected at least {-100 * LARGEST_LOSS:+.0f} %"
            )


def check_difference(model: str, difference: float, precision: str = INT8) -> None:
    """The gate for fused pictures.

    Raises:
        RgbtError: they differ by more than ``LARGEST_LOSS`` of the range.
    """
    if not difference <= LARGEST_LOSS:
        raise RgbtError(
            f"{model}: refused in {precision}, whose fused pictures differ by "
            f"{100 * difference:.1f} % of the range; expected at most {100 * LARGEST_LOSS:.0f} %"
        )


def _mean(errors: list[float], kind: str) -> float:
    if not errors:
        raise InputError(f"no {kind} in these recordings: expected simulated ones")
    return float(np.mean(errors))
