"""A training recipe: everything that decides what a training run makes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from rgbt_perception.models.network_config import NetworkConfig

Size = tuple[int, int]
"""Width and height; ``WxH`` in the file."""


@dataclass(frozen=True)
class RecordingsConfig:
    """A group of simulated recordings, one seed each.

    Attributes:
        first_seed: seed of the first one; the others follow.
        count: number of recordings.
        seconds: length of each.
        rate: pairs per second.
    """

    first_seed: int
    count: int
    seconds: float
    rate: float


@dataclass(frozen=True)
class Ms2Config:
    """Real pictures: the MS2 data set, learned from its training split, validated on its own.

    The test splits are for evaluation and cannot be named here.

    Attributes:
        folder: with ``sync_data`` and ``proj_depth``, relative to the working folder; empty = none.
            Sequences that are not there are left out.
        truth: which of the two ground truths.
        every, validation_every: take every n-th pair of each sequence.
    """

    folder: str = ""
    truth: Literal["raw", "filtered"] = "filtered"
    every: int = 1
    validation_every: int = 50


@dataclass(frozen=True)
class SimulatedDataConfig:
    """What is rendered and how it is kept.

    Attributes:
        train, validation: the two groups of simulated recordings.
        scenes, lights, weathers: conditions; the recordings go through all combinations in turn.
        rgb_sizes, thermal_sizes: rendered sizes (width, height), pixels; they change after every
            round through the conditions.
        width, height: pictures are kept at a size that fits into this, pixels.
        processes: for rendering.
    """

    train: RecordingsConfig
    validation: RecordingsConfig
    scenes: tuple[str, ...] = ("street", "rescue")
    lights: tuple[str, ...] = ("day", "dusk", "night")
    weathers: tuple[str, ...] = ("clear", "rain", "fog", "smoke")
    rgb_sizes: tuple[Size, ...] = ((320, 256),)
    thermal_sizes: tuple[Size, ...] = ((320, 256),)
    width: int = 320
    height: int = 256
    processes: int = 2


@dataclass(frozen=True)
class DataConfig(SimulatedDataConfig):
    """Rendered and imported pairs with true depth.

    Attributes:
        ms2: recordings of the MS2 data set that join both groups; with its folder either group of
            simulated recordings may have a count of 0.
    """

    ms2: Ms2Config = field(default_factory=Ms2Config)


@dataclass(frozen=True)
class OptimiserConfig:
    """How long and how fast a network learns.

    Attributes:
        steps: optimiser steps.
        batch: pairs per step.
        learning_rate: peak of the one-cycle schedule.
        warmup: share of the steps before the peak.
        weight_decay: of AdamW.
        clip: largest norm of the gradient.
        validate_every: steps between validations.
        checkpoint_minutes: between checkpoints.
        workers: processes that prepare pairs.
        threads: of torch; 0 = all cores.
    """

    steps: int = 10_000
    batch: int = 12
    learning_rate: float = 2e-3
    warmup: float = 0.1
    weight_decay: float = 0.01
    clip: float = 1.0
    validate_every: int = 1000
    checkpoint_minutes: float = 5.0
    workers: int = 1
    threads: int = 0


@dataclass(frozen=True)
class ScheduleConfig(OptimiserConfig):
    """The same for the depth network, which may begin with trained parts.

    Attributes:
        fold: BatchNorm is folded into the convolutions before the first step. For a network that
            has learned already: a third faster, and the form in which exported weights come.
        frozen: parts of the network that stay as they are, such as ``rgb_network``.
    """

    fold: bool = False
    frozen: tuple[str, ...] = ()


@dataclass(frozen=True)
class PictureAugmentationConfig:
    """Probabilities, per sample, of what happens to the two pictures.

    Attributes:
        flip: mirror both pictures.
        zoom: a random part of the picture instead of all of it.
        darken, glare, veil, noise, blur: RGB disturbances (veil is smoke that thickens with depth).
        flat, equalise, quantise, thermal_noise, thermal_blur: thermal disturbances (flat = low
            contrast, equalise = the 8-bit automatic gain of a camera, quantise = few grey levels).
        shoulder: what is far hotter than the rest is compressed, as the run time does by default.
        blind: one of the cameras shows nothing useful.
        drop_rgb, drop_thermal: that camera is absent.
    """

    flip: float = 0.5
    zoom: float = 0.5
    darken: float = 0.25
    glare: float = 0.1
    veil: float = 0.15
    noise: float = 0.4
    blur: float = 0.2
    flat: float = 0.2
    equalise: float = 0.15
    shoulder: float = 0.7
    quantise: float = 0.5
    thermal_noise: float = 0.4
    thermal_blur: float = 0.2
    blind: float = 0.06
    drop_rgb: float = 0.1
    drop_thermal: float = 0.1


@dataclass(frozen=True)
class AugmentationConfig(PictureAugmentationConfig):
    """The same with what happens to a pair's geometry.

    Attributes:
        ungate: both confidences are held at 0.5.
        rotation_deg, translation_m: largest calibration error.
        miscalibrate: the error may be ``miscalibration_factor`` times as large.
        time_offset: the pictures are of two moments, the rig moved up to ``way_m`` in between.
    """

    ungate: float = 0.25
    rotation_deg: float = 0.7
    translation_m: float = 0.015
    miscalibrate: float = 0.1
    miscalibration_factor: float = 3.0
    time_offset: float = 0.15
    way_m: float = 1.0


@dataclass(frozen=True)
class LossConfig:
    """Weights of the losses.

    Attributes:
        coarse: L1 of the log-depth of each coarse network.
        fused: L1 of the fused log-depth.
        relative: share of AbsRel in these two, the rest is the L1; 0 to 1.
        edges: multi-scale gradient of the log-depth error, times the weight of its depth map.
        scale: Laplacian negative log-likelihood.
        confidence: of the coarse depths.
        confidence_kind: ``advantage`` = which of the two is better (ours); ``laplace`` = how good
            each one is (Laplacian negative log-likelihood, as related work has it).
        other_view: of the coarse RGB depth in the thermal view and the fused depth in the RGB
            view, times the weight of its depth map. Costs 2 % of a step.
        sky: pixels of the sky that are predicted nearer than the range.
    """

    coarse: float = 0.5
    fused: float = 1.0
    relative: float = 0.0
    edges: float = 0.5
    scale: float = 0.1
    confidence: float = 0.2
    confidence_kind: Literal["advantage", "laplace"] = "advantage"
    other_view: float = 0.2
    sky: float = 0.1


@dataclass(frozen=True)
class RecipeConfig:
    """A whole recipe.

    Attributes:
        name: of the run; the output folder is called so by default.
        seed: of the weights, the order of the pairs and all augmentation.
        width, height: size that the network is trained at, pixels, multiples of 64.
        start_from: weights to begin with: a checkpoint or an exported ONNX file, relative to the
            working folder, or the name of a shipped model; empty = random weights.
    """

    name: str
    data: DataConfig
    seed: int = 1
    width: int = 320
    height: int = 256
    start_from: str = ""
    network: NetworkConfig = field(default_factory=NetworkConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    loss: LossConfig = field(default_factory=LossConfig)
