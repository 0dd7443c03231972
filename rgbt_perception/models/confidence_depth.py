"""System A, "Unveiling the Depths": confidence-guided depth from RGB and thermal.

Two coarse depth networks, the 3D cross-modal transformation into the thermal view, a confidence
predictor and a fusion network with attention across the branches. Where the paper is silent the
choice is ours and stands in the docstring of the part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rgbt_perception.models.attention_fusion import AttentionFusion
from rgbt_perception.models.blocks import downsample, upsample
from rgbt_perception.models.coarse_depth import (
    FEATURE_STRIDE,
    REDUCTION,
    STEM_STRIDE,
    CoarseDepth,
    CoarseDepthNetwork,
    bounded_depth,
    canonical_offsets,
    log_focal_ratio,
    reduced_intrinsics,
)
from rgbt_perception.models.confidence_blend import ConfidenceBlend
from rgbt_perception.models.confidence_predictor import Branch, ConfidencePredictor
from rgbt_perception.models.cross_modal import inverse, sample, sampling_grid, splat, view
from rgbt_perception.models.detail_refinement import DETAIL_STRIDE, DetailRefinement
from rgbt_perception.models.network_config import NetworkConfig

RESIDUAL_BOUND = 1.0
"""The fusion may change the blended log-depth by at most this (a factor of e)."""

LOG_SCALE_BOUNDS = (-5.0, 1.5)

WITHIN = math.log(1.25)
"""Confidence is the probability that the log-depth error is below this."""


@dataclass(frozen=True)
class DepthInputs:
    """Inputs of the network; H and W are multiples of 64.

    Attributes:
        rgb: (B, 3, H, W), 0 to 1.
        thermal: (B, 1, H, W), 0 to 1.
        rgb_mask, thermal_mask: (B, 1, H, W), 1 where there is a picture; all 0 = camera absent.
        rgb_intrinsics, thermal_intrinsics: (B, 3, 3), pixels at this size.
        thermal_T_rgb: (B, 4, 4), metres.
        gate: (B,), 1 = confidences as predicted, 0 = both held at 0.5.
    """

    rgb: Tensor
    thermal: Tensor
    rgb_mask: Tensor
    thermal_mask: Tensor
    rgb_intrinsics: Tensor
    thermal_intrinsics: Tensor
    thermal_T_rgb: Tensor
    gate: Tensor


@dataclass(frozen=True)
class DepthPrediction:
    """Everything that the network knows, thermal view unless said otherwise.

    Attributes:
        log_depth: (B, 1, H, W), fused, log of metres, not yet bounded.
        log_scale: (B, 1, H, W), log of the Laplace scale of the log-depth error.
        known: (B, 1, H, W), 1 where a camera gives evidence.
        rgb: coarse RGB depth in the RGB view.
        thermal: coarse thermal depth.
        rgb_depth: (B, 1, H, W), metres, coarse RGB depth splatted forward, 0 where nothing lands.
        rgb_evidence: (B, 1, H, W), metres, 0 unknown: the RGB depth that confidence and fusion
            work with; ``rgb_depth`` unless the network leaves out the warp.
        confidence_logits: (B, 2, H / FEATURE_STRIDE, W / FEATURE_STRIDE), RGB and thermal, before
            the gate.
    """

    log_depth: Tensor
    log_scale: Tensor
    known: Tensor
    rgb: CoarseDepth
    thermal: CoarseDepth
    rgb_depth: Tensor
    rgb_evidence: Tensor
    confidence_logits: Tensor


class ConfidenceDepth(nn.Module):
    """The whole of system A.

    Args:
        config: the variant; default = the one that is shipped.
    """

    def __init__(self, config: NetworkConfig | None = None) -> None:
        super().__init__()
        config = config or NetworkConfig()
        self.rgb_network = CoarseDepthNetwork(3, config)
        self.thermal_network = CoarseDepthNetwork(1, config)
        self.warp = config.warp
        self.confidence_predictor = (
            ConfidencePredictor(config.confidence == "pixel")
            if config.confidence != "none"
            else None
        )
        self.fusion = AttentionFusion(config.attention)
        self.detail = DetailRefinement()
        self.blend = ConfidenceBlend()

    def forward(self, inputs: DepthInputs) -> DepthPrediction:
        """Predict depth in the thermal view."""
        height, width = inputs.rgb.shape[2:]
        rgb = self.rgb_network(inputs.rgb, inputs.rgb_mask, inputs.rgb_intrinsics)
        thermal = self.thermal_network(
            inputs.thermal, inputs.thermal_mask, inputs.thermal_intrinsics
        )
        rgb_depth = splat(
            bounded_depth(rgb.log_depth),
            inputs.rgb_mask,
            view(inputs.rgb_intrinsics, height, width),
            inputs.thermal_intrinsics,
            inputs.thermal_T_rgb,
        )
        evidence = rgb_depth if self.warp else bounded_depth(rgb.log_depth) * inputs.rgb_mask
        landed = (evidence > 0).to(evidence.dtype)
        known = torch.maximum(landed, inputs.thermal_mask)

        picture = torch.cat([inputs.rgb_mask, inputs.rgb * inputs.rgb_mask], dim=1)
        coarse = torch.cat([downsample(picture, FEATURE_STRIDE), rgb.features], dim=1)
        stem = torch.cat([downsample(inputs.rgb_mask, STEM_STRIDE), rgb.stem], dim=1)
        fine = downsample(picture, DETAIL_STRIDE)
        if self.warp:
            reference = torch.where(landed > 0, evidence, bounded_depth(thermal.log_depth))
            coarse = sample(coarse, _grid(inputs, reference, known, FEATURE_STRIDE))
            stem = sample(stem, _grid(inputs, reference, known, STEM_STRIDE))
            fine = sample(fine, _grid(inputs, reference, known, DETAIL_STRIDE))
        seen = (coarse[:, :1] > 0.5).to(coarse.dtype)
        coarse = coarse[:, 1:] * seen
        stem = stem[:, 1:] * (stem[:, :1] > 0.5).to(stem.dtype)

        reduced = reduced_intrinsics(inputs.thermal_intrinsics)
        ratio = log_focal_ratio(reduced)
        offsets = canonical_offsets(reduced, height // REDUCTION, width // REDUCTION)
        log_rgb = torch.log(torch.where(landed > 0, evidence, 1.0))
        landed_here = _pick(landed, FEATURE_STRIDE)
        thermal_here = _pick(inputs.thermal_mask, FEATURE_STRIDE)
        warm = inputs.thermal * inputs.thermal_mask
        rgb_branch = Branch(
            (_pick(log_rgb, FEATURE_STRIDE) - ratio) * landed_here,
            landed_here,
            coarse[:, 3:],
            coarse[:, :3],
        )
        thermal_branch = Branch(
            (_pick(thermal.log_depth, FEATURE_STRIDE) - ratio) * thermal_here,
            thermal_here,
            thermal.features * thermal_here,
            downsample(warm, FEATURE_STRIDE),
        )
        logits = self._confidence_logits(rgb_branch, thermal_branch)
        gate = inputs.gate.view(-1, 1, 1, 1)
        confidence = 0.5 + gate * (torch.sigmoid(logits) - 0.5)
        fused = self.fusion(
            (rgb_branch.features, rgb_branch.log_depth, stem),
            (
                thermal_branch.features,
                thermal_branch.log_depth,
                thermal.stem * _pick(inputs.thermal_mask, STEM_STRIDE),
            ),
            _pick(offsets, FEATURE_STRIDE // REDUCTION),
            confidence * torch.cat([seen, thermal_here], dim=1),
        )
        pictures = torch.cat(
            [fine, downsample(torch.cat([inputs.thermal_mask, warm], dim=1), DETAIL_STRIDE)], dim=1
        )
        refined = upsample(self.detail(fused, pictures), DETAIL_STRIDE)
        log_depth = self.blend(
            torch.cat([log_rgb, thermal.log_depth], dim=1),
            torch.cat([landed, inputs.thermal_mask], dim=1),
            confidence,
        )
        log_depth = log_depth + RESIDUAL_BOUND * torch.tanh(refined[:, :1])
        log_scale = (refined[:, 1:] - 1.5).clamp(*LOG_SCALE_BOUNDS)
        return DepthPrediction(
            log_depth, log_scale, known, rgb, thermal, rgb_depth, evidence, logits
        )

    def _confidence_logits(self, rgb: Branch, thermal: Branch) -> Tensor:
        if self.confidence_predictor is None:
            return torch.zeros_like(torch.cat([rgb.log_depth, thermal.log_depth], dim=1)).detach()
        logits: Tensor = self.confidence_predictor(rgb, thermal)
        return logits


class DeployedConfidenceDepth(nn.Module):
    """The network with the inputs and outputs of the exchange format, in their order."""

    def __init__(self, network: ConfidenceDepth) -> None:
        super().__init__()
        self.network = network

    def forward(
        self,
        rgb: Tensor,
        thermal: Tensor,
        rgb_mask: Tensor,
        thermal_mask: Tensor,
        rgb_intrinsics: Tensor,
        thermal_intrinsics: Tensor,
        thermal_T_rgb: Tensor,
        gate: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Inputs as in ``DepthInputs``.

        Returns:
            depth, confidence, depth_thermal, depth_rgb: each (B, 1, H, W), thermal view, metres
            (confidence 0 to 1), 0 where nothing is known.
        """
        inputs = DepthInputs(
            rgb,
            thermal,
            rgb_mask,
            thermal_mask,
            rgb_intrinsics,
            thermal_intrinsics,
            thermal_T_rgb,
            gate,
        )
        prediction = self.network(inputs)
        return (
            bounded_depth(prediction.log_depth) * prediction.known,
            confidence(prediction.log_scale) * prediction.known,
            bounded_depth(prediction.thermal.log_depth) * thermal_mask,
            prediction.rgb_depth,
        )


def confidence(log_scale: Tensor) -> Tensor:
    """Probability that the depth is within 25 % of the truth (ours).

    For a Laplace distribution of the log-depth error with scale b: 1 - exp(-log(1.25) / b).
    """
    return 1.0 - torch.exp(-WITHIN * torch.exp(-log_scale))


def _grid(inputs: DepthInputs, depth: Tensor, known: Tensor, stride: int) -> Tensor:
    """Where the blocks of the thermal grid lie in the RGB picture.

    The ray through a thermal pixel, cut at the best depth at hand, is looked up in the RGB view:
    where RGB depth landed, this is the pixel that it came from.
    """
    height, width = depth.shape[2:]
    return sampling_grid(
        _pick(depth, stride).detach(),
        _pick(known, stride),
        view(inputs.thermal_intrinsics, height, width, stride),
        inputs.rgb_intrinsics,
        inverse(inputs.thermal_T_rgb),
        stride,
    )


def _pick(x: Tensor, stride: int) -> Tensor:
    """One pixel near the centre of every block: depths across an edge must not be averaged."""
    return x[..., stride // 2 :: stride, stride // 2 :: stride]
