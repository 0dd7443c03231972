"""Class ids of several estimates against the truth, on the same pixels, under one condition."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.segmentation_metrics import Confusion, Labels
from rgbt_perception.scene.classes import UNLABELLED

SEGMENTATION_ESTIMATES = ("fused", "rgb", "thermal")
"""From both cameras, and by the same network from one of them alone."""


class SegmentationScore:
    """``segmentation`` of one condition of metrics.json.

    Pixels that the truth does not label (0 and 255) are not scored. A picture that lacks an
    estimate is not scored at all, so that every estimate is scored on the same pixels.
    """

    def __init__(
        self, classes: Sequence[str], estimates: Collection[str] = SEGMENTATION_ESTIMATES
    ) -> None:
        self._classes = tuple(classes)
        self._confusions = {name: Confusion(len(self._classes)) for name in estimates}
        self.frames = 0

    @property
    def estimates(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self._confusions)

    def add(self, truth: Labels, estimates: Mapping[str, Labels]) -> bool:
        """Count one picture.

        Args:
            truth: (H, W) uint8 class ids, in the reference camera's view.
            estimates: by name, (h, w) uint8 class ids in the same view; brought to the truth's
                size by the nearest pixel.

        Returns:
            False, and nothing is counted, when an estimate is missing.

        Raises:
            InputError: an estimate's shape is not that of the same view.
        """
        if not self._confusions.keys() <= estimates.keys():
            return False
        fitted = {name: _fitted(name, estimates[name], truth) for name in self._confusions}
        for name, labels in fitted.items():
            self._confusions[name].add(truth, labels)
        self.frames += 1
        return True

    def merge(self, other: SegmentationScore) -> None:
        """Add another run's pictures; of the same classes and estimates."""
        self.frames += other.frames
        for name, confusion in other._confusions.items():
            self._confusions[name].merge(confusion)

    def shares(self) -> dict[str, float]:
        """Share of the truth's labelled pixels by class, of the classes that it has."""
        confusion = next(iter(self._confusions.values()))
        pixels = confusion.counts.sum(axis=1)
        pixels[UNLABELLED] = 0
        return {
            self._classes[index]: float(pixels[index] / pixels.sum())
            for index in pixels.nonzero()[0]
        }

    def metrics(self) -> dict[str, Any]:
        """By estimate ``miou``, ``accuracy`` and ``iou`` by class; empty without scored pixels."""
        scores = {name: confusion.scores() for name, confusion in self._confusions.items()}
        return {name: score.tree(self._classes) for name, score in scores.items() if score.pixels}


def _fitted(name: str, labels: Labels, truth: Labels) -> Labels:
    height, width = truth.shape
    if labels.shape == truth.shape:
        return labels
    # The same view on another grid has the same sides, to the rounding of one pixel.
    if abs(labels.shape[0] * width - labels.shape[1] * height) > max(height, width):
        raise InputError(
            f"labels of {name} are {labels.shape[1]}x{labels.shape[0]}, expected the true "
            f"labels' {width}x{height} or another size of that shape"
        )
    return np.asarray(
        cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT), dtype=np.uint8
    )
