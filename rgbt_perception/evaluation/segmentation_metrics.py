"""How well class ids agree with the truth: confusion matrix, intersection over union, accuracy.

Pixels of all pictures are counted together, as Everingham et al., "The Pascal Visual Object
Classes challenge" (IJCV 2010), section 4.4 do: a class's IoU is its correctly labelled pixels over
all that the truth or the estimate gives to it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.scene.classes import UNLABELLED

Labels = npt.NDArray[np.uint8]

_FMB_BICYCLE = 13


class Confusion:
    """Counts of pixels by true and estimated class.

    Attributes:
        counts: (C, C + 1) int64, true class by estimated class; the last column holds estimates
            that are no class.
    """

    def __init__(self, classes: int) -> None:
        self.counts = np.zeros((classes, classes + 1), dtype=np.int64)

    def add(self, truth: Labels, estimate: Labels) -> None:
        """Count one picture.

        Args:
            truth: (H, W) uint8 class ids; ids of no class are not counted.
            estimate: (H, W) uint8 class ids; one of no class counts as wrong.
        """
        classes = len(self.counts)
        known = truth < classes
        guess = np.minimum(estimate[known], classes).astype(np.int64)
        cells = truth[known].astype(np.int64) * (classes + 1) + guess
        self.counts += np.bincount(cells, minlength=self.counts.size).reshape(self.counts.shape)

    def merge(self, other: Confusion) -> None:
        """Add the pixels of another one."""
        self.counts += other.counts

    def scores(
        self, ignored: Collection[int] = (UNLABELLED,), left_out: Collection[int] = ()
    ) -> SegmentationScores:
        """What the counts say.

        Args:
            ignored: true classes whose pixels are not scored at all.
            left_out: classes without an IoU, whose pixels count all the same.
        """
        counts = self.counts.copy()
        counts[list(ignored)] = 0
        right = np.diagonal(counts)
        true = counts.sum(axis=1)
        union = true + counts[:, :-1].sum(axis=0) - right
        iou: dict[int, float] = {}
        for index in range(len(counts)):
            if index not in ignored and index not in left_out:
                iou[index] = float(right[index] / union[index]) if union[index] else float("nan")
        total = int(true.sum())
        present = frozenset(np.flatnonzero(true).tolist())
        return SegmentationScores(iou, present, float(right.sum() / total) if total else 0.0, total)


@dataclass(frozen=True)
class SegmentationScores:
    """Scores of one method.

    Attributes:
        iou: by class id; NaN for a class that neither truth nor estimate has.
        present: classes that the truth has.
        accuracy: share of the scored pixels that have the right class.
        pixels: number of scored pixels.
    """

    iou: Mapping[int, float]
    present: frozenset[int]
    accuracy: float
    pixels: int

    def miou(self) -> float:
        """Mean IoU of the classes that the truth has; NaN without any."""
        values = [value for index, value in self.iou.items() if index in self.present]
        return float(np.mean(values)) if values else float("nan")

    def miou_of_all(self) -> float:
        """Mean IoU of all classes, 0 for those that the truth does not have."""
        values = [v if index in self.present else 0.0 for index, v in self.iou.items()]
        return float(np.mean(values))

    def tree(self, classes: Sequence[str]) -> dict[str, Any]:
        """As in metrics.json: ``miou``, ``accuracy`` and ``iou`` of the truth's classes by name.

        Args:
            classes: names by id.
        """
        return {
            "miou": self.miou(),
            "accuracy": self.accuracy,
            "iou": {
                classes[index]: value for index, value in self.iou.items() if index in self.present
            },
        }


class FmbConvention(str, Enum):
    """Which classes of FMB a published mIoU is the mean of.

    The ids are 0 (unlabelled) to 14, and no picture of the test split shows a bicycle (13).
    Figures by different conventions do not compare.
    """

    ALL_15 = "fmb15"
    """All fifteen, unlabelled among them; the absent bicycle counts as 0."""
    PRESENT_14 = "fmb14"
    """Unlabelled among them, without the bicycle."""
    LABELLED_13 = "fmb13"
    """Without the bicycle and unlabelled, whose pixels are not scored."""

    def miou(self, confusion: Confusion) -> float:
        """Mean IoU of FMB's fifteen classes.

        Args:
            confusion: of fifteen classes by FMB's ids.
        """
        if self is FmbConvention.ALL_15:
            return confusion.scores(ignored=()).miou_of_all()
        if self is FmbConvention.PRESENT_14:
            return confusion.scores(ignored=(), left_out=(_FMB_BICYCLE,)).miou()
        return confusion.scores(ignored=(UNLABELLED, _FMB_BICYCLE)).miou()


def fmb_scores(
    confusion: Confusion, convention: FmbConvention, classes: Sequence[str]
) -> dict[str, Any]:
    """Scores on FMB that say by which convention.

    Args:
        confusion: of fifteen classes by FMB's ids.
        convention: which classes the mean is of.
        classes: fifteen names by id.

    Returns:
        ``convention``, ``miou``, and ``accuracy`` and ``iou`` of the labelled pixels.
    """
    labelled = confusion.scores().tree(classes)
    return {**labelled, "convention": convention.value, "miou": convention.miou(confusion)}
