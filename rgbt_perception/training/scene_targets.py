"""What the fused picture should be; the original's target is unpublished, both here are ours."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from rgbt_perception.models.scene import SceneInputs, luminance_and_chroma
from rgbt_perception.training.scene_recipe import TargetKind

_FINE = 7
_WIDE_SHARE = 1 / 4
"""Of the picture's height: the window within which contrast is compared."""

_CONTRAST_FLOOR = 0.02
"""Contrast below this, of luminance 0 to 1, is noise."""

_HOT_FROM, _HOT_FULLY = 0.12, 0.32
"""Thermal brighter than its surroundings by these begins to, and fully does, stand out."""


def fusion_target(inputs: SceneInputs, kind: TargetKind) -> Tensor:
    """The target.

    * ``max``: the brighter of thermal picture and luminance.
    * ``salient``: a mixture whose share follows both pictures' contrast, slowly enough that no
      patches arise; in it the stronger detail of both instead of the mixed one; and what is hotter
      than its surroundings is at least as bright as in the thermal picture.

    Where one camera alone sees, its picture is the target.

    Args:
        inputs: of the networks.
        kind: which.

    Returns:
        (B, 1, H, W), 0 to 1, 0 where no camera sees.
    """
    rgb_mask, thermal_mask = inputs.rgb_mask, inputs.thermal_mask
    luminance, _ = luminance_and_chroma(inputs.rgb * rgb_mask)
    thermal = inputs.thermal * thermal_mask
    both = rgb_mask * thermal_mask
    mixed = torch.maximum(luminance, thermal)
    if kind == "salient":
        mixed = _salient(luminance, thermal, rgb_mask, thermal_mask)
    alone = luminance * (1.0 - thermal_mask) + thermal * (1.0 - rgb_mask)
    return mixed * both + alone * (1.0 - both)


def _salient(luminance: Tensor, thermal: Tensor, rgb_mask: Tensor, thermal_mask: Tensor) -> Tensor:
    wide = 2 * int(luminance.shape[2] * _WIDE_SHARE / 2) + 1
    base_thermal = masked_mean(thermal, thermal_mask, wide)
    contrast_rgb = _contrast(luminance, rgb_mask, wide)
    contrast_thermal = _contrast(thermal, thermal_mask, wide)
    share = contrast_rgb / (contrast_rgb + contrast_thermal)
    share = masked_mean(share, rgb_mask * thermal_mask, wide)
    # Towards the border of what one camera sees the other takes over: no seam.
    share = share * _inside(rgb_mask, wide)
    share = 1.0 - (1.0 - share) * _inside(thermal_mask, wide)
    near_thermal = masked_mean(thermal, thermal_mask, _FINE)
    detail_rgb = luminance - masked_mean(luminance, rgb_mask, _FINE)
    detail_thermal = thermal - near_thermal
    # The stronger detail wins, with a soft turn; of noise neither does.
    strength_rgb = masked_mean(detail_rgb.square(), rgb_mask, 3) + _CONTRAST_FLOOR**2
    strength_thermal = masked_mean(detail_thermal.square(), thermal_mask, 3) + _CONTRAST_FLOOR**2
    turn = strength_rgb.square() / (strength_rgb.square() + strength_thermal.square())
    mixed = share * luminance + (1.0 - share) * thermal
    mixed = mixed + (turn - share) * (detail_rgb - detail_thermal)
    hot = ((near_thermal - base_thermal - _HOT_FROM) / (_HOT_FULLY - _HOT_FROM)).clamp(0.0, 1.0)
    return (mixed + hot * (thermal - mixed).clamp(min=0.0)).clamp(0.0, 1.0)


def _inside(mask: Tensor, size: int) -> Tensor:
    """0 where half of the window is not seen, 1 where all of it is."""
    return (2.0 * masked_mean(mask, torch.ones_like(mask), size) - 1.0).clamp(0.0, 1.0)


def _contrast(picture: Tensor, mask: Tensor, size: int) -> Tensor:
    """Standard deviation within a window, never less than noise."""
    mean = masked_mean(picture, mask, size)
    variance = masked_mean(picture.square(), mask, size) - mean.square()
    return torch.sqrt(variance.clamp(min=0.0) + _CONTRAST_FLOOR**2)


def masked_mean(picture: Tensor, mask: Tensor, size: int) -> Tensor:
    """Mean over the seen pixels of a square window; 0 where none is seen.

    Args:
        picture: (B, 1, H, W).
        mask: (B, 1, H, W), 1 where seen.
        size: of the window, pixels, odd.
    """
    reach = size // 2

    def window(x: Tensor) -> Tensor:
        # One axis after the other: the same mean, far cheaper.
        x = F.avg_pool2d(x, (1, size), 1, (0, reach))
        return F.avg_pool2d(x, (size, 1), 1, (reach, 0))

    share = window(mask)
    return window(picture * mask) / share.clamp(min=1e-6) * (share > 1e-6)
