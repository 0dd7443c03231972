"""Losses of system D (SegMiF's, with our targets and masks)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from rgbt_perception.models.scene import ScenePrediction
from rgbt_perception.models.segmentation_network import LOGITS_STRIDE
from rgbt_perception.scene.classes import IGNORED, SCENE_CLASSES, UNLABELLED
from rgbt_perception.training.scene_dataset import SceneBatch
from rgbt_perception.training.scene_recipe import SceneLossConfig
from rgbt_perception.training.scene_targets import fusion_target

_WINDOW = 11
_SIGMA = 1.5
_C1, _C2 = 0.01**2, 0.03**2
"""Of SSIM for values from 0 to 1 (Wang et al. 2004)."""

_SURE = 0.7
_LEAST_SHARE = 1 / 16
"""Ohem: pixels less sure than this count, and at least this share of all."""


def fusion_loss(
    prediction: ScenePrediction, batch: SceneBatch, config: SceneLossConfig, first_round: bool
) -> Tensor:
    """How far the fused picture is from its target.

    Round 1: L1 of the picture and L1 of its Sobel gradient's magnitude. Later: mean squared error
    plus ``structure`` times 1 - SSIM, and the gradient's again.
    """
    inputs = batch.inputs
    known = torch.maximum(inputs.rgb_mask, inputs.thermal_mask)
    target = fusion_target(inputs, config.target)
    error = prediction.fused - target
    inside = -F.max_pool2d(-known, 3, 1, 1)
    edges = _mean((gradient(prediction.fused) - gradient(target)).abs(), inside)
    if first_round:
        return _mean(error.abs(), known) + edges
    structure, whole = ssim(prediction.fused, target, known)
    loss = _mean(error.square(), known) + config.structure * (1.0 - _mean(structure, whole))
    return loss + config.gradient * edges


def segmentation_loss(
    logits: Tensor, labels: Tensor, config: SceneLossConfig, weights: Tensor
) -> Tensor:
    """Cross entropy where the truth says something; 0 where it never does.

    Args:
        logits: (B, C, H / LOGITS_STRIDE, W / LOGITS_STRIDE).
        labels: (B, H, W) int64.
        config: chooses which pixels and classes count.
        weights: (C,), of the classes, for ``weighted``.
    """
    step = LOGITS_STRIDE
    # Nearest pixel of every block: classes must not be mixed.
    truth = labels[:, step // 2 :: step, step // 2 :: step]
    truth = torch.where(truth == UNLABELLED, IGNORED, truth)
    valid = truth != IGNORED
    if not valid.any():
        return logits.sum() * 0.0
    chosen = weights if config.classes == "weighted" else None
    losses = F.cross_entropy(logits, truth, chosen, ignore_index=IGNORED, reduction="none")
    if config.classes == "weighted":
        return losses.sum() / weights[truth[valid]].sum().clamp(min=1e-6)
    if config.classes == "hardest":
        return _hardest(losses[valid])
    return losses[valid].mean()


def class_weights(counts: Tensor) -> Tensor:
    """Weights of the classes: inverse square root of how frequent they are, at most 8, mean 1.

    Args:
        counts: (C,), pixels of each class in the training's truth.
    """
    known = counts.double().clone()
    known[UNLABELLED] = 0.0
    share = known / known.sum().clamp(min=1.0)
    weights = torch.where(known > 0, share.clamp(min=1e-6).rsqrt(), 0.0)
    weights = weights / weights[known > 0].min() if bool((known > 0).any()) else weights + 1.0
    weights = weights.clamp(max=8.0)
    mean = (weights * share).sum().clamp(min=1e-6)
    return torch.where(known > 0, weights / mean, 0.0).float()


def label_counts(labels: Tensor) -> Tensor:
    """(C,), pixels of each class; ids without a class are left out."""
    flat = labels.flatten()
    return torch.bincount(flat[flat < len(SCENE_CLASSES)], minlength=len(SCENE_CLASSES))


def ssim(first: Tensor, second: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Structural similarity (Wang et al. 2004), Gaussian window of 11 pixels.

    Args:
        first, second: (B, 1, H, W), 0 to 1.
        known: (B, 1, H, W), 1 where they mean something.

    Returns:
        Similarity of every window that lies inside, (B, 1, H - 10, W - 10), and 1 where all of the
        window is known.
    """

    def window(x: Tensor) -> Tensor:
        x = F.conv2d(x, kernel.view(1, 1, 1, -1))
        return F.conv2d(x, kernel.view(1, 1, -1, 1))

    places = torch.arange(_WINDOW, dtype=first.dtype, device=first.device) - _WINDOW // 2
    kernel = torch.exp(-places.square() / (2 * _SIGMA**2))
    kernel = kernel / kernel.sum()
    mean_1, mean_2 = window(first), window(second)
    variance_1 = window(first * first) - mean_1.square()
    variance_2 = window(second * second) - mean_2.square()
    covariance = window(first * second) - mean_1 * mean_2
    likeness = (2 * mean_1 * mean_2 + _C1) / (mean_1.square() + mean_2.square() + _C1)
    likeness = likeness * (2 * covariance + _C2) / (variance_1 + variance_2 + _C2)
    whole = -F.max_pool2d(-known, _WINDOW, 1)
    return likeness, whole


def gradient(picture: Tensor) -> Tensor:
    """Sobel's |d/dx| + |d/dy|, per pixel; (B, 1, H, W) to the same."""
    smooth = picture.new_tensor([1.0, 2.0, 1.0]) / 4
    slope = picture.new_tensor([-1.0, 0.0, 1.0]) / 2
    padded = F.pad(picture, (1, 1, 1, 1), mode="replicate")

    def filtered(along_y: Tensor, along_x: Tensor) -> Tensor:
        return F.conv2d(F.conv2d(padded, along_y.view(1, 1, 3, 1)), along_x.view(1, 1, 1, 3))

    return filtered(smooth, slope).abs() + filtered(slope, smooth).abs()


def _hardest(losses: Tensor) -> Tensor:
    """Mean over the pixels that are not yet sure, at least the hardest few."""
    least = max(1, int(losses.numel() * _LEAST_SHARE))
    hard = losses[losses > -torch.log(losses.new_tensor(_SURE))]
    if hard.numel() < least:
        hard = torch.topk(losses, least).values
    return hard.mean()


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp(min=1.0)
