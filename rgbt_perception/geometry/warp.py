"""Colours of one camera seen from another, with hidden points left out."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from rgbt_perception.frames import ColorImage, FloatImage, Mask, Matrix, Pinhole

# The visibility test works on a grid this many times coarser than the depth picture.
COARSENESS = 4
# A point this much farther than the nearest one on its line of sight is hidden.
HIDDEN_RATIO = 1.08


@lru_cache(maxsize=8)
def _projection_planes(
    camera: Pinhole, target: Pinhole, transform: bytes
) -> tuple[FloatImage, FloatImage]:
    """What ``project_depth`` multiplies and adds, for a (4, 4) float64 target_T_camera's bytes.

    Returns:
        (3, H, W) float32, the target's K R applied to each pixel's ray, and (3,), K t.
    """
    target_T_camera = np.frombuffer(transform).reshape(4, 4)
    x = (np.arange(camera.width) - camera.cx) / camera.fx
    y = (np.arange(camera.height) - camera.cy) / camera.fy
    rays = np.stack(np.broadcast_arrays(x[None, :], y[:, None], 1.0))
    turned = np.tensordot(target.matrix @ target_T_camera[:3, :3], rays, axes=1)
    shift = target.matrix @ target_T_camera[:3, 3]
    return turned.astype(np.float32), shift.astype(np.float32)


def project_depth(
    depth: FloatImage, camera: Pinhole, target: Pinhole, target_T_camera: Matrix
) -> tuple[FloatImage, FloatImage, FloatImage]:
    """Where each pixel of a depth picture lies in another camera.

    Args:
        depth: (H, W) float32, metres in ``camera``, not finite where unknown.
        camera, target: pinholes.
        target_T_camera: (4, 4) float64, metres.

    Returns:
        Column, row (pixels of ``target``) and depth (metres in ``target``), each (H, W) float32,
        NaN where unknown; depth may be negative (behind).
    """
    turned, shift = _projection_planes(
        camera, target, np.ascontiguousarray(target_T_camera, np.float64).tobytes()
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        columns, rows, depths = (depth * turned[axis] for axis in range(3))
        depths += shift[2]
        columns += shift[0]
        rows += shift[1]
        columns /= depths
        rows /= depths
    return columns, rows, depths


def nearest_depth(
    columns: FloatImage, rows: FloatImage, depths: FloatImage, width: int, height: int
) -> FloatImage:
    """Forward splat with a z-buffer.

    Args:
        columns, rows: where each point lands, pixels; NaN is skipped.
        depths: metres; points behind the camera are skipped.
        width, height: size of the target picture.

    Returns:
        (height, width) float32, metres of the nearest point, inf where nothing lands.
    """
    with np.errstate(invalid="ignore"):
        usable = (depths > 0) & (columns > -0.5) & (rows > -0.5)
        usable &= (columns < width - 0.5) & (rows < height - 0.5)
    index = np.rint(rows[usable]).astype(np.intp) * width
    index += np.rint(columns[usable]).astype(np.intp)
    buffer = np.full(height * width, np.inf, np.float32)
    np.minimum.at(buffer, index, depths[usable])
    return buffer.reshape(height, width)


def colors_in_view(
    depth: FloatImage,
    camera: Pinhole,
    image: ColorImage,
    image_camera: Pinhole,
    image_T_camera: Matrix,
) -> ColorImage:
    """The colour of each depth pixel, taken from another camera's picture.

    A pixel whose point is hidden from the other camera by something nearer gets no colour: it
    would show the colour of what hides it. Visibility is decided on a coarse grid ("ours").

    Args:
        depth: (H, W) float32, metres in ``camera``, NaN where unknown.
        camera: pinhole of the depth.
        image: (h, w, 3) uint8 of ``image_camera``.
        image_camera: pinhole of the picture.
        image_T_camera: (4, 4), metres.

    Returns:
        (H, W, 3) uint8, 0 where unseen.
    """
    columns, rows, depths = project_depth(depth, camera, image_camera, image_T_camera)
    hidden = _hidden(columns, rows, depths, image_camera, image_camera.fx / camera.fx)
    with np.errstate(invalid="ignore"):
        np.copyto(columns, np.float32(-10.0), where=hidden | ~(depths > 0))
    return cv2.remap(
        image,
        columns,
        rows,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(0, 0, 0),
    )


def _hidden(
    columns: FloatImage,
    rows: FloatImage,
    depths: FloatImage,
    camera: Pinhole,
    magnification: float,
) -> Mask:
    """Pixels whose point lies behind the nearest one of its coarse cell.

    Within a cell the depth of a slanted surface varies too: that much, by the surface's own slope,
    is allowed beside ``HIDDEN_RATIO``.
    """
    step = COARSENESS
    # The grid is no finer than the points are, in either picture, so that it has no cracks.
    height = max(8, min(depths.shape[0], camera.height) // (2 * step))
    width = max(8, min(depths.shape[1], camera.width) // (2 * step))
    sx, sy = np.float32(width / camera.width), np.float32(height / camera.height)
    small = (slice(step // 2, None, step), slice(step // 2, None, step))
    points = depths[small]
    nearest = nearest_depth(
        (columns[small] + 0.5) * sx - 0.5, (rows[small] + 0.5) * sy - 0.5, points, width, height
    )
    # Depth steps between samples, and how many samples a cell is high and wide.
    samples = 1.0 / (np.array([sy, sx], np.float64) * magnification * step)
    allowed = _slope(points, 0) * samples[0] + _slope(points, 1) * samples[1]
    # Decided for every second pixel: the cells are coarser than that.
    half = (slice(None, None, 2), slice(None, None, 2))
    there = depths[half]
    seen = cv2.remap(
        nearest,
        (columns[half] + 0.5) * sx - 0.5,
        (rows[half] + 0.5) * sy - 0.5,
        cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=float("inf"),
    )
    seen *= np.float32(HIDDEN_RATIO)
    seen += cv2.resize(allowed.astype(np.float32), there.shape[::-1])
    with np.errstate(invalid="ignore"):
        hidden = (there > seen).view(np.uint8)
    full = cv2.resize(hidden, depths.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(full.view(np.bool_))


def _slope(depths: FloatImage, axis: int) -> FloatImage:
    """The smaller of the steps to both neighbours: a surface's slope, not the jump at its edge."""
    with np.errstate(invalid="ignore"):
        steps = np.abs(np.diff(depths, axis=axis))
    steps[~np.isfinite(steps)] = 0.0
    pad = [(1, 1) if a == axis else (0, 0) for a in range(2)]
    padded = np.pad(steps, pad, mode="edge")
    first = padded[:-1] if axis == 0 else padded[:, :-1]
    second = padded[1:] if axis == 0 else padded[:, 1:]
    return np.minimum(first, second)
