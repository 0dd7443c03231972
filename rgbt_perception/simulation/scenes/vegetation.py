"""Trees, hedges, bushes."""

from __future__ import annotations

import math

from rgbt_perception.simulation.parts import IDENTITY, MaterialName, Part, Shape, Vector
from rgbt_perception.simulation.scenes.item import Item, Rng
from rgbt_perception.simulation.scenes.labels import Label
from rgbt_perception.simulation.scenes.palette import LEAVES, WOODS, pick
from rgbt_perception.simulation.scenes.rotations import euler
from rgbt_perception.simulation.scenes.solids import box, ellipsoid, post, rod

M = MaterialName
V = Label.VEGETATION

HEAD_ROOM = 3.0
"""Metres; branches above it may reach over roads and walkways."""


def _trunk(rng: Rng, radius: float, height: float, color: Vector | None = None) -> Part:
    lean = rng.normal(0.0, 0.03, 2) * height
    top = (float(lean[0]), float(lean[1]), height)
    return rod(radius, (0, 0, -0.1), top, M.BARK, V, color or pick(rng, WOODS))


def _crown(rng: Rng, at: Vector, half: Vector, color: Vector) -> Part:
    turn = euler(float(rng.uniform(0, 6.3)), float(rng.normal(0, 0.15)), 0.0)
    return ellipsoid(half, at, M.FOLIAGE, V, color, turn)


def _tree(name: str, parts: list[Part], radius: float) -> Item:
    """A tree with a stem of this footprint, and the reach of what hangs below 3 m."""
    low = [part for part in parts if part.position[2] - max(part.size) < HEAD_ROOM]
    crown = [part for part in low if part.material is M.FOLIAGE]
    reach = [math.hypot(*part.position[:2]) + max(part.size[:2]) for part in crown]
    return Item(name, tuple(parts), (radius, radius), canopy=max(reach, default=0.0))


def broadleaf(rng: Rng) -> Item:
    """A round tree: trunk and a crown of several lumps."""
    height = float(rng.uniform(4.5, 10.0))
    spread = height * float(rng.uniform(0.2, 0.32))
    color = pick(rng, LEAVES)
    # Trees of streets are pruned; those of parks are not.
    stem = 0.4 * height + (1.3 if rng.random() < 0.5 else 0.0)
    parts = [_trunk(rng, 0.02 * height + 0.05, stem + 0.2 * height)]
    for _ in range(int(rng.integers(2, 5))):
        x, y = (float(v) for v in rng.uniform(-0.55, 0.55, 2) * spread)
        size = spread * float(rng.uniform(0.65, 1.0))
        z = stem + size * 0.6 + float(rng.uniform(0.0, 0.3)) * height
        shade = pick(rng, (color,), 0.2)
        parts.append(_crown(rng, (x, y, z), (size, 0.9 * size, 0.75 * size), shade))
    return _tree("tree_broadleaf", parts, 0.3)


def conifer(rng: Rng) -> Item:
    """A spruce: ellipsoids that get smaller towards the top."""
    height = float(rng.uniform(5.0, 13.0))
    color = pick(rng, ((0.03, 0.08, 0.035), (0.05, 0.1, 0.06)))
    parts = [_trunk(rng, 0.02 * height, 0.5 * height)]
    for level in range(4):
        share = level / 4
        half = 0.2 * height * (1 - 0.75 * share)
        at = (0.0, 0.0, height * (0.22 + 0.2 * level))
        parts.append(_crown(rng, at, (half, half, 0.15 * height), pick(rng, (color,), 0.1)))
    return _tree("tree_conifer", parts, 0.3)


def poplar(rng: Rng) -> Item:
    """A slim, tall tree."""
    height = float(rng.uniform(8.0, 15.0))
    half: Vector = (0.09 * height, 0.09 * height, 0.46 * height)
    parts = [
        _trunk(rng, 0.18, 0.3 * height),
        _crown(rng, (0, 0, 0.56 * height), half, pick(rng, LEAVES[:4])),
    ]
    return _tree("tree_poplar", parts, 0.3)


def birch(rng: Rng) -> Item:
    """A thin white stem under a light crown."""
    height = float(rng.uniform(5.0, 9.0))
    color = pick(rng, LEAVES[1:])
    parts = [_trunk(rng, 0.09, 0.85 * height, (0.6, 0.6, 0.56))]
    for z in (0.55, 0.75, 0.92):
        size = height * float(rng.uniform(0.11, 0.17))
        x, y = (float(v) for v in rng.normal(0, 0.4, 2))
        parts.append(_crown(rng, (x, y, z * height), (size, size, 1.2 * size), color))
    return _tree("tree_birch", parts, 0.2)


