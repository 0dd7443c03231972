"""An object before it has a place in the world, and how it gets one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rgbt_perception.simulation.parts import Body, Lamp, Motion, Part, Pose
from rgbt_perception.simulation.scenes.rotations import compose, rotate

Rng = np.random.Generator


@dataclass(frozen=True)
class Limb:
    """Parts of an item that move against its frame.

    Attributes:
        name: which limb.
        motion: pose in the item's frame over time.
        parts: in the limb's frame.
    """

    name: str
    motion: Motion
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Item:
    """One object of the catalogue: x forward, y left, z up, origin on the ground below it.

    Attributes:
        name: catalogue name.
        parts: in the item's frame.
        footprint: half extents along x and y that it claims on the ground, metres.
        lamps: in the item's frame.
        limbs: what moves by itself.
        canopy: metres that branches reach out below head room, over ground left to others.
    """

    name: str
    parts: tuple[Part, ...]
    footprint: tuple[float, float]
    lamps: tuple[Lamp, ...] = ()
    limbs: tuple[Limb, ...] = ()
    canopy: float = 0.0

    @property
    def part_count(self) -> int:
        """Parts of the item and its limbs together."""
        return len(self.parts) + sum(len(limb.parts) for limb in self.limbs)


Builder = Callable[[Rng], Item]
"""Makes one object of a kind; every call draws another."""


def parts_at(parts: Iterable[Part], pose: Pose, texture_seed: int) -> tuple[Part, ...]:
    """The parts moved from the frame at ``pose`` into the frame that ``pose`` is given in."""
    placed = []
    for number, part in enumerate(parts):
        position, orientation = compose(pose, (part.position, part.orientation))
        placed.append(
            Part(
                part.shape,
                part.size,
                position,
                orientation,
                part.material,
                part.label,
                part.color,
                part.heat,
                texture_seed + number,
            )
        )
    return tuple(placed)


def lamps_at(lamps: Iterable[Lamp], pose: Pose) -> tuple[Lamp, ...]:
    """The lamps moved likewise."""
    return tuple(
        Lamp(
            compose(pose, (lamp.position, (1.0, 0.0, 0.0, 0.0)))[0],
            rotate(pose[1], lamp.direction),
            lamp.half_angle,
            lamp.power,
            lamp.color,
            lamp.always,
        )
        for lamp in lamps
    )


def standing(item: Item, pose: Pose, texture_seed: int) -> tuple[Part, ...]:
    """All parts of an item that stays at ``pose``, limbs as they are at time zero."""
    placed = parts_at(item.parts, pose, texture_seed)
    for limb in item.limbs:
        texture_seed += 20
        placed += parts_at(limb.parts, compose(pose, limb.motion(0.0)), texture_seed)
    return placed


def carried(item: Item, pose: Pose) -> tuple[Limb, ...]:
    """The limbs of an item that sits at ``pose`` on another one (the rider of a bicycle)."""
    return tuple(Limb(limb.name, _shifted(pose, limb.motion), limb.parts) for limb in item.limbs)


def moving(item: Item, motion: Motion, texture_seed: int) -> tuple[Body, ...]:
    """The bodies of an item that follows ``motion``: itself and one for every limb."""
    # Every limb asks for the same root pose; the cache keeps this a pure function of time.
    root = lru_cache(maxsize=2)(motion)
    bodies = []
    if item.parts:
        own = parts_at(item.parts, ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0)), texture_seed)
        bodies.append(Body(item.name, root, own, item.lamps))
    for limb in item.limbs:
        texture_seed += 20
        parts = parts_at(limb.parts, ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0)), texture_seed)
        bodies.append(Body(f"{item.name}/{limb.name}", _following(root, limb.motion), parts))
    return tuple(bodies)


def _following(root: Motion, limb: Motion) -> Motion:
    def motion(time: float) -> Pose:
        return compose(root(time), limb(time))

    return motion


def _shifted(pose: Pose, limb: Motion) -> Motion:
    def motion(time: float) -> Pose:
        return compose(pose, limb(time))

    return motion
