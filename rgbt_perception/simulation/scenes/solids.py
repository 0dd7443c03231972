"""Short constructors of parts; lengths in metres, in the frame of the item under construction."""

from __future__ import annotations

import math

from rgbt_perception.simulation.parts import (
    IDENTITY,
    Heat,
    MaterialName,
    Part,
    Quaternion,
    Shape,
    Vector,
)
from rgbt_perception.simulation.scenes.rotations import z_towards


def box(
    half: Vector,
    at: Vector,
    material: MaterialName,
    label: int,
    color: Vector,
    turn: Quaternion = IDENTITY,
    heat: tuple[Heat, ...] = (),
) -> Part:
    """A box with these half extents round its centre ``at``."""
    return Part(Shape.BOX, half, at, turn, material, label, color, heat)


def ellipsoid(
    half: Vector,
    at: Vector,
    material: MaterialName,
    label: int,
    color: Vector,
    turn: Quaternion = IDENTITY,
    heat: tuple[Heat, ...] = (),
) -> Part:
    """An ellipsoid with these half axes round its centre ``at``."""
    return Part(Shape.ELLIPSOID, half, at, turn, material, label, color, heat)


def ball(
    radius: float,
    at: Vector,
    material: MaterialName,
    label: int,
    color: Vector,
    heat: tuple[Heat, ...] = (),
) -> Part:
    """A sphere."""
    return Part(Shape.SPHERE, (radius, 0.0, 0.0), at, IDENTITY, material, label, color, heat)


def post(
    radius: float,
    height: float,
    at: Vector,
    material: MaterialName,
    label: int,
    color: Vector,
    heat: tuple[Heat, ...] = (),
) -> Part:
    """An upright cylinder whose foot is at ``at``."""
    x, y, z = at
    size = (radius, height / 2, 0.0)
    return Part(
        Shape.CYLINDER, size, (x, y, z + height / 2), IDENTITY, material, label, color, heat
    )


def rod(
    radius: float,
    start: Vector,
    end: Vector,
    material: MaterialName,
    label: int,
    color: Vector,
    shape: Shape = Shape.CYLINDER,
    heat: tuple[Heat, ...] = (),
) -> Part:
    """A cylinder (or capsule) from ``start`` to ``end``; its z axis points to ``end``."""
    along = (end[0] - start[0], end[1] - start[1], end[2] - start[2])
    half = math.hypot(*along) / 2
    middle = (
        (start[0] + end[0]) / 2,
        (start[1] + end[1]) / 2,
        (start[2] + end[2]) / 2,
    )
    return Part(shape, (radius, half, 0.0), middle, z_towards(along), material, label, color, heat)


def disc(
    radius: float,
    half_width: float,
    at: Vector,
    material: MaterialName,
    label: int,
    color: Vector,
    heat: tuple[Heat, ...] = (),
) -> Part:
    """A wheel: a cylinder whose axis is y."""
    start = (at[0], at[1] - half_width, at[2])
    end = (at[0], at[1] + half_width, at[2])
    return rod(radius, start, end, material, label, color, heat=heat)
