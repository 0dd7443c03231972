"""Aligned pairs as batches of system D's inputs and their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from rgbt_perception.models.scene import SceneInputs
from rgbt_perception.scene.classes import UNLABELLED
from rgbt_perception.training.joined_pairs import EachOnce, JoinedPairs
from rgbt_perception.training.picture_augmentation import (
    blinded,
    disturbed_rgb,
    disturbed_thermal,
    normalized,
)
from rgbt_perception.training.scene_pair import ScenePair, SceneSource
from rgbt_perception.training.scene_recipe import SceneAugmentationConfig
from rgbt_perception.training.scene_view import random_view, whole_view

_LOW, _HIGH = 1.0, 99.0


@dataclass(frozen=True)
class SceneBatch:
    """Inputs and truth.

    Attributes:
        inputs: of the networks.
        labels: (B, H, W) int64, ids of ``scene.classes``; 0 or 255 where nothing is known.
    """

    inputs: SceneInputs
    labels: Tensor


class ValidationScenes(JoinedPairs[SceneSource, SceneBatch]):
    """Whole pictures, undisturbed, warped as at run time."""

    def __getitem__(self, index: int) -> SceneBatch:
        """One pair, as a batch of one."""
        source, place = self.locate(index)
        view = whole_view(source.pair(place, found=True), self.width, self.height)
        thermal = normalized(view.thermal, view.thermal_mask, _LOW, _HIGH, source.least_span)
        return _batch(replace(view, thermal=thermal))


class TrainingScenes(JoinedPairs[SceneSource, SceneBatch]):
    """Random views, disturbed; item n is a pure function of the seed and n.

    Every labelled pair is drawn once before any is drawn again.

    Args:
        sources: with labels.
        real: without; drawn for ``real_share`` of the items.
        width, height: pixels.
        config: probabilities.
        real_share: 0 to 1.
        seed: of everything.
    """

    def __init__(
        self,
        sources: Sequence[SceneSource],
        real: Sequence[SceneSource],
        width: int,
        height: int,
        config: SceneAugmentationConfig,
        real_share: float,
        seed: int,
    ) -> None:
        super().__init__(sources, width, height)
        self.config, self.seed = config, seed
        self.real = JoinedPairs[SceneSource, SceneBatch](real, width, height) if real else None
        self.real_share = real_share
        self.drawn = EachOnce(len(self), seed)

    def __getitem__(self, index: int) -> SceneBatch:
        """The ``index``-th sample of the whole training, as a batch of one."""
        random = np.random.default_rng((self.seed, 1, index))
        config = self.config
        if self.real is not None and random.random() < self.real_share:
            source, place = self.real.locate(int(random.integers(len(self.real))))
        else:
            source, place = self.locate(self.drawn[index])
        pair = source.pair(place, found=bool(random.random() < config.found))
        if np.isnan(pair.depth).all():
            # Smoke is made from the true depth; without it, it would be a flat grey.
            config = replace(config, veil=0.0)
        view = random_view(pair, self.width, self.height, config, random)
        rgb = disturbed_rgb(view.rgb, view.depth, config, random)
        thermal = disturbed_thermal(
            view.thermal, view.thermal_mask, view.depth, source.least_span, config, random
        )
        if random.random() < config.blind:
            if random.random() < 0.5:
                rgb = blinded(rgb, random)
            else:
                thermal = blinded(thermal, random)
        absent = random.random()
        rgb_mask = view.rgb_mask * np.float32(absent >= config.drop_rgb)
        thermal_mask = view.thermal_mask * np.float32(absent <= 1.0 - config.drop_thermal)
        return _batch(
            replace(view, rgb=rgb, thermal=thermal, rgb_mask=rgb_mask, thermal_mask=thermal_mask)
        )


def _batch(view: ScenePair) -> SceneBatch:
    def tensor(array: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))

    inputs = SceneInputs(
        rgb=tensor((view.rgb * view.rgb_mask[..., None]).transpose(2, 0, 1))[None],
        rgb_mask=tensor(view.rgb_mask)[None, None],
        thermal=tensor(view.thermal * view.thermal_mask)[None, None],
        thermal_mask=tensor(view.thermal_mask)[None, None],
    )
    known = (view.rgb_mask > 0) | (view.thermal_mask > 0)
    labels = np.where(known, view.labels, UNLABELLED).astype(np.int64)
    return SceneBatch(inputs, torch.from_numpy(labels)[None])
