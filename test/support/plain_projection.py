"""Projection and splat of a depth picture, point by point: the references of faster versions."""

from __future__ import annotations

import numpy as np


def project_depth(depth, camera, target, target_T_camera):
    """Where each pixel lies in another camera.

    Args:
        depth: (H, W), metres in ``camera``, NaN where unknown.
        camera, target: pinholes.
        target_T_camera: (4, 4), metres.

    Returns:
        (3, H, W) float64: column and row, pixels of ``target``, and depth, metres in it.
    """
    result = np.full((3, *depth.shape), np.nan)
    for v, u in np.ndindex(depth.shape):
        z = depth[v, u]
        ray = (u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, 1.0
        x, y, there, _ = target_T_camera @ np.array([*(z * np.array(ray)), 1.0])
        with np.errstate(divide="ignore", invalid="ignore"):
            place = target.fx * x / there + target.cx, target.fy * y / there + target.cy
        result[:, v, u] = *place, there
    return result


def nearest_depth(columns, rows, depths, width, height):
    """Splat with a z-buffer.

    Args:
        columns, rows: of every point, pixels; NaN is skipped.
        depths: metres; points behind the camera are skipped.
        width, height: of the result.

    Returns:
        (height, width) float64, metres of the nearest point, inf where nothing lands.
    """
    nearest = np.full((height, width), np.inf)
    for column, row, depth in zip(columns.flat, rows.flat, depths.flat, strict=True):
        if np.isnan([column, row, depth]).any() or depth <= 0:
            continue
        if -0.5 < column < width - 0.5 and -0.5 < row < height - 0.5:
            place = int(np.rint(row)), int(np.rint(column))
            nearest[place] = min(nearest[place], depth)
    return nearest
