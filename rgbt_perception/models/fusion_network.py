"""Fusion of system D (SegMiF): dense dilated blocks per camera and interactive attention.

Ours: all of it at a quarter of the resolution, with 4 x 4 pixels folded into channels on the way in
and out, so that it stays affordable without losing pixels; narrow; masks are inputs; and the result
is bound to the pictures: a share of each camera plus a limited correction where both see.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rgbt_perception.models.hierarchical_encoder import WIDTHS
from rgbt_perception.models.interactive_attention import InteractiveAttention
from rgbt_perception.models.scene_config import AttentionKind

WIDTH = 24
STAGES = 2
CORRECTION_BOUND = 0.25
"""The fused luminance may leave the mixture of both pictures by at most this."""

_GROWTH = 16
_LAYERS = 3
FOLD = 4
"""Pixels of a cell, on both axes, that the network decides at one place."""

_FEATHER = 7
"""Pixels over which a camera fades in from the border of what it sees: no seams."""


@dataclass(frozen=True)
class Fused:
    """What the fusion says; (B, 1, H, W) each.

    Attributes:
        luminance: about 0 to 1, not yet clamped.
        weight: share of the visible picture, 0 to 1; 0 where it is not seen.
    """

    luminance: Tensor
    weight: Tensor


class DenseDilatedBlock(nn.Module):
    """Dilated convolutions, each of which sees all before it; (B, C, H, W) to the same shape.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv2d(channels + layer * _GROWTH, _GROWTH, 3, padding=2, dilation=2)
            for layer in range(_LAYERS)
        )
        self.leave = nn.Conv2d(channels + _LAYERS * _GROWTH, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Transform features; see the class."""
        known = x
        for layer in self.layers:
            known = torch.cat([known, torch.relu(layer(known))], dim=1)
        y: Tensor = x + self.leave(known)
        return y


class FusionNetwork(nn.Module):
    """Both pictures to one.

    Args:
        attention: see ``SceneConfig``.
    """

    def __init__(self, attention: AttentionKind) -> None:
        super().__init__()
        folded = 2 * FOLD**2
        self.enter = nn.ModuleList(nn.Conv2d(folded, WIDTH, 3, padding=1) for _ in range(2))
        self.bend = nn.ModuleList(nn.PReLU(WIDTH) for _ in range(2))
        self.blocks = nn.ModuleList(
            nn.ModuleList(DenseDilatedBlock(WIDTH) for _ in range(2)) for _ in range(STAGES)
        )
        stages = {"own": STAGES, "shared": 1, "none": 0}[attention]
        self.attention = nn.ModuleList(InteractiveAttention(WIDTH) for _ in range(stages))
        self.project = nn.ModuleList(
            nn.Conv2d(width, WIDTH, 1) for width in WIDTHS[: STAGES if stages else 0]
        )
        self.mix = nn.Conv2d(2 * WIDTH, WIDTH, 3, padding=1)
        self.leave = nn.Conv2d(WIDTH + 2 * folded, 2 * FOLD**2, 3, padding=1)
        nn.init.normal_(self.leave.weight, std=0.02)
        assert self.leave.bias is not None
        nn.init.zeros_(self.leave.bias)

    def forward(
        self,
        luminance: Tensor,
        thermal: Tensor,
        rgb_mask: Tensor,
        thermal_mask: Tensor,
        scene: tuple[Tensor, ...],
    ) -> Fused:
        """Fuse.

        Args:
            luminance, thermal: (B, 1, H, W), 0 to 1, 0 where not seen; H and W multiples of
                4.
            rgb_mask, thermal_mask: (B, 1, H, W), 1 where seen.
            scene: features of the segmentation, one map for each stage; empty without attention.
        """
        folded = [
            F.pixel_unshuffle(torch.cat([picture, mask], dim=1), FOLD)
            for picture, mask in ((luminance, rgb_mask), (thermal, thermal_mask))
        ]
        rgb, warm = (
            bend(enter(picture))
            for bend, enter, picture in zip(self.bend, self.enter, folded, strict=True)
        )
        seen = (F.avg_pool2d(rgb_mask, FOLD), F.avg_pool2d(thermal_mask, FOLD))
        for stage, blocks in enumerate(self.blocks):
            assert isinstance(blocks, nn.ModuleList)
            rgb, warm = blocks[0](rgb), blocks[1](warm)
            if scene:
                attention = self.attention[stage % len(self.attention)]
                rgb, warm = attention((rgb, warm), seen, self.project[stage](scene[stage]))
        mixed = torch.relu(self.mix(torch.cat([rgb, warm], dim=1)))
        result = F.pixel_shuffle(self.leave(torch.cat([mixed, *folded], dim=1)), FOLD)
        return _bound(result, luminance, thermal, rgb_mask, thermal_mask)


def _bound(
    result: Tensor, luminance: Tensor, thermal: Tensor, rgb_mask: Tensor, thermal_mask: Tensor
) -> Fused:
    """Only a camera that sees a pixel has a say in it."""
    near_rgb, near_thermal = feathered(rgb_mask), feathered(thermal_mask)
    weight = torch.sigmoid(result[:, :1]) * near_rgb
    weight = (1.0 - (1.0 - weight) * near_thermal) * rgb_mask
    correction = CORRECTION_BOUND * torch.tanh(result[:, 1:]) * near_rgb * near_thermal
    fused = weight * luminance + (1.0 - weight) * thermal + correction
    return Fused(fused, weight)


def feathered(mask: Tensor) -> Tensor:
    """(B, 1, H, W): 0 outside of the mask, rising to 1 towards its inside; 1 at the canvas' border.

    Args:
        mask: (B, 1, H, W), 0 or 1.
    """
    reach = _FEATHER // 2
    # The canvas' own border is not one of what a camera sees: padding does not count.
    core = -F.max_pool2d(-mask, _FEATHER, 1, reach)
    soft = F.avg_pool2d(core, _FEATHER, 1, reach, count_include_pad=False)
    return soft * mask
