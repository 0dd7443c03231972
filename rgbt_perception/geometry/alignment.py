"""One camera's picture in another camera's view, and where it is really seen: no ghosts."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.compiled import compiles, prepared
from rgbt_perception.frames import ColorImage, FloatImage, Mask, Matrix, Pinhole
from rgbt_perception.geometry.alignment_loop import fill_words, look_up
from rgbt_perception.geometry.projection import Projection, projection
from rgbt_perception.geometry.row_bands import row_bands
from rgbt_perception.geometry.scratch import Scratch

FARTHEST_M = 1e4
"""Stands for infinity, where the sky is."""

GHOST_PX = 1.5
"""A point whose parallax differs by more from that of the nearest one on its line is hidden."""

_NEAREST_M = 0.05
_OUTSIDE = np.float32(-10.0)
_AROUND = np.ones((3, 3), np.uint8)
_EVERYWHERE = np.empty((0, 0), np.bool_)
_NO_CELLS = np.empty((0, 0), np.float32)
# Whole numbers below are exact in single precision.
_EXACT = 1 << 24
_scratch = Scratch()


def align_picture(
    depth: FloatImage,
    camera: Pinhole,
    image: ColorImage,
    image_camera: Pinhole,
    image_T_camera: Matrix,
    valid: Mask | None = None,
) -> tuple[ColorImage, Mask]:
    """Look every pixel's point up in another camera's picture.

    A point that something nearer hides from that camera would show what hides it: a ghost. Whether
    it is hidden is decided in that camera's pixels (ours): of the points that fall into one
    neighbourhood of its picture, those whose parallax differs from the nearest one's by more than
    ``GHOST_PX`` lie behind it. Slanted ground passes, because its parallax hardly changes from one
    pixel to the next however fast its depth does.

    Args:
        depth: (H, W) float32, metres in ``camera``, NaN where unknown, inf for the sky.
        camera: pinhole of the depth.
        image: (h, w, 3) uint8 of ``image_camera``.
        image_camera: pinhole of the picture.
        image_T_camera: (4, 4), metres.
        valid: (h, w) bool, False where the picture has no content; None = everywhere.

    Returns:
        (H, W, 3) uint8, 0 where not seen, and (H, W) bool, True where seen.
    """
    known = projection(camera, image_camera, image_T_camera)
    baseline = float(np.linalg.norm(image_T_camera[:3, 3]))
    grid = _grid(image_camera, min(1.0, camera.fx / image_camera.fx))
    # Nearer by so much than a point, something hides it.
    step = GHOST_PX / (image_camera.fx * baseline) if baseline > 0 else None
    # A loop checks no bounds.
    fits = depth.shape == _shape(camera) and image.shape[:2] == _shape(image_camera)
    fits &= valid is None or valid.shape == image.shape[:2]
    align = _align_in_one_loop if fits and compiles() else _align
    return align(depth, image, image_camera, valid, known, grid, step)


def _shape(camera: Pinhole) -> tuple[int, int]:
    return camera.height, camera.width


def _align(
    depth: FloatImage,
    image: ColorImage,
    image_camera: Pinhole,
    valid: Mask | None,
    known: Projection,
    grid: _Grid,
    step: float | None,
) -> tuple[ColorImage, Mask]:
    """See ``align_picture``; without a ``step`` nothing can be hidden."""
    height, width = depth.shape
    columns = _scratch.floats("columns", height, width)
    rows = _scratch.floats("rows", height, width)
    nearness = _scratch.floats("nearness", height, width)
    cells = _scratch.indices("cells", height, width)
    seen = np.empty((height, width), np.bool_)
    nearest = grid.empty()
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for band in row_bands(height, width):
            places = columns[band], rows[band], nearness[band]
            _look_up(depth[band], known.rows(band), places)
            _see(places, image_camera, seen[band])
            if step is not None:
                grid.cells(places, seen[band], cells[band])
                np.maximum.at(nearest, cells[band].reshape(-1), nearness[band].reshape(-1))
        if step is not None:
            front = grid.front(nearest, step)
        for band in row_bands(height, width):
            if step is not None:
                limit = front.take(cells[band].reshape(-1), mode="clip").reshape(-1, width)
                seen[band] &= nearness[band] >= limit
            np.copyto(columns[band], _OUTSIDE, where=~seen[band])
    picture = cv2.remap(image, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    if valid is not None:
        whole = cv2.remap(
            valid.view(np.uint8) * np.uint8(255),
            columns,
            rows,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
        )
        seen &= whole == 255
        picture[~seen] = 0
    return picture, seen


def _align_in_one_loop(
    depth: FloatImage,
    image: ColorImage,
    image_camera: Pinhole,
    valid: Mask | None,
    known: Projection,
    grid: _Grid,
    step: float | None,
) -> tuple[ColorImage, Mask]:
    """As ``_align``, bit for bit."""
    height, width = depth.shape
    rows, columns, _ = image.shape
    words = _scratch.floats("words", (rows + 1) * columns + 1).view(np.uint32)
    whole = _EVERYWHERE if valid is None else prepared(valid)
    fill_words(prepared(image), whole, words)
    nearest = front = _NO_CELLS
    if step is not None:
        nearest = _scratch.floats("nearest_cells", grid.height, grid.width)
        front = _scratch.floats("front_cells", grid.height, grid.width)
    # A pixel is written as a word of four bytes: the last one ends behind the picture.
    picture = np.empty(height * width * 3 + 1, np.uint8)
    seen = np.empty((height, width), np.bool_)
    look_up(
        prepared(np.asarray(depth, np.float32)),
        known.by_column,
        known.by_row,
        known.shift,
        (np.float32(FARTHEST_M), np.float32(1.0 / _NEAREST_M), np.float32(step or 0.0)),
        np.ndarray((len(words) - 1,), np.uint64, words, strides=words.strides),
        (columns, rows),
        (np.float32(grid.scale_x), np.float32(grid.scale_y)),
        nearest,
        front,
        np.ndarray((height * width,), np.uint32, picture, strides=(3,)),
        seen,
    )
    return picture[:-1].reshape(height, width, 3), seen


def _look_up(
    depth: FloatImage, known: Projection, places: tuple[FloatImage, FloatImage, FloatImage]
) -> None:
    """Write column, row (pixels) and 1 / depth (1 / m) in the other camera; NaN where unknown."""
    columns, rows, nearness = places
    reach = np.minimum(depth, np.float32(FARTHEST_M))
    known.scale(2, reach, nearness)
    np.reciprocal(nearness, out=nearness)
    for axis, along in enumerate((columns, rows)):
        known.scale(axis, reach, along)
        along *= nearness


def _see(places: tuple[FloatImage, FloatImage, FloatImage], camera: Pinhole, seen: Mask) -> None:
    """Write what lies in front of a camera and within its picture."""
    columns, rows, nearness = places
    np.greater(nearness, np.float32(0.0), out=seen)
    seen &= nearness < np.float32(1.0 / _NEAREST_M)
    seen &= columns >= 0
    seen &= columns <= camera.width - 1
    seen &= rows >= 0
    seen &= rows <= camera.height - 1


@dataclass(frozen=True)
class _Grid:
    """Cells of a camera's picture; of the points in a cell the nearest one counts.

    Attributes:
        width, height: cells.
        scale_x, scale_y: cells per pixel.
    """

    width: int
    height: int
    scale_x: float
    scale_y: float

    def cells(
        self,
        places: tuple[FloatImage, FloatImage, FloatImage],
        seen: Mask,
        cells: npt.NDArray[np.intp],
    ) -> None:
        """Write each point's flat index; what is not seen goes to one more cell at the end."""
        x, y = (
            np.rint(along if scale == 1 else (along + np.float32(0.5)) * scale - np.float32(0.5))
            for along, scale in (
                (places[0], np.float32(self.scale_x)),
                (places[1], np.float32(self.scale_y)),
            )
        )
        if self.width * self.height < _EXACT:
            y *= np.float32(self.width)
            y += x
            np.copyto(y, np.float32(self.width * self.height), where=~seen)
            cells[:] = y
        else:
            cells[:] = y.astype(np.float64) * self.width + x
            np.copyto(cells, self.width * self.height, where=~seen)

    def empty(self) -> FloatImage:
        """(cells + 1,) float32, 1 / m, of the nearest point in each cell: of none yet."""
        nearest = _scratch.floats("nearest", self.width * self.height + 1)
        nearest[:] = 0.0
        return nearest

    def front(self, nearest: FloatImage, step: float) -> FloatImage:
        """(cells + 1,) float32, 1 / m: of the nearest point in 3 x 3 cells, less ``step``."""
        front = _scratch.floats("front", *nearest.shape)
        shape = (self.height, self.width)
        cv2.dilate(nearest[:-1].reshape(shape), _AROUND, dst=front[:-1].reshape(shape))
        front -= np.float32(step)
        # What is not seen stays so: it has nothing in front.
        front[-1] = -np.inf
        return front


def _grid(camera: Pinhole, scale: float) -> _Grid:
    """``scale`` cells per pixel, as nearly as whole numbers allow."""
    width, height = max(1, int(camera.width * scale)), max(1, int(camera.height * scale))
    return _Grid(width, height, width / camera.width, height / camera.height)
