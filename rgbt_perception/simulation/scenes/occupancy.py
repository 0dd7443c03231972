"""Which ground is taken, so that objects neither overlap nor stand in anybody's way."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]

_PIECE = 32


class Occupancy:
    """Oriented rectangles on the ground, and lanes that must stay free.

    Positions in metres in the world.
    """

    def __init__(self) -> None:
        # Rows of x, y, cosine, sine, half extents; grown by doubling.
        self._store = np.empty((64, 6))
        self._count = 0
        # Lanes in short pieces, with the box round each: low x, low y, high x, high y.
        self._lanes: list[tuple[Points, float]] = []
        self._bounds = np.empty((0, 4))

    def keep_free(self, points: Points, margin: float) -> None:
        """Reserve ``margin`` metres round every one of ``points`` (N, 2)."""
        for start in range(0, len(points), _PIECE):
            piece = points[start : start + _PIECE]
            low, high = piece.min(axis=0) - margin, piece.max(axis=0) + margin
            self._lanes.append((piece, margin))
            self._bounds = np.vstack([self._bounds, [*low, *high]])

    def take(self, x: float, y: float, yaw: float, footprint: tuple[float, float]) -> None:
        """Claim a rectangle with these half extents, centred at (x, y), without asking."""
        self._append(x, y, math.cos(yaw), math.sin(yaw), *footprint)

    def try_take(
        self,
        x: float,
        y: float,
        yaw: float,
        footprint: tuple[float, float],
        gap: float = 0.1,
        canopy: float = 0.0,
    ) -> bool:
        """Claim a rectangle if it is free with ``gap`` metres round it.

        Args:
            x, y, yaw: centre and direction of the rectangle, metres and radians.
            footprint: its half extents, metres.
            gap: to other rectangles, metres.
            canopy: half extent, metres, that must not reach over lanes.
        """
        c, s = math.cos(yaw), math.sin(yaw)
        hx, hy = max(footprint[0], canopy), max(footprint[1], canopy)
        reach = math.hypot(hx, hy)
        low_x, low_y, high_x, high_y = self._bounds.T
        near_x = (low_x < x + reach) & (high_x > x - reach)
        near_y = (low_y < y + reach) & (high_y > y - reach)
        for number in np.flatnonzero(near_x & near_y).tolist():
            points, margin = self._lanes[number]
            offset = points - (x, y)
            ahead = np.abs(offset[:, 0] * c + offset[:, 1] * s)
            aside = np.abs(offset[:, 1] * c - offset[:, 0] * s)
            if bool(((ahead < hx + margin) & (aside < hy + margin)).any()):
                return False
        hx, hy = footprint
        if self._overlaps(x, y, c, s, hx + gap, hy + gap):
            return False
        self._append(x, y, c, s, hx, hy)
        return True

    def is_clear(self, points: Points, margin: float) -> bool:
        """Whether all of ``points`` (N, 2) keep ``margin`` metres from every rectangle."""
        x, y, c, s, hx, hy = self._store[: self._count].T[:, None]
        dx, dy = points[:, :1] - x, points[:, 1:] - y
        inside = (np.abs(dx * c + dy * s) < hx + margin) & (np.abs(dy * c - dx * s) < hy + margin)
        return not bool(inside.any())

    def _append(self, *row: float) -> None:
        if self._count == len(self._store):
            self._store = np.vstack([self._store, np.empty_like(self._store)])
        self._store[self._count] = row
        self._count += 1

    def _overlaps(self, x: float, y: float, c: float, s: float, hx: float, hy: float) -> bool:
        # Separating axes of two rectangles: the two of ours, then the two of each other one.
        ox, oy, oc, os, ohx, ohy = self._store[: self._count].T
        dx, dy = ox - x, oy - y
        cosine, sine = np.abs(c * oc + s * os), np.abs(s * oc - c * os)
        apart = (
            (np.abs(dx * c + dy * s) > hx + ohx * cosine + ohy * sine)
            | (np.abs(dy * c - dx * s) > hy + ohx * sine + ohy * cosine)
            | (np.abs(dx * oc + dy * os) > ohx + hx * cosine + hy * sine)
            | (np.abs(dy * oc - dx * os) > ohy + hx * sine + hy * cosine)
        )
        return not bool(apart.all())
