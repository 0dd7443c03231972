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

from rgbt_perception.models.coarse_depth import FEATURE_STRIDE
from rgbt_perception.models.confidence_depth import WITHIN, DepthPrediction
from rgbt_perception.training.dataset import DepthBatch
from rgbt_perception.training.other_view import fused_in_rgb, rgb_in_thermal
from rgbt_perception.training.recipe import LossConfig

NEAREST_M = 0.25
FARTHEST_M = 100.0
"""Truth outside of this range does not count."""

_EDGE_SCALES = 3
_STRAIGHT_FROM = 0.7
_ERROR_FLOOR = 0.02
_LEAST_SOFTPLUS = 1e-4


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
        log_share = 1.0 - weights.relative
        mixed = log_share * error.abs() + weights.relative * relative_error(error)
        terms[name] = weight * _mean(mixed, truth.valid)
        terms[f"{name}_edges"] = weight * weights.edges * edge_loss(error, truth.valid)
        terms[f"{name}_sky"] = weight * weights.sky * sky_loss(estimate, truth.sky)
    error = (prediction.log_depth - fused.log_depth).abs().detach()
    terms["scale"] = weights.scale * laplace_loss(error, prediction.log_scale, fused.valid)
    kind = laplace_confidence_loss if weights.confidence_kind == "laplace" else advantage_loss
    terms["confidence"] = weights.confidence * kind(prediction, thermal, alone)
    if weights.other_view:
        # The RGB truth holds where the picture is missing, too.
        both = truth_of(batch.rgb_truth), thermal
        rgb_truth, thermal_truth = (torch.cat([t.log_depth, t.valid], dim=1) for t in both)
        for name, judge, weight in (
            ("rgb_in_thermal", rgb_in_thermal, weights.coarse),
            ("fused_in_rgb", fused_in_rgb, weights.fused),
        ):
            error, counts = judge(prediction, rgb_truth, thermal_truth, batch.inputs)
            terms[name] = weights.other_view * weight * _mean(error.abs(), counts)
    return terms


def relative_error(error: Tensor) -> Tensor:
    """|depth - truth| / truth of an error of the log-depth (AbsRel), straight on beyond a factor.

    Against the plain L1 of the logarithm it charges more for "too far" than for "too near": a
    network that cannot know answers nearer, which is also the safer answer on a vehicle (ours).
    """
    bounded = error.clamp(max=_STRAIGHT_FROM)
    return torch.expm1(bounded).abs() + math.exp(_STRAIGHT_FROM) * (error - bounded)


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


def advantage_loss(prediction: DepthPrediction, thermal: Truth, alone: Truth) -> Tensor:
    """Which coarse depth is better where both are known ("confidence loss"; this form is ours).

    With e = |log-depth error| + a floor, the target of RGB is e_thermal / (e_thermal + e_rgb),
    that of thermal the rest to 1. Binary cross-entropy, weighted with the difference of the
    errors: where both are equally good nothing is learned.
    """
    e_rgb, e_thermal, seen_rgb, seen_thermal = _coarse_errors(prediction, thermal, alone)
    target = e_thermal / (e_thermal + e_rgb)
    weight = (e_thermal - e_rgb).abs().clamp(max=1.0) * seen_rgb * seen_thermal
    entropy = F.binary_cross_entropy_with_logits(
        prediction.confidence_logits, torch.cat([target, 1 - target], dim=1), reduction="none"
    )
    return _mean(entropy.mean(dim=1, keepdim=True) * weight, weight)


def laplace_confidence_loss(prediction: DepthPrediction, thermal: Truth, alone: Truth) -> Tensor:
    """How good each coarse depth is by itself: Laplacian negative log-likelihood (MonoTher-Depth).

    That work takes the likelihood of the depth; here it is that of the log-depth, and the map
    stays a probability (ours): the confidence is the chance of an error below 25 %,
    c = 1 - exp(-log(1.25) / b), so that the scale is b = log(1.25) / softplus(logit). With the
    error e (not below a floor, or b would go to 0) the loss is e / b + log b.
    """
    e_rgb, e_thermal, seen_rgb, seen_thermal = _coarse_errors(prediction, thermal, alone)
    seen = torch.cat([seen_rgb, seen_thermal], dim=1)
    log_scale = math.log(WITHIN) - torch.log(
        F.softplus(prediction.confidence_logits).clamp(min=_LEAST_SOFTPLUS)
    )
    return laplace_loss(torch.cat([e_rgb, e_thermal], dim=1), log_scale, seen)


def _coarse_errors(
    prediction: DepthPrediction, thermal: Truth, alone: Truth
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Log-depth errors above the floor of RGB and thermal, and where they mean something.

    Each (B, 1, H / FEATURE_STRIDE, W / FEATURE_STRIDE), thermal view, cut off from the gradient.
    """
    truth, valid = _pick(thermal.log_depth), _pick(thermal.valid)
    evidence = _pick(prediction.rgb_evidence.detach())
    log_rgb = torch.log(torch.where(evidence > 0, evidence, torch.ones_like(evidence)))
    e_rgb = (log_rgb - truth).abs() + _ERROR_FLOOR
    e_thermal = (_pick(prediction.thermal.log_depth.detach()) - truth).abs() + _ERROR_FLOOR
    return e_rgb, e_thermal, valid * (evidence > 0), _pick(alone.valid)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    """Sum over the sum of the weights; 0 when there is nothing."""
    return values.sum() / weight.sum().clamp(min=1.0)


def _pick(x: Tensor) -> Tensor:
    """One pixel of every block, the one the confidence predictor saw."""
    return x[..., FEATURE_STRIDE // 2 :: FEATURE_STRIDE, FEATURE_STRIDE // 2 :: FEATURE_STRIDE]
