"""The 3D cross-modal transformation of "Unveiling the Depths", inside the graph.

Coarse RGB depth is lifted with K, moved by the extrinsics and projected into the thermal view. The
paper names these steps; z-buffer, closing of cracks and the way back for features are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

NEAREST = 0.05
"""Metres: points nearer to a camera's plane than this are not projected."""

EMPTY = 1e4
"""Metres: content of a z-buffer cell in which nothing landed."""

_OUTSIDE = -4.0


@dataclass(frozen=True)
class View:
    """Rays of a pixel grid.

    Attributes:
        x, y: (B, H * W), ray direction per pixel at z = 1, optical frame.
        height, width: grid size.
    """

    x: Tensor
    y: Tensor
    height: int
    width: int


def view(intrinsics: Tensor, height: int, width: int, stride: int = 1) -> View:
    """Rays of every pixel, or of the centres of ``stride`` x ``stride`` blocks.

    Args:
        intrinsics: (B, 3, 3), pixels of the full grid.
        height, width: size of the full grid.
        stride: block size.
    """
    rows, columns = height // stride, width // stride
    fx, fy, cx, cy = _pinhole(intrinsics)
    center = (stride - 1) / 2
    device = intrinsics.device
    u = torch.arange(columns, dtype=torch.float32, device=device) * stride + center
    v = torch.arange(rows, dtype=torch.float32, device=device) * stride + center
    x = ((u.view(1, 1, -1) - cx.view(-1, 1, 1)) / fx.view(-1, 1, 1)).expand(-1, rows, -1)
    y = ((v.view(1, -1, 1) - cy.view(-1, 1, 1)) / fy.view(-1, 1, 1)).expand(-1, -1, columns)
    return View(x.flatten(1), y.flatten(1), rows, columns)


def splat(
    depth: Tensor, mask: Tensor, source: View, target_K: Tensor, target_T_source: Tensor
) -> Tensor:
    """Forward warp with a z-buffer: the depth of one camera seen from another of equal grid size.

    Args:
        depth: (B, 1, H, W), metres, source view.
        mask: (B, 1, H, W), 1 where the source has a picture.
        source: rays of the source grid.
        target_K: (B, 3, 3), pixels.
        target_T_source: (B, 4, 4), metres.

    Returns:
        (B, 1, H, W): metres in the target view, 0 where nothing lands. Gaps of one or two pixels
        between landed ones are closed.
    """
    batch, _, height, width = depth.shape
    u, v, z = _project(depth.flatten(1), source, target_K, target_T_source)
    u, v = torch.round(u), torch.round(v)
    valid = (z > NEAREST) & (mask.flatten(1) > 0.5)
    valid = valid & (u >= 0) & (u <= width - 1) & (v >= 0) & (v <= height - 1)
    # One more cell collects what is not valid.
    cell = torch.where(valid, v * width + u, float(height * width)).to(torch.int64)
    buffer = z.new_full((batch, 1), EMPTY).expand(-1, height * width + 1)
    nearest = buffer.scatter_reduce(
        1, cell, torch.where(valid, z, EMPTY), "amin", include_self=True
    )
    landed = nearest[:, :-1].reshape(batch, 1, height, width)
    return close_cracks(landed)


def close_cracks(nearest: Tensor) -> Tensor:
    """Fill gaps of one or two pixels with the nearest neighbour's depth (ours).

    A morphological closing of the landed pixels decides where, so that the border of a large hole
    stays where it is.

    Args:
        nearest: (B, 1, H, W), metres, EMPTY where nothing landed.

    Returns:
        (B, 1, H, W): metres, 0 where nothing is known.
    """
    landed = (nearest < EMPTY).to(nearest.dtype)
    closed = -F.max_pool2d(-F.max_pool2d(landed, 3, 1, 1), 3, 1, 1)
    neighbour = -F.max_pool2d(-nearest, 3, 1, 1)
    filled = torch.where(landed > 0.5, nearest, neighbour)
    return torch.where(closed > 0.5, filled, 0.0)


def sampling_grid(
    depth: Tensor, known: Tensor, target: View, source_K: Tensor, source_T_target: Tensor, size: int
) -> Tensor:
    """Where the target's pixels are found in the source picture, as ``grid_sample`` wants it.

    Args:
        depth: (B, 1, h, w), metres, target view.
        known: (B, 1, h, w), 1 where ``depth`` means something.
        target: rays of the same h x w grid.
        source_K: (B, 3, 3), pixels of the full source grid.
        source_T_target: (B, 4, 4), metres.
        size: block size of ``target``'s grid (both cameras' full grids have equal size).

    Returns:
        (B, h, w, 2): columns and rows, -1 to 1 over the picture (``align_corners=False``), outside
        where the source cannot see the point.
    """
    u, v, z = _project(depth.flatten(1), target, source_K, source_T_target)
    seen = (z > NEAREST) & (known.flatten(1) > 0.5)
    x = torch.where(seen, (2 * u + 1) / (target.width * size) - 1, _OUTSIDE)
    y = torch.where(seen, (2 * v + 1) / (target.height * size) - 1, _OUTSIDE)
    # Far outside is as good as outside, and stays finite in half precision.
    limit = -_OUTSIDE
    grid = torch.stack([x.clamp(-limit, limit), y.clamp(-limit, limit)], dim=-1)
    return grid.reshape(-1, target.height, target.width, 2)


def sample(picture: Tensor, grid: Tensor) -> Tensor:
    """Bilinear samples, 0 outside; (B, C, ...) at (B, h, w, 2) to (B, C, h, w)."""
    return F.grid_sample(picture, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def inverse(target_T_source: Tensor) -> Tensor:
    """(B, 4, 4) rigid transforms the other way round."""
    rotation = target_T_source[:, :3, :3].transpose(1, 2)
    translation = -(rotation @ target_T_source[:, :3, 3:])
    return torch.cat([torch.cat([rotation, translation], dim=2), target_T_source[:, 3:]], dim=1)


def _pinhole(intrinsics: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    # An absent camera may come with zeros: its values are masked, but must stay finite.
    fx, fy = intrinsics[:, 0, 0].clamp(min=1.0), intrinsics[:, 1, 1].clamp(min=1.0)
    return fx, fy, intrinsics[:, 0, 2], intrinsics[:, 1, 2]


def _project(
    z: Tensor, source: View, target_K: Tensor, target_T_source: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Pixels and depths (B, N) of source points in the target view."""
    points = torch.stack([source.x * z, source.y * z, z], dim=1)
    moved = target_T_source[:, :3, :3] @ points + target_T_source[:, :3, 3:]
    depth = moved[:, 2]
    fx, fy, cx, cy = (value.unsqueeze(1) for value in _pinhole(target_K))
    safe = depth.clamp(min=NEAREST)
    return fx * moved[:, 0] / safe + cx, fy * moved[:, 1] / safe + cy, depth
