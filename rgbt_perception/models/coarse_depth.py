"""The coarse depth network of one camera ("Unveiling the Depths": one per modality).

The paper is silent about backbones; this encoder and decoder of inverted residuals are ours. The
encoder can be exchanged for a usual one, see ``Backbone``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from rgbt_perception.models.backbone import Backbone
from rgbt_perception.models.blocks import (
    GlobalContext,
    InvertedResidual,
    SeparableConv,
    UpBlock,
    conv_bn_relu,
    downsample,
    head_conv,
    upsample,
)
from rgbt_perception.models.network_config import NetworkConfig

CANONICAL_FOCAL = 200.0
"""Focal length, pixels, that the networks predict depth for (f0)."""

MIN_DEPTH = 0.2
MAX_DEPTH = 120.0

REDUCTION = 2
"""The coarse networks look at the picture at half its size: at full size the same networks saw too
little of the scene at once and were worse, colour most of all."""

FEATURES = 40
STEM = 16
FEATURE_STRIDE = 4 * REDUCTION
STEM_STRIDE = 2 * REDUCTION


@dataclass(frozen=True)
class CoarseDepth:
    """What a coarse network gives, in its camera's view.

    Attributes:
        log_depth: (B, 1, H, W), log of metres along the optical axis, not yet bounded.
        features: (B, FEATURES, H / FEATURE_STRIDE, W / FEATURE_STRIDE).
        stem: (B, STEM, H / STEM_STRIDE, W / STEM_STRIDE), fine features for sharper edges.
    """

    log_depth: Tensor
    features: Tensor
    stem: Tensor


class CoarseDepthNetwork(nn.Module):
    """Picture of one camera to coarse log-depth and features.

    Metric depth for a camera never seen (ours, in the spirit of Metric3D): the network sees
    pixel offsets from the principal point in units of a fixed focal length f0, predicts the depth
    that a camera of focal length f0 would need to take this picture, and the result is multiplied
    by f / f0, with f the geometric mean of fx and fy. An object of size S at depth Z covers
    f S / Z pixels and the ground h below the camera is seen f h / Z pixels below the horizon, so
    both cues scale exactly with f.
    """

    def __init__(self, channels: int, config: NetworkConfig | None = None) -> None:
        super().__init__()
        self.stem = conv_bn_relu(channels + 3, STEM, 3, stride=2)
        self.backbone: Backbone | None = None
        if config is not None and config.backbone:
            self.backbone = Backbone(channels, config, (32, 48, 96, 144))
        else:
            self.stage4 = _stage(STEM, 32, blocks=2, expansion=3)
            self.stage8 = _stage(32, 48, blocks=3)
            self.stage16 = _stage(48, 96, blocks=4, kernel=5)
            self.stage32 = nn.Sequential(_stage(96, 144, blocks=4, kernel=5), GlobalContext(144))
        self.up16 = UpBlock(144, 96, 96)
        self.up8 = UpBlock(96, 48, 64)
        self.up4 = UpBlock(64, 32, FEATURES)
        self.up2 = UpBlock(FEATURES, STEM, STEM)
        # Start at 8 m for every pixel: the middle of the range in the logarithm.
        last = head_conv(STEM, 1, bias=2.1, std=0.02)
        self.head = nn.Sequential(SeparableConv(STEM, STEM), last)

    def forward(self, image: Tensor, mask: Tensor, intrinsics: Tensor) -> CoarseDepth:
        """Predict in the camera's own view.

        Args:
            image: (B, C, H, W), 0 to 1; H and W multiples of 64.
            mask: (B, 1, H, W), 1 where there is a picture.
            intrinsics: (B, 3, 3), pixels at this size.
        """
        image, mask = downsample(image, REDUCTION), -max_pool2d(-mask, REDUCTION)
        intrinsics = reduced_intrinsics(intrinsics)
        offsets = canonical_offsets(intrinsics, mask.shape[2], mask.shape[3])
        x = torch.cat([(image - 0.5) * 4.0 * mask, mask, offsets], dim=1)
        stem = self.stem(x)
        at4, at8, at16, at32 = (
            self._own_pyramid(stem) if self.backbone is None else self.backbone(x)
        )
        features = self.up4(self.up8(self.up16(at32, at16), at8), at4)
        canonical = upsample(self.head(self.up2(features, stem)), STEM_STRIDE)
        return CoarseDepth(canonical + log_focal_ratio(intrinsics), features, stem)

    def _own_pyramid(self, stem: Tensor) -> list[Tensor]:
        at4 = self.stage4(stem)
        at8 = self.stage8(at4)
        at16 = self.stage16(at8)
        return [at4, at8, at16, self.stage32(at16)]


def _stage(
    inputs: int, outputs: int, blocks: int, expansion: int = 4, kernel: int = 3
) -> nn.Sequential:
    """Halve the resolution, then refine."""
    return nn.Sequential(
        InvertedResidual(inputs, outputs, 2, expansion, kernel),
        *(InvertedResidual(outputs, outputs, 1, expansion, kernel) for _ in range(blocks - 1)),
    )


def reduced_intrinsics(intrinsics: Tensor) -> Tensor:
    """Intrinsics (B, 3, 3) of the picture at 1 / REDUCTION of its size, pixels."""
    fx, fy = intrinsics[:, 0, 0] / REDUCTION, intrinsics[:, 1, 1] / REDUCTION
    cx = (intrinsics[:, 0, 2] + 0.5) / REDUCTION - 0.5
    cy = (intrinsics[:, 1, 2] + 0.5) / REDUCTION - 0.5
    zero, one = torch.zeros_like(fx), torch.ones_like(fx)
    return torch.stack([fx, zero, cx, zero, fy, cy, zero, zero, one], dim=1).view(-1, 3, 3)


def canonical_offsets(intrinsics: Tensor, height: int, width: int) -> Tensor:
    """Pixel offsets from the principal point over f0.

    Args:
        intrinsics: (B, 3, 3), pixels.
        height, width: grid size.

    Returns:
        (B, 2, H, W): columns, then rows.
    """
    device = intrinsics.device
    columns = torch.arange(width, dtype=torch.float32, device=device).view(1, 1, 1, width)
    rows = torch.arange(height, dtype=torch.float32, device=device).view(1, 1, height, 1)
    cx = intrinsics[:, 0, 2].view(-1, 1, 1, 1)
    cy = intrinsics[:, 1, 2].view(-1, 1, 1, 1)
    horizontal = ((columns - cx) / CANONICAL_FOCAL).expand(-1, -1, height, -1)
    vertical = ((rows - cy) / CANONICAL_FOCAL).expand(-1, -1, -1, width)
    return torch.cat([horizontal, vertical], dim=1)


def log_focal_ratio(intrinsics: Tensor) -> Tensor:
    """log(f / f0) with f = sqrt(fx fy), (B, 1, 1, 1)."""
    # An absent camera may come with zeros: its values are masked, but must stay finite.
    focal = intrinsics[:, 0, 0].clamp(min=1.0) * intrinsics[:, 1, 1].clamp(min=1.0)
    ratio: Tensor = 0.5 * torch.log(focal / CANONICAL_FOCAL**2)
    return ratio.view(-1, 1, 1, 1)


def bounded_depth(log_depth: Tensor) -> Tensor:
    """Metres, MIN_DEPTH to MAX_DEPTH."""
    return torch.exp(log_depth.clamp(math.log(MIN_DEPTH), math.log(MAX_DEPTH)))
