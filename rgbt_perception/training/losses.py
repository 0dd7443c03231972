"""Losses of system A. The paper does not give them; all are ours unless a name stands there.

Depth errors are taken in the logarithm, so that 10 % at 3 m weighs as much as 10 % at 30 m, and
before the network's output is bounded, so that the gradient never vanishes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from rgbt_perception.models.confidence_depth import DepthPrediction
from rgbt_perception.training.dataset import DepthBatch
from rgbt_perception.training.recipe import LossConfig

NEAREST_M = 0.25
FARTHEST_M = 100.0
"""Truth outside of this range does not count."""

_EDGE_SCALES = 3
_ERROR_FLOOR = 0.02


@dataclass(frozen=True)
class Truth:
    """Truth of one view.

    Attributes:
        log_depth: (B, 1, H, W), 0 where not valid.
        valid: (B, 1, H, W), 1 where the depth is known and in range.
        sky: (B, 1, H, W), 1 where it is known to be beyond every range.
    """

    log_depth: Tensor
    valid: Tensor
    sky: Tensor

    def where(self, mask: Tensor) -> Truth:
        """Only where ``mask`` is 1."""
        return Truth(self.log_depth, self.valid * mask, self.sky * mask)


def truth_of(depth: Tensor) -> Truth:
    """Metres (NaN unknown, Inf sky), (B, 1, H, W), to truth for the losses."""
    valid = (depth >= NEAREST_M) & (depth <= FARTHEST_M)
    log_depth = torch.log(torch.where(valid, depth, torch.ones_like(depth)))
    return Truth(log_depth, valid.to(depth.dtype), torch.isposinf(depth).to(depth.dtype))


def depth_losses(
    prediction: DepthPrediction, batch: DepthBatch, weights: LossConfig
) -> dict[str, Tensor]:
    """Every term with its weight; their sum is what is minimised."""
    rgb = truth_of(batch.rgb_truth).where(batch.inputs.rgb_mask)
    thermal = truth_of(batch.thermal_truth)
    alone = thermal.where(batch.inputs.thermal_mask)
    fused = thermal.where(prediction.known)
    terms: dict[str, Tensor] = {}
    for name, estimate, truth, weight in (
        ("rgb", prediction.rgb.log_depth, rgb, weights.coarse),
        ("thermal", prediction.thermal.log_depth, alone, weights.coarse),
        ("fused", prediction.log_depth, fused, weights.fused),
    ):
        error = (estimate - truth.log_depth) * truth.valid
        terms[name] = weight * _mean(error.abs(), truth.valid)
        terms[f"{name}_edges"] = weight * weights.edges * edge_loss(error, truth.valid)
        terms[f"{name}_sky"] = weight * weights.sky * sky_loss(estimate, truth.sky)
    error = (prediction.log_depth - fused.log_depth).abs().detach()
    terms["scale"] = weights.scale * laplace_loss(error, prediction.log_scale, fused.valid)
    terms["confidence"] = weights.confidence * confidence_loss(prediction, thermal, alone)
    return terms


def edge_loss(error: Tensor, valid: Tensor) -> Tensor:
    """Multi-scale gradient of the log-depth error (MegaDepth, with L1).

    Args:
        error: (B, 1, H, W), 0 where not valid.
        valid: (B, 1, H, W).
    """
    total = error.new_zeros(())
    for scale in range(_EDGE_SCALES):
        step = 2**scale
        e, v = error[..., ::step, ::step], valid[..., ::step, ::step]
        across, down = v[..., 1:] * v[..., :-1], v[..., 1:, :] * v[..., :-1, :]
        total = total + _mean((e[..., 1:] - e[..., :-1]).abs() * across, across)
        total = total + _mean((e[..., 1:, :] - e[..., :-1, :]).abs() * down, down)
    return total / _EDGE_SCALES


def sky_loss(log_depth: Tensor, sky: Tensor) -> Tensor:
    """How far the sky is predicted inside the range: hinge in the logarithm."""
    return _mean((math.log(FARTHEST_M) - log_depth).clamp(min=0.0) * sky, sky)


def laplace_loss(error: Tensor, log_scale: Tensor, valid: Tensor) -> Tensor:
    """Negative log-likelihood of a Laplace distribution: |e| / b + log b."""
    return _mean((error * torch.exp(-log_scale) + log_scale) * valid, valid)


def confidence_loss(prediction: DepthPrediction, thermal: Truth, alone: Truth) -> Tensor:
    """Which coarse depth is better where both are known ("confidence loss"; this form is ours).

    With e = |log-depth error| + a floor, the target of RGB is e_thermal / (e_thermal + e_rgb),
    that of thermal the rest to 1. Binary cross-entropy, weighted with the difference of the
    errors: where both are equally good nothing is learned.
    """
    truth, valid = _pick(thermal.log_depth), _pick(alone.valid)
    rgb_depth = _pick(prediction.rgb_depth.detach())
    valid = valid * (rgb_depth > 0)
    log_rgb = torch.log(torch.where(rgb_depth > 0, rgb_depth, torch.ones_like(rgb_depth)))
    e_rgb = (log_rgb - truth).abs() + _ERROR_FLOOR
    e_thermal = (_pick(prediction.thermal.log_depth.detach()) - truth).abs() + _ERROR_FLOOR
    target = e_thermal / (e_thermal + e_rgb)
    weight = (e_thermal - e_rgb).abs().clamp(max=1.0) * valid
    entropy = F.binary_cross_entropy_with_logits(
        prediction.confidence_logits, torch.cat([target, 1 - target], dim=1), reduction="none"
    )
    return _mean(entropy.mean(dim=1, keepdim=True) * weight, weight)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    """Sum over the sum of the weights; 0 when there is nothing."""
    return values.sum() / weight.sum().clamp(min=1.0)


def _pick(x: Tensor) -> Tensor:
    """One pixel of every 4 x 4 block, the one the confidence predictor saw."""
    return x[..., 2::4, 2::4]
