"""Cached recordings as batches of the network's inputs and their truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Sampler

from rgbt_perception.models.confidence_depth import DepthInputs
from rgbt_perception.training.joined_pairs import EachOnce, JoinedPairs
from rgbt_perception.training.pair_cache import CachedRecording
from rgbt_perception.training.picture_augmentation import (
    blinded,
    disturbed_rgb,
    disturbed_thermal,
    normalized,
)
from rgbt_perception.training.recipe import AugmentationConfig
from rgbt_perception.training.view_sampling import PairView, full_view, random_view


@dataclass(frozen=True)
class DepthBatch:
    """Inputs and truth.

    Attributes:
        inputs: of the network.
        rgb_truth, thermal_truth: (B, 1, H, W), metres in that camera's view, NaN unknown, Inf sky.
    """

    inputs: DepthInputs
    rgb_truth: Tensor
    thermal_truth: Tensor


class ValidationPairs(JoinedPairs[CachedRecording, DepthBatch]):
    """Whole pictures, undisturbed; both cameras present, gate 1."""

    def __getitem__(self, index: int) -> DepthBatch:
        """One pair, as a batch of one."""
        recording, pair = self.locate(index)
        view = full_view(recording, pair, self.width, self.height)
        thermal = normalized(view.thermal, view.thermal_mask, 1.0, 99.0, recording.least_span)
        return _batch(view, view.rgb, thermal, gate=1.0)


class TrainingPairs(JoinedPairs[CachedRecording, DepthBatch]):
    """Random views, disturbed; item n is a pure function of the seed and n.

    Every pair is drawn once before any is drawn again.
    """

    def __init__(
        self,
        recordings: Sequence[CachedRecording],
        width: int,
        height: int,
        config: AugmentationConfig,
        seed: int,
    ) -> None:
        super().__init__(recordings, width, height)
        self.config = config
        self.seed = seed
        self.drawn = EachOnce(len(self), seed)

    def __getitem__(self, index: int) -> DepthBatch:
        """The ``index``-th sample of the whole training, as a batch of one."""
        recording, pair = self.locate(self.drawn[index])
        config = self.config
        if not recording.is_dense:
            # Smoke is made from the true depth: from points alone it would draw them.
            config = replace(config, veil=0.0)
        random = np.random.default_rng((self.seed, 1, index))
        view = random_view(recording, pair, self.width, self.height, config, random)
        rgb = disturbed_rgb(view.rgb, view.rgb_depth, config, random)
        thermal = disturbed_thermal(
            view.thermal,
            view.thermal_mask,
            view.thermal_depth,
            recording.least_span,
            config,
            random,
        )
        if random.random() < config.blind:
            if random.random() < 0.5:
                rgb = blinded(rgb, random)
            else:
                thermal = blinded(thermal, random)
        absent = random.random()
        gate = 0.0 if random.random() < config.ungate else 1.0
        return _batch(
            view,
            rgb,
            thermal,
            gate,
            without_rgb=absent < config.drop_rgb,
            without_thermal=absent > 1.0 - config.drop_thermal,
        )


class SequentialFrom(Sampler[int]):
    """Sample numbers ``start`` to ``stop``: a resumed training goes on with the next one.

    The length is that of the whole training, because Lightning counts what an interrupted run
    has had.
    """

    def __init__(self, start: int, stop: int) -> None:
        self.start, self.stop = start, stop

    def __iter__(self) -> Iterator[int]:
        """In order."""
        return iter(range(self.start, self.stop))

    def __len__(self) -> int:
        """Samples of the whole training."""
        return self.stop


def _batch(
    view: PairView,
    rgb: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    thermal: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    gate: float,
    without_rgb: bool = False,
    without_thermal: bool = False,
) -> DepthBatch:
    rgb_mask = view.rgb_mask * np.float32(not without_rgb)
    thermal_mask = view.thermal_mask * np.float32(not without_thermal)

    def tensor(array: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))

    inputs = DepthInputs(
        rgb=tensor((rgb * rgb_mask[..., None]).transpose(2, 0, 1))[None],
        thermal=tensor(thermal * thermal_mask)[None, None],
        rgb_mask=tensor(rgb_mask)[None, None],
        thermal_mask=tensor(thermal_mask)[None, None],
        rgb_intrinsics=tensor(view.rgb_camera.matrix)[None],
        thermal_intrinsics=tensor(view.thermal_camera.matrix)[None],
        thermal_T_rgb=tensor(view.thermal_T_rgb)[None],
        gate=torch.tensor([gate]),
    )
    return DepthBatch(
        inputs, tensor(view.rgb_depth)[None, None], tensor(view.thermal_depth)[None, None]
    )
