"""A bundle of rays from one point: its bounds, and how the world looks from its origin."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rgbt_perception.simulation.rendering.arrays import Array

_NARROW = 0.25
_SLACK = 1e-3


class Beam:
    """Rays with the tightest four planes round them.

    Attributes:
        start: (3,) metres, world.
        rays: (N, 3) float64, unit, contiguous.
    """

    def __init__(self, start: Array, rays: Array) -> None:
        self.start = start
        self.rays = rays
        self._planes: Array | None = None
        axis = rays.mean(axis=0) if len(rays) else np.zeros(3)
        norm = float(np.linalg.norm(axis))
        self._frame: Array | None = None
        if norm < 0.1:
            return
        axis /= norm
        # The side of a camera's picture stays level, so its planes fit tightly.
        side = np.cross(axis, (0.0, 0.0, 1.0))
        if np.linalg.norm(side) < 0.05:
            side = np.array([1.0, 0.0, 0.0])
        side -= axis * (side @ axis)
        side /= np.linalg.norm(side)
        frame = np.stack([axis, side, np.cross(axis, side)])
        forward, right, down = frame @ rays.T
        if forward.min() < _NARROW:
            return
        self._frame = frame
        right, down = right / forward, down / forward
        planes = np.array(
            [
                [_SLACK - right.min(), 1.0, 0.0],
                [_SLACK + right.max(), -1.0, 0.0],
                [_SLACK - down.min(), 0.0, 1.0],
                [_SLACK + down.max(), 0.0, -1.0],
            ]
        )
        planes /= np.linalg.norm(planes, axis=1, keepdims=True)
        self._planes = planes @ frame

    def meets(self, center: Array, radius: Array) -> npt.NDArray[np.bool_]:
        """Which spheres (P, 3), (P,) may be met by a ray; never misses one."""
        if self._planes is None:
            return np.ones(len(center), dtype=bool)
        inside: npt.NDArray[np.bool_] = (
            (center - self.start) @ self._planes.T > -radius[:, None]
        ).all(axis=1)
        return inside

    def seen(self, center: Array) -> Array:
        """Coordinates in which near points look alike from the origin, (P, 3)."""
        offset = center - self.start
        if self._frame is None:
            return offset
        forward, right, down = self._frame @ offset.T
        ahead = np.maximum(forward, 0.5)
        return np.stack([np.log(ahead) * 0.1, right / ahead, down / ahead], axis=1)
