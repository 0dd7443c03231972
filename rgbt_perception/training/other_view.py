"""Depth judged in the other camera's view as well (the terms are ours).

The coarse RGB depth is learned in the RGB view and the fused depth in the thermal view. Here the
first is compared with the truth where its points land in the thermal view, and the second with
what the RGB camera sees: every RGB pixel with a truth looks its point up in the fused depth. Only
surfaces count that both cameras see by their truths, so that perfect depth costs nothing behind
an edge that one camera alone looks past.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from rgbt_perception.models.confidence_depth import DepthInputs, DepthPrediction
from rgbt_perception.models.cross_modal import View, inverse, sample, sampling_grid, view

_SAME_SURFACE = math.log(1.05)
"""Truths of both views that differ by less show the same surface."""

_STRIDE = 2
"""One pixel of every block of this size is compared: neighbours say nearly the same."""

_WHOLLY = 0.9999
"""A sample with less weight than this on known pixels has zeros from outside mixed in."""


@dataclass(frozen=True)
class Counterpart:
    """Where the points that one camera sees lie in the other camera's picture.

    Attributes:
        grid: (B, h, w, 2), for ``sample``; h = H / 2 and w = W / 2 here and below.
        log_depth: (B, 1, h, w), log of metres along the other camera's axis.
        visible: (B, 1, h, w), 1 where the other camera sees the same surface.
    """

    grid: Tensor
    log_depth: Tensor
    visible: Tensor


def rgb_in_thermal(
    prediction: DepthPrediction, rgb: Tensor, thermal: Tensor, inputs: DepthInputs
) -> tuple[Tensor, Tensor]:
    """Coarse RGB depth in the thermal view.

    Args:
        prediction: of the network.
        rgb, thermal: (B, 2, H, W), truth in that camera's view: log of metres, and 1 where valid.
        inputs: of the network.

    Returns:
        Error of the log-depth, 0 where it does not count, and where it counts; (B, 1, h, w),
        thermal view. The gradient reaches the coarse RGB depth of the pixels that landed.
    """
    depth, truth = _pick(prediction.rgb_depth), _pick(thermal)
    with torch.no_grad():
        found = _counterpart(
            thermal,
            rgb,
            inputs.thermal_intrinsics,
            inputs.rgb_intrinsics,
            inverse(inputs.thermal_T_rgb),
        )
        counts = found.visible * (depth > 0)
    return (torch.log(torch.where(depth > 0, depth, 1.0)) - truth[:, :1]) * counts, counts


def fused_in_rgb(
    prediction: DepthPrediction, rgb: Tensor, thermal: Tensor, inputs: DepthInputs
) -> tuple[Tensor, Tensor]:
    """Fused depth at the points that the RGB camera sees.

    Args:
        prediction, rgb, thermal, inputs: as in ``rgb_in_thermal``.

    Returns:
        Error of the log-depth, 0 where it does not count, and where it counts; (B, 1, h, w), RGB
        view. The gradient reaches the fused depth around the points.
    """
    with torch.no_grad():
        found = _counterpart(
            rgb, thermal, inputs.rgb_intrinsics, inputs.thermal_intrinsics, inputs.thermal_T_rgb
        )
        counts = found.visible * (sample(prediction.known, found.grid) > _WHOLLY)
    return (sample(prediction.log_depth, found.grid) - found.log_depth) * counts, counts


def _counterpart(
    truth: Tensor, other_truth: Tensor, K: Tensor, other_K: Tensor, other_T_own: Tensor
) -> Counterpart:
    """Look the points of one view up in the other.

    Args:
        truth, other_truth: (B, 2, H, W), of the own and the other view: log of metres, 1 where
            valid.
        K, other_K: (B, 3, 3), pixels.
        other_T_own: (B, 4, 4), metres.
    """
    truth = _pick(truth)
    depth, valid = torch.exp(truth[:, :1]), truth[:, 1:]
    rays = _picked_rays(K, *depth.shape[2:])
    grid = sampling_grid(depth, valid, rays, other_K, other_T_own, _STRIDE)
    log_depth = torch.log(_depth_from(depth, rays, other_T_own).clamp(min=1e-3))
    # Between two pixels the logarithm of the depth is nearly linear; across an edge, where it is
    # not, the mixture agrees with neither side.
    there = sample(other_truth, grid)
    agrees = (there[:, :1] - log_depth).abs() < _SAME_SURFACE
    visible = valid * (there[:, 1:] > _WHOLLY) * agrees
    return Counterpart(grid, log_depth, visible)


def _pick(x: Tensor) -> Tensor:
    """The compared pixels."""
    return x[..., 1::_STRIDE, 1::_STRIDE]


def _picked_rays(K: Tensor, height: int, width: int) -> View:
    """Rays of the compared pixels; ``height`` x ``width`` of them."""
    focal = K[:, :2, :2] / _STRIDE
    center = (K[:, :2, 2:] - 1.0) / _STRIDE
    return view(torch.cat([focal, center], dim=2), height, width)


def _depth_from(depth: Tensor, rays: View, other_T_own: Tensor) -> Tensor:
    """(B, 1, h, w), metres along the other camera's axis, of the points at ``depth``."""
    x, y, z, shift = other_T_own[:, 2].unsqueeze(-1).unbind(dim=1)
    slope = x * rays.x + y * rays.y + z
    return depth * slope.view_as(depth) + shift.view(-1, 1, 1, 1)
