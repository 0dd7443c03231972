"""Animals: dogs that trot, cats and birds that sit."""

from __future__ import annotations

import math

from rgbt_perception.simulation.parts import Heat, MaterialName, Pose, Shape, Vector
from rgbt_perception.simulation.scenes.item import Item, Limb, Rng
from rgbt_perception.simulation.scenes.labels import Label
from rgbt_perception.simulation.scenes.palette import HAIRS, pick
from rgbt_perception.simulation.scenes.rotations import turn_y
from rgbt_perception.simulation.scenes.solids import ball, ellipsoid, rod

M = MaterialName
A = Label.UNLABELLED


def dog(rng: Rng, speed: float = 0.0) -> Item:
    """A dog; with a speed in metres per second it trots along x."""
    size = float(rng.uniform(0.6, 1.2))
    fur = pick(rng, HAIRS)
    coat, face = (Heat(6.0),), (Heat(9.0),)
    body = (0.0, 0.0, 0.45 * size)
    parts = (
        ellipsoid((0.36 * size, 0.13 * size, 0.15 * size), body, M.HAIR, A, fur, heat=coat),
        ellipsoid((0.15 * size, 0.08 * size, 0.09 * size), (0.45 * size, 0, 0.63 * size), M.HAIR, A,
                  fur, heat=face),
        rod(0.06 * size, (0.28 * size, 0, 0.48 * size), (0.42 * size, 0, 0.6 * size), M.HAIR, A,
            fur, heat=coat),
        rod(0.025 * size, (-0.33 * size, 0, 0.5 * size), (-0.55 * size, 0, 0.68 * size), M.HAIR, A,
            fur, Shape.CAPSULE, coat),
    )  # fmt: skip
    leg = rod(0.04 * size, (0, 0, -0.38 * size), (0, 0, 0.05), M.HAIR, A, fur, Shape.CAPSULE,
              (Heat(5.0),))  # fmt: skip
    rate = 2 * math.pi * speed / (1.1 * size)

    def motion_of(x: float, y: float, phase: float) -> Limb:
        def motion(time: float) -> Pose:
            swing = 0.5 * math.sin(rate * time + phase) if speed else 0.0
            return (x, y, 0.42 * size), turn_y(swing)

        return Limb(f"leg_{'front' if x > 0 else 'hind'}_{'left' if y > 0 else 'right'}", motion,
                    (leg,))  # fmt: skip

    limbs = tuple(
        motion_of(x * size, y * size, 0.0 if x * y > 0 else math.pi)
        for x in (0.25, -0.25)
        for y in (0.09, -0.09)
    )
    return Item("dog", parts, (0.5, 0.25), limbs=limbs)


def cat(rng: Rng) -> Item:
    """A sitting cat."""
    fur = pick(rng, HAIRS)
    warm = (Heat(7.0),)
    upright: Vector = (0.0, 0.0, 0.15)
    parts = (
        ellipsoid((0.11, 0.09, 0.16), upright, M.HAIR, A, fur, heat=warm),
        ball(0.065, (0.06, 0, 0.34), M.HAIR, A, fur, heat=(Heat(10.0),)),
        rod(0.02, (-0.08, 0, 0.03), (-0.25, 0.12, 0.03), M.HAIR, A, fur, Shape.CAPSULE, warm),
    )
    return Item("cat", parts, (0.25, 0.15))


def pigeons(rng: Rng) -> Item:
    """A few pigeons on the ground."""
    parts = []
    for _ in range(int(rng.integers(2, 5))):
        x, y = (float(v) for v in rng.uniform(-0.6, 0.6, 2))
        turn = turn_y(-0.3)
        parts.append(ellipsoid((0.13, 0.06, 0.07), (x, y, 0.12), M.HAIR, A, (0.25, 0.26, 0.3), turn,
                               (Heat(8.0),)))  # fmt: skip
        parts.append(
            ball(0.035, (x + 0.1, y, 0.22), M.HAIR, A, (0.15, 0.2, 0.2), heat=(Heat(9.0),))
        )
    return Item("pigeons", tuple(parts), (0.7, 0.7))
