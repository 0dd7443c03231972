"""Plane curves of straight lines and arcs, and movement along them."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from rgbt_perception.simulation.parts import Motion, Pose
from rgbt_perception.simulation.scenes.item import Rng
from rgbt_perception.simulation.scenes.rotations import turn_z

Distance = Callable[[float], float]
"""Time in seconds to metres travelled."""


class Path:
    """A curve by arc length; it goes on straight before its start and beyond its end."""

    def __init__(
        self,
        pieces: Sequence[tuple[float, float]],
        start: tuple[float, float, float] = (0.0, 0.0, 0.0),
    ) -> None:
        """Join pieces smoothly.

        Args:
            pieces: (length in metres, curvature in 1/metres, positive to the left) each.
            start: x, y in metres and heading in radians.
        """
        self._stations = [0.0]
        self._poses = [start]
        self._curvatures = []
        for length, curvature in pieces:
            self._curvatures.append(curvature)
            self._stations.append(self._stations[-1] + length)
            self._poses.append(_advance(self._poses[-1], length, curvature))
        self.length = self._stations[-1]

    def at(self, station: float, lateral: float = 0.0) -> tuple[float, float, float]:
        """x, y and heading at ``station`` metres, ``lateral`` metres to the left."""
        if station <= 0.0:
            x, y, heading = _advance(self._poses[0], station, 0.0)
        elif station >= self.length:
            x, y, heading = _advance(self._poses[-1], station - self.length, 0.0)
        else:
            piece = bisect_right(self._stations, station) - 1
            x, y, heading = _advance(
                self._poses[piece], station - self._stations[piece], self._curvatures[piece]
            )
        return x - lateral * math.sin(heading), y + lateral * math.cos(heading), heading

    def curvature(self, station: float) -> float:
        """1/metres, positive to the left."""
        if not 0.0 <= station < self.length:
            return 0.0
        return self._curvatures[bisect_right(self._stations, station) - 1]

    def bend(self, start: float, end: float) -> float:
        """The curvature of largest size between two stations (ends and middle looked at)."""
        stations = (start + 1e-3, (start + end) / 2, end - 1e-3)
        return max((self.curvature(station) for station in stations), key=abs)

    def points(
        self, start: float, end: float, step: float, lateral: float = 0.0
    ) -> npt.NDArray[np.float64]:
        """(N, 2) positions every ``step`` metres or a little less."""
        stations = np.linspace(start, end, max(2, math.ceil((end - start) / step) + 1))
        return np.array([self.at(station, lateral)[:2] for station in stations.tolist()])


def _advance(
    pose: tuple[float, float, float], length: float, curvature: float
) -> tuple[float, float, float]:
    x, y, heading = pose
    if abs(curvature) < 1e-9:
        return x + length * math.cos(heading), y + length * math.sin(heading), heading
    after = heading + curvature * length
    return (
        x + (math.sin(after) - math.sin(heading)) / curvature,
        y + (math.cos(heading) - math.cos(after)) / curvature,
        after,
    )


def winding(rng: Rng, length: float, radius: tuple[float, float], straight: float) -> Path:
    """A path of lines and arcs that never turns far from its first heading.

    Args:
        rng: random numbers.
        length: at least this long, metres.
        radius: smallest and largest radius of the arcs, metres.
        straight: longest straight piece, metres.
    """
    pieces: list[tuple[float, float]] = []
    total, heading = 0.0, 0.0
    while total < length:
        line = float(rng.uniform(0.3, 1.0)) * straight
        turn = float(rng.uniform(0.15, 0.6)) * (-1.0 if heading > 0 else 1.0)
        if heading == 0.0 and rng.random() < 0.5:
            turn = -turn
        bend = float(rng.uniform(*radius))
        pieces += [(line, 0.0), (abs(turn) * bend, math.copysign(1.0 / bend, turn))]
        total += line + abs(turn) * bend
        heading += turn
    return Path(pieces)


def steady(speed: float, start: float = 0.0) -> Distance:
    """Distance at constant speed (metres per second, may be negative) from ``start``."""

    def distance(time: float) -> float:
        return start + speed * time

    return distance


def unsteady(rng: Rng, speed: float, depth: float, start: float = 0.0) -> Distance:
    """Distance at a speed that swings slowly round ``speed``, never backwards.

    Args:
        rng: random numbers.
        speed: mean, metres per second.
        depth: 0 steady, 1 comes to a stand now and then.
        start: distance at time zero, metres.
    """
    shares = rng.dirichlet([1.0, 1.0]) * depth
    rates = 2 * math.pi / rng.uniform(9.0, 30.0, 2)
    phases = rng.uniform(0.0, 2 * math.pi, 2)
    waves = [(float(a), float(w), float(p)) for a, w, p in zip(shares, rates, phases, strict=True)]

    def distance(time: float) -> float:
        swing = sum(a / w * (math.sin(w * time + p) - math.sin(p)) for a, w, p in waves)
        return start + speed * (time + swing)

    return distance


def still(pose: Pose) -> Motion:
    """A motion that stays at a pose."""

    def motion(_time: float) -> Pose:
        return pose

    return motion


def along(path: Path, distance: Distance, lateral: float, height: float = 0.0) -> Motion:
    """Movement along a path, facing where the distance grows from time zero on.

    Args:
        path: the curve.
        distance: station on the curve over time; running backwards means facing backwards.
        lateral: metres to the left of the path (not of the mover).
        height: metres above the ground.
    """
    backwards = distance(1.0) < distance(0.0)

    def motion(time: float) -> Pose:
        x, y, heading = path.at(distance(time), lateral)
        return (x, y, height), turn_z(heading + math.pi if backwards else heading)

    return motion
