"""A recipe for system D: everything that decides what a training run of it makes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from rgbt_perception.models.scene_config import SceneConfig
from rgbt_perception.training.recipe import (
    OptimiserConfig,
    PictureAugmentationConfig,
    SimulatedDataConfig,
)


@dataclass(frozen=True)
class SceneDataConfig(SimulatedDataConfig):
    """Simulated pairs with labels, and real ones without.

    Attributes:
        depth_model: carries RGB into the thermal view as the run time does, beside the warp by the
            true depth: a shipped model's name or an ONNX file.
        real: folders of aligned real pairs, relative to the working folder: ``rgb`` and
            ``thermal`` with pictures of the same names, or such folders below. They teach the
            fusion only.
        real_share: of the training pairs.
    """

    depth_model: str = "confidence_depth"
    real: tuple[str, ...] = ()
    real_share: float = 0.0


@dataclass(frozen=True)
class SceneScheduleConfig(OptimiserConfig):
    """How long each part learns.

    Attributes:
        rounds: alternating rounds, first the fusion, then the segmentation, as in the original.
        fusion_share: of the steps of every round; the rest is the segmentation's.
        joint_share: of all steps: at the end both learn together (ours); 1 = from the start.
    """

    rounds: int = 3
    fusion_share: float = 0.4
    joint_share: float = 0.4


@dataclass(frozen=True)
class SceneAugmentationConfig(PictureAugmentationConfig):
    """Probabilities, per sample, of what happens to a pair.

    Attributes:
        found: RGB is warped by the depth that the depth model finds, not by the true one.
        warp_error: RGB lies beside its place, by up to ``warp_error_px`` of the canvas, differently
            in different places.
    """

    found: float = 0.7
    warp_error: float = 0.3
    warp_error_px: float = 2.0


TargetKind = Literal["salient", "max"]
BalanceKind = Literal["static", "original", "moving"]
ClassLossKind = Literal["plain", "weighted", "hardest"]


@dataclass(frozen=True)
class SceneLossConfig:
    """Losses and their weights.

    Attributes:
        target: what the fusion aims at: ``salient`` = contrast decides, hot things stand out, the
            stronger detail stays; ``max`` = the brighter of both. Both ours.
        fusion, segmentation: weights of the two tasks.
        structure: of 1 - SSIM in the fusion's loss from the second round on.
        gradient: of the gradient's L1 from the second round on (the original has none there).
        couple: the segmentation's loss teaches the fusion too; without, only its own network.
        classes: cross entropy: ``plain``; ``weighted`` = rare classes count more; ``hardest`` =
            only the pixels that are not yet right (Ohem).
        balance: of the two tasks: ``static`` = as above; ``original`` = softmax of the losses'
            ratios at temperature 1000, nearly static; ``moving`` = the same at 0.1.
    """

    target: TargetKind = "salient"
    fusion: float = 1.0
    segmentation: float = 0.8
    structure: float = 1.1
    gradient: float = 1.0
    couple: bool = True
    classes: ClassLossKind = "weighted"
    balance: BalanceKind = "static"


@dataclass(frozen=True)
class SceneRecipe:
    """A whole recipe.

    Attributes:
        system: tells it from recipes of the depth network.
        name: of the run; the output folder is called so by default.
        seed: of the weights, the order of the pairs and all augmentation.
        width, height: size that the networks are trained at, pixels, multiples of 32.
        start_from: checkpoint to begin with, relative to the working folder; empty = random
            weights.
    """

    system: Literal["scene"]
    name: str
    data: SceneDataConfig
    seed: int = 1
    width: int = 320
    height: int = 256
    start_from: str = ""
    network: SceneConfig = field(default_factory=SceneConfig)
    schedule: SceneScheduleConfig = field(default_factory=SceneScheduleConfig)
    augmentation: SceneAugmentationConfig = field(default_factory=SceneAugmentationConfig)
    loss: SceneLossConfig = field(default_factory=SceneLossConfig)
