"""Sums over the frames of one or more runs, and the metrics they become.

Every measure is a mean over frames, each frame counting alike whatever its number of pixels.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from rgbt_perception.evaluation.segmentation_scores import SegmentationScore
from rgbt_perception.scene.classes import SCENE_CLASSES

ESTIMATES = ("fused", "rgb", "thermal", "ungated")
"""The depth estimates that are scored against each other on the same pixels."""

CLASS_NAMES = tuple(item.name for item in SCENE_CLASSES)


class Mean:
    """Means of named values over frames."""

    def __init__(self) -> None:
        self.frames = 0
        self._sums: defaultdict[str, float] = defaultdict(float)

    def add(self, values: Mapping[str, float]) -> None:
        """One frame's values."""
        self.frames += 1
        for name, value in values.items():
            self._sums[name] += value

    def merge(self, other: Mean) -> None:
        """Add another run's frames."""
        self.frames += other.frames
        for name, value in other._sums.items():
            self._sums[name] += value

    def values(self) -> dict[str, float]:
        """The means; empty before the first frame."""
        return {name: total / self.frames for name, total in self._sums.items()}


class ConditionScore:
    """Everything measured under one condition.

    Attributes:
        depth, depth_median_scaled: by estimate, over the frames with scored pixels.
        baselines: by baseline, on the same pixels.
        fused_alone: the fused depth on all pixels that it answers, whatever the others know, by
            ``depth`` and ``depth_median_scaled``: what published figures of one network compare to.
        confidence: over the frames with scored pixels.
        coverage: over all frames, those without any scored pixel included.
        segmentation: labels against true ones; None without any.
    """

    def __init__(self) -> None:
        self.depth: defaultdict[str, Mean] = defaultdict(Mean)
        self.depth_median_scaled: defaultdict[str, Mean] = defaultdict(Mean)
        self.baselines: defaultdict[str, Mean] = defaultdict(Mean)
        self.fused_alone: defaultdict[str, Mean] = defaultdict(Mean)
        self.confidence = Mean()
        self.coverage = Mean()
        self.segmentation: SegmentationScore | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was scored."""
        return not self.depth["fused"].frames and self.segmentation is None

    def scene(self, estimates: Collection[str]) -> SegmentationScore:
        """Where labels are counted, for these estimates."""
        if self.segmentation is None:
            self.segmentation = SegmentationScore(CLASS_NAMES, estimates)
        return self.segmentation

    def merge(self, other: ConditionScore) -> None:
        """Add another run's frames."""
        for name in ("depth", "depth_median_scaled", "baselines", "fused_alone"):
            for estimate, mean in getattr(other, name).items():
                getattr(self, name)[estimate].merge(mean)
        self.confidence.merge(other.confidence)
        self.coverage.merge(other.coverage)
        if other.segmentation is not None:
            self.scene(other.segmentation.estimates).merge(other.segmentation)

    def metrics(self) -> dict[str, Any]:
        """One condition of metrics.json; measures without any frame are left out."""
        tree: dict[str, Any] = {"frames": self.depth["fused"].frames}
        for name in ("depth", "depth_median_scaled"):
            means = getattr(self, name).items()
            tree[name] = {key: mean.values() for key, mean in means if mean.frames}
        tree |= self.coverage.values()
        if self.confidence.frames:
            tree["confidence"] = self.confidence.values()
        if self.fused_alone:
            tree["fused_alone"] = {key: mean.values() for key, mean in self.fused_alone.items()}
        if self.baselines:
            tree["baselines"] = {key: mean.values() for key, mean in self.baselines.items()}
        if self.segmentation is not None:
            tree["segmentation"] = self.segmentation.metrics()
            tree["segmentation_frames"] = self.segmentation.frames
        return tree


class RunScore:
    """Everything measured on one or more runs.

    Attributes:
        frames: outputs with a depth picture.
        ground_truth: some source recording holds true depth of the reference camera.
        conditions: by condition, frames from both cameras.
        single_camera: by condition and mode, frames from one camera.
        unscored: frames that could not be compared, by reason.
        fusion: fusion metrics of pictures from both cameras.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.ground_truth = False
        self.conditions: defaultdict[str, ConditionScore] = defaultdict(ConditionScore)
        self.single_camera: defaultdict[tuple[str, str], ConditionScore] = defaultdict(
            ConditionScore
        )
        self.unscored: defaultdict[str, int] = defaultdict(int)
        self.fusion = Mean()

    def merge(self, other: RunScore) -> None:
        """Add another run."""
        self.frames += other.frames
        self.ground_truth |= other.ground_truth
        for key, score in other.conditions.items():
            self.conditions[key].merge(score)
        for pair, score in other.single_camera.items():
            self.single_camera[pair].merge(score)
        for reason, count in other.unscored.items():
            self.unscored[reason] += count
        self.fusion.merge(other.fusion)

    def metrics(self) -> dict[str, Any]:
        """The content of metrics.json."""
        tree: dict[str, Any] = {"frames": self.frames, "ground_truth": self.ground_truth}
        tree["conditions"] = {
            key: score.metrics()
            for key, score in sorted(self.conditions.items())
            if not score.is_empty
        }
        single: dict[str, Any] = {}
        for (key, mode), score in sorted(self.single_camera.items()):
            if not score.is_empty:
                single.setdefault(key, {})[mode] = score.metrics()
        if single:
            tree["single_camera"] = single
        if self.unscored:
            tree["unscored"] = dict(sorted(self.unscored.items()))
        if self.fusion.frames:
            tree["fusion"] = {
                name: value if math.isfinite(value) else None
                for name, value in self.fusion.values().items()
            }
            tree["fusion_frames"] = self.fusion.frames
        return tree
