"""A training recipe: everything that decides what a training run makes."""

from __future__ import annotations

from dataclasses import dataclass, field

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
class DataConfig:
    """What is rendered and how it is kept.

    Attributes:
        train, validation: the two groups of recordings.
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
class ScheduleConfig:
    """How long and how fast the network learns.

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
class AugmentationConfig:
    """Probabilities, per sample, of what happens to a pair.

    Attributes:
        flip: mirror both pictures.
        zoom: a random part of the picture instead of all of it.
        darken, glare, veil, noise, blur: RGB disturbances (veil is smoke that thickens with depth).
        flat, quantise, thermal_noise, thermal_blur: thermal disturbances (flat = low contrast).
        blind: one of the cameras shows nothing useful.
        drop_rgb, drop_thermal: that camera is absent.
        ungate: both confidences are held at 0.5.
        rotation_deg, translation_m: largest calibration error.
    """

    flip: float = 0.5
    zoom: float = 0.5
    darken: float = 0.25
    glare: float = 0.1
    veil: float = 0.15
    noise: float = 0.4
    blur: float = 0.2
    flat: float = 0.2
    quantise: float = 0.5
    thermal_noise: float = 0.4
    thermal_blur: float = 0.2
    blind: float = 0.06
    drop_rgb: float = 0.1
    drop_thermal: float = 0.1
    ungate: float = 0.25
    rotation_deg: float = 0.7
    translation_m: float = 0.015


@dataclass(frozen=True)
class LossConfig:
    """Weights of the losses.

    Attributes:
        coarse: L1 of the log-depth of each coarse network.
        fused: L1 of the fused log-depth.
        edges: multi-scale gradient of the log-depth error, times the weight of its depth map.
        scale: Laplacian negative log-likelihood.
        confidence: relative advantage of the two coarse depths.
        sky: pixels of the sky that are predicted nearer than the range.
    """

    coarse: float = 0.5
    fused: float = 1.0
    edges: float = 0.5
    scale: float = 0.1
    confidence: float = 0.2
    sky: float = 0.1


@dataclass(frozen=True)
class RecipeConfig:
    """A whole recipe.

    Attributes:
        name: of the run; the output folder is called so by default.
        seed: of the weights, the order of the pairs and all augmentation.
        width, height: size that the network is trained at, pixels, multiples of 32.
        start_from: checkpoint whose weights are the beginning, relative to the working folder;
            empty = random weights.
    """

    name: str
    data: DataConfig
    seed: int = 1
    width: int = 160
    height: int = 128
    start_from: str = ""
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    loss: LossConfig = field(default_factory=LossConfig)
