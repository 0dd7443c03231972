"""How good system D is on validation pairs, with both cameras and with each alone."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from rgbt_perception.models.blocks import upsample
from rgbt_perception.models.scene import ScenePrediction, luminance_and_chroma
from rgbt_perception.models.segmentation_network import LOGITS_STRIDE
from rgbt_perception.scene.classes import IGNORED, PERSON, SCENE_CLASSES, UNLABELLED
from rgbt_perception.training.scene_dataset import SceneBatch
from rgbt_perception.training.scene_losses import gradient, ssim
from rgbt_perception.training.scene_targets import fusion_target

VARIANTS = ("fused", "rgb", "thermal")


def variant_of(batch: SceneBatch, variant: str) -> SceneBatch:
    """The batch as the networks get it when only one camera is there."""
    inputs = batch.inputs
    if variant == "rgb":
        inputs = replace(inputs, thermal_mask=torch.zeros_like(inputs.thermal_mask))
    elif variant == "thermal":
        inputs = replace(inputs, rgb_mask=torch.zeros_like(inputs.rgb_mask))
    return replace(batch, inputs=inputs)


class SceneScores:
    """Confusion matrices and fusion scores, added up batch by batch."""

    def __init__(self) -> None:
        classes = len(SCENE_CLASSES)
        self._confusion = {name: torch.zeros(classes, classes) for name in VARIANTS}
        self._fusion: dict[str, list[float]] = {"ssim_rgb": [], "ssim_thermal": [], "gradient": []}
        self._target: list[float] = []

    def add(self, variant: str, batch: SceneBatch, prediction: ScenePrediction) -> None:
        """Take one batch and what the networks said to this variant of it."""
        found = upsample(prediction.logits, LOGITS_STRIDE).argmax(dim=1)
        self._confusion[variant] += confusion(found, batch.labels)
        if variant == "fused":
            self._add_fusion(batch, prediction.fused.clamp(0.0, 1.0))

    def result(self) -> dict[str, float]:
        """Scores by name; mIoU is over the classes that the truth has."""
        scores = {}
        for name, matrix in self._confusion.items():
            iou, present = intersection_over_union(matrix)
            scores[f"miou_{name}"] = float(iou[present].mean()) if present.any() else 0.0
            scores[f"person_{name}"] = float(iou[PERSON])
        for name, values in (*self._fusion.items(), ("target_l1", self._target)):
            scores[name] = sum(values) / len(values) if values else 0.0
        return scores

    def _add_fusion(self, batch: SceneBatch, fused: Tensor) -> None:
        inputs = batch.inputs
        luminance, _ = luminance_and_chroma(inputs.rgb * inputs.rgb_mask)
        both = inputs.rgb_mask * inputs.thermal_mask
        for name, picture in (("ssim_rgb", luminance), ("ssim_thermal", inputs.thermal)):
            likeness, whole = ssim(fused, picture, both)
            self._fusion[name].append(_mean(likeness, whole))
        self._fusion["gradient"].append(_mean(gradient(fused), both))
        error = (fused - fusion_target(inputs, "salient")).abs()
        self._target.append(_mean(error, torch.maximum(inputs.rgb_mask, inputs.thermal_mask)))


def confusion(found: Tensor, truth: Tensor) -> Tensor:
    """(C, C) pixels, truth by row, found by column; unlabelled truth is left out."""
    classes = len(SCENE_CLASSES)
    valid = (truth != UNLABELLED) & (truth != IGNORED)
    cells = truth[valid] * classes + found[valid]
    return torch.bincount(cells, minlength=classes**2).view(classes, classes).float()


def intersection_over_union(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """(C,) IoU by class and (C,) bool, which classes the truth has."""
    hits = matrix.diag()
    union = matrix.sum(dim=0) + matrix.sum(dim=1) - hits
    return hits / union.clamp(min=1.0), matrix.sum(dim=1) > 0


def _mean(values: Tensor, weight: Tensor) -> float:
    return float((values * weight).sum() / weight.sum().clamp(min=1.0))