def bare_tree(rng: Rng) -> Item:
    """A tree without leaves: trunk and a dozen branches."""
    height = float(rng.uniform(4.0, 9.0))
    color = pick(rng, WOODS)
    parts = [_trunk(rng, 0.02 * height + 0.04, 0.7 * height, color)]
    for _ in range(9):
        angle = float(rng.uniform(0, 2 * math.pi))
        start = float(rng.uniform(0.3, 0.68)) * height
        reach = float(rng.uniform(0.12, 0.3)) * height
        end = (reach * math.cos(angle), reach * math.sin(angle), start + 1.1 * reach)
        parts.append(rod(0.02 + 0.004 * height, (0, 0, start), end, M.BARK, V, color,
                         Shape.CAPSULE))  # fmt: skip
    return _tree("tree_bare", parts, 0.3)


def palm(rng: Rng) -> Item:
    """A palm: a ringed stem with drooping fronds."""
    height = float(rng.uniform(4.0, 8.0))
    color = pick(rng, LEAVES[:3])
    parts = [post(0.17, height, (0, 0, 0), M.BARK, V, (0.3, 0.22, 0.14))]
    for i in range(7):
        angle = 2 * math.pi * i / 7 + float(rng.uniform(-0.2, 0.2))
        at = (0.9 * math.cos(angle), 0.9 * math.sin(angle), height + 0.05)
        turn = euler(angle, float(rng.uniform(0.1, 0.6)), 0.0)
        parts.append(ellipsoid((1.1, 0.25, 0.05), at, M.FOLIAGE, V, color, turn))
    return _tree("tree_palm", parts, 0.3)


def hedge(rng: Rng) -> Item:
    """A clipped hedge, long side along y."""
    half_length, height = float(rng.uniform(1.0, 4.0)), float(rng.uniform(0.6, 2.0))
    half: Vector = (float(rng.uniform(0.25, 0.5)), half_length, height / 2)
    parts = (box(half, (0, 0, height / 2), M.FOLIAGE, V, pick(rng, LEAVES[:4])),)
    return Item("hedge", parts, half[:2])


def bush(rng: Rng) -> Item:
    """One to three round bushes."""
    parts = []
    for _ in range(int(rng.integers(1, 4))):
        size = float(rng.uniform(0.35, 0.95))
        x, y = (float(v) for v in rng.uniform(-0.5, 0.5, 2))
        half = (size, size * float(rng.uniform(0.8, 1.2)), size * float(rng.uniform(0.7, 1.1)))
        parts.append(_crown(rng, (x, y, 0.6 * half[2]), half, pick(rng, LEAVES)))
    return Item("bush", tuple(parts), (1.1, 1.1))


def planter(rng: Rng) -> Item:
    """A concrete or wooden tub with a shrub."""
    half = float(rng.uniform(0.3, 0.7))
    tub = (M.CONCRETE, M.WOOD)[int(rng.integers(2))]
    parts = (
        box((half, half, 0.25), (0, 0, 0.25), tub, Label.UNLABELLED, (0.35, 0.3, 0.25)),
        _crown(rng, (0, 0, 0.75), (0.9 * half, 0.9 * half, 0.4), pick(rng, LEAVES)),
    )
    return Item("planter", parts, (half, half))


def log(rng: Rng) -> Item:
    """A felled trunk on the ground."""
    radius, half = float(rng.uniform(0.12, 0.3)), float(rng.uniform(0.8, 2.2))
    start, end = (-half, 0.0, radius), (half, 0.0, radius)
    part = rod(radius, start, end, M.BARK, V, pick(rng, WOODS))
    return Item("log", (part,), (half, radius))


def boulder(rng: Rng) -> Item:
    """A rock half sunk in the ground."""
    half = rng.uniform(0.2, 0.8, 3)
    size: Vector = (float(half[0]), float(half[1]), float(half[2]))
    part = ellipsoid(size, (0, 0, 0.3 * size[2]), M.ROCK, Label.UNLABELLED, (0.35, 0.33, 0.3),
                     IDENTITY)  # fmt: skip
    return Item("boulder", (part,), (size[0], size[1]))
