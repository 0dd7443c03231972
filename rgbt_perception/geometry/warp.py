"""Colours of one camera seen from another, with hidden points left out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from rgbt_perception.frames import ColorImage, FloatImage, Mask, Matrix, Pinhole
from rgbt_perception.geometry.row_bands import row_bands, rows_at_a_time

# The visibility test works on a grid this many times coarser than the depth picture.
COARSENESS = 4
# A point this much farther than the nearest one on its line of sight is hidden.
HIDDEN_RATIO = 1.08
_OUTSIDE = np.float32(-10.0)


@dataclass(frozen=True)
class Projection:
    """What projecting one camera's pixels into another multiplies and adds.

    The target's K R applied to a pixel's ray is the sum of what its column and its row bring: two
    lines instead of a picture, so that they stay in the processor's cache.

    Attributes:
        by_column: (3, 1, W) float32.
        by_row: (3, H, 1) float32.
        shift: (3,) float32, K t.
    """

    by_column: FloatImage
    by_row: FloatImage
    shift: FloatImage

    def rows(self, band: slice) -> Projection:
        """Of some rows only."""
        return Projection(self.by_column, self.by_row[:, band], self.shift)

    def sampled(self, step: int) -> Projection:
        """Of every n-th row and column only."""
        return Projection(self.by_column[..., ::step], self.by_row[:, ::step], self.shift)

    def scale(self, axis: int, depth: FloatImage, out: FloatImage) -> None:
        """Write (H, W): the point's coordinate along an axis, the last one being its depth."""
        np.add(self.by_column[axis], self.by_row[axis], out=out)
        out *= depth
        out += self.shift[axis]


def projection(camera: Pinhole, target: Pinhole, target_T_camera: Matrix) -> Projection:
    """For pixels of ``camera`` and their depth, kept from one call to the next.

    Args:
        camera, target: pinholes.
        target_T_camera: (4, 4) float64, metres.
    """
    transform = np.ascontiguousarray(target_T_camera, np.float64).tobytes()
    return _kept(camera, target, transform)


@lru_cache(maxsize=8)
def _kept(camera: Pinhole, target: Pinhole, transform: bytes) -> Projection:
    """The same for a (4, 4) float64 target_T_camera's bytes."""
    target_T_camera = np.frombuffer(transform).reshape(4, 4)
    x = (np.arange(camera.width) - camera.cx) / camera.fx
    y = (np.arange(camera.height) - camera.cy) / camera.fy
    turn = target.matrix @ target_T_camera[:3, :3]
    shift = target.matrix @ target_T_camera[:3, 3]
    by_column = turn[:, 0, None, None] * x[None, :]
    by_row = turn[:, 1, None, None] * y[:, None] + turn[:, 2, None, None]
    return Projection(*(part.astype(np.float32) for part in (by_column, by_row, shift)))


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
    known = projection(camera, target, target_T_camera)
    columns, rows, depths = (np.empty(depth.shape, np.float32) for _ in range(3))
    for band in row_bands(*depth.shape):
        _project(depth[band], known.rows(band), columns[band], rows[band], depths[band])
    return columns, rows, depths


def _project(
    depth: FloatImage,
    known: Projection,
    columns: FloatImage,
    rows: FloatImage,
    depths: FloatImage,
) -> None:
    """See ``project_depth``, which gives what is written to the last three."""
    with np.errstate(divide="ignore", invalid="ignore"):
        known.scale(2, depth, depths)
        for axis, places in enumerate((columns, rows)):
            known.scale(axis, depth, places)
            places /= depths


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
    known = projection(camera, image_camera, image_T_camera)
    hidden = _hidden(depth, known, image_camera, image_camera.fx / camera.fx)
    colors = np.empty((*depth.shape, 3), np.uint8)
    columns, rows, depths = (
        np.empty((rows_at_a_time(depth.shape[1]), depth.shape[1]), np.float32) for _ in range(3)
    )
    for band in row_bands(*depth.shape):
        here = slice(band.stop - band.start)
        _project(depth[band], known.rows(band), columns[here], rows[here], depths[here])
        with np.errstate(invalid="ignore"):
            seen = depths[here] > 0
        seen &= ~hidden[band]
        np.copyto(columns[here], _OUTSIDE, where=~seen)
        colors[band] = cv2.remap(
            image,
            columns[here],
            rows[here],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(0, 0, 0),
        )
    return colors


def _hidden(
    depth: FloatImage,
    known: Projection,
    camera: Pinhole,
    magnification: float,
) -> Mask:
    """Pixels whose point lies behind the nearest one of its coarse cell.

    Within a cell the depth of a slanted surface varies too: that much, by the surface's own slope,
    is allowed beside ``HIDDEN_RATIO``.
    """
    step = COARSENESS
    # The grid is no finer than the points are, in either picture, so that it has no cracks.
    height = max(8, min(depth.shape[0], camera.height) // (2 * step))
    width = max(8, min(depth.shape[1], camera.width) // (2 * step))
    sx, sy = np.float32(width / camera.width), np.float32(height / camera.height)
    # Decided for every second pixel: the cells are coarser than that.
    sample = np.ascontiguousarray(depth[::2, ::2])
    columns, rows, there = (np.empty(sample.shape, np.float32) for _ in range(3))
    _project(sample, known.sampled(2), columns, rows, there)
    for places, scale in ((columns, sx), (rows, sy)):
        places += np.float32(0.5)
        places *= scale
        places -= np.float32(0.5)
    small = (slice(step // 4, None, step // 2), slice(step // 4, None, step // 2))
    points = there[small]
    nearest = nearest_depth(columns[small], rows[small], points, width, height)
    # Depth steps between samples, and how many samples a cell is high and wide.
    samples = 1.0 / (np.array([sy, sx], np.float64) * magnification * step)
    allowed = _slope(points, 0) * samples[0] + _slope(points, 1) * samples[1]
    seen = cv2.remap(
        nearest,
        columns,
        rows,
        cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=float("inf"),
    )
    seen *= np.float32(HIDDEN_RATIO)
    seen += cv2.resize(allowed.astype(np.float32), there.shape[::-1])
    with np.errstate(invalid="ignore"):
        hidden = (there > seen).view(np.uint8)
    full = cv2.resize(hidden, depth.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(full.view(np.bool_))


def _slope(depths: FloatImage, axis: int) -> FloatImage:
    """The smaller of the steps to both neighbours: a surface's slope, not the jump at its edge."""
    along = depths if axis == 0 else depths.T
    slopes = np.zeros_like(along)
    if len(along) > 1:
        with np.errstate(invalid="ignore"):
            steps = np.abs(along[1:] - along[:-1])
        steps[~np.isfinite(steps)] = 0.0
        slopes[0], slopes[-1] = steps[0], steps[-1]
        np.minimum(steps[:-1], steps[1:], out=slopes[1:-1])
    return slopes if axis == 0 else slopes.T
