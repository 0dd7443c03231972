"""One camera's pixels, with their depth, in another camera."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rgbt_perception.frames import FloatImage, Matrix, Pinhole


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
