"""How the cameras are carried: a vehicle on a street, a tracked robot among rubble."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rgbt_perception.simulation.parts import Motion, Pose
from rgbt_perception.simulation.scenes.item import Rng
from rgbt_perception.simulation.scenes.path import Distance, Path
from rgbt_perception.simulation.scenes.rotations import euler

Wave = tuple[float, float, float]
"""Amplitude, angular rate in 1/s, phase."""


def _waves(rng: Rng, amplitude: float, rates_hz: tuple[float, float], count: int) -> list[Wave]:
    shares = rng.dirichlet([1.0] * count) * amplitude
    rates = 2 * math.pi * rng.uniform(*rates_hz, count)
    phases = rng.uniform(0, 2 * math.pi, count)
    return [(float(a), float(w), float(p)) for a, w, p in zip(shares, rates, phases, strict=True)]


def _sum(waves: list[Wave], time: float) -> float:
    return sum(a * math.sin(w * time + p) for a, w, p in waves)


@dataclass(frozen=True)
class Carrier:
    """Limits of a moving base.

    Attributes:
        height: lowest and highest mounting height, metres.
        wobble: sideways drift within the lane, metres.
        gaze: slow looking to the sides, radians.
        pitch: constant downward pitch, lowest and highest, radians.
        shake: fast pitch, roll and yaw, radians.
        heave: fast vertical movement, metres.
        climb: slow pitch and roll from uneven ground, radians.
    """

    height: tuple[float, float]
    wobble: float
    gaze: float
    pitch: tuple[float, float]
    shake: float
    heave: float
    climb: float


VEHICLE = Carrier((1.2, 2.2), 0.2, 0.03, (-0.02, 0.09), 0.008, 0.012, 0.012)
ROBOT = Carrier((0.3, 0.9), 0.12, 0.45, (-0.12, 0.08), 0.025, 0.015, 0.06)


def carry(rng: Rng, carrier: Carrier, path: Path, distance: Distance) -> Motion:
    """Pose of ``base_link`` for a base that follows a path, shaken as its kind is.

    Args:
        rng: random numbers.
        carrier: vehicle or robot.
        path: on the ground, metres.
        distance: metres along the path over time.
    """
    height = float(rng.uniform(*carrier.height))
    down = float(rng.uniform(*carrier.pitch))
    # Slow movements go with the way travelled: a rig that stands still does not sway.
    drift = _waves(rng, carrier.wobble, (0.01, 0.03), 2)
    uneven_pitch = _waves(rng, carrier.climb, (0.03, 0.3), 3)
    uneven_roll = _waves(rng, carrier.climb, (0.03, 0.3), 3)
    gaze = _waves(rng, carrier.gaze, (0.03, 0.15), 2)
    shakes = [_waves(rng, carrier.shake, (0.8, 6.0), 4) for _ in range(3)]
    heave = _waves(rng, carrier.heave, (0.8, 5.0), 3)

    def motion(time: float) -> Pose:
        station = distance(time)
        x, y, heading = path.at(station, _sum(drift, station))
        speed = distance(time + 0.05) - distance(time - 0.05)
        liveliness = min(1.0, 0.15 + 20.0 * speed * carrier.shake / carrier.height[1])
        pitch = down + _sum(uneven_pitch, station) + liveliness * _sum(shakes[0], time)
        roll = _sum(uneven_roll, station) + liveliness * _sum(shakes[1], time)
        yaw = heading + _sum(gaze, time) + liveliness * _sum(shakes[2], time)
        z = height + liveliness * _sum(heave, time)
        return (x, y, z), euler(yaw, pitch, roll)

    return motion
