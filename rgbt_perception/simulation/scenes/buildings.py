"""Buildings along a street: town houses, villas, halls, garages."""

from __future__ import annotations

import math

from rgbt_perception.simulation.parts import Heat, MaterialName, Part, Vector
from rgbt_perception.simulation.scenes.item import Item, Rng
from rgbt_perception.simulation.scenes.labels import Label
from rgbt_perception.simulation.scenes.palette import (
    BRICKS,
    DARK,
    GREY,
    PAINTED,
    PLASTERS,
    ROOFS,
    STEEL,
    WINDOW,
    WOODS,
    grey,
    pick,
)
from rgbt_perception.simulation.scenes.rotations import turn_x, turn_y
from rgbt_perception.simulation.scenes.solids import box, post

M = MaterialName
B = Label.BUILDING

# In the item frame the front of a building looks along +x to the street.


def _walls(rng: Rng, windows: bool = True) -> tuple[MaterialName, Vector]:
    if rng.random() < 0.45:
        return (M.FACADE_BRICK if windows else M.BRICK), pick(rng, BRICKS)
    return (M.FACADE_PLASTER if windows else M.PLASTER), pick(rng, PLASTERS)


def door(rng: Rng, x: float, y: float, height: float = 2.2, width: float = 1.0) -> Part:
    """A door in a front at ``x``; warmth leaks through it."""
    material, color = (M.WOOD, pick(rng, WOODS)) if rng.random() < 0.6 else (M.GLASS, WINDOW)
    leak = (Heat(float(rng.uniform(1.5, 5.0))),)
    half: Vector = (0.06, width / 2, height / 2)
    return box(half, (x, y, 0.1 + height / 2), material, B, color, heat=leak)


def chimney(rng: Rng, x: float, y: float, z: float) -> Part:
    """A chimney standing at height ``z``; most are warm at the top."""
    heat = (Heat(float(rng.uniform(6.0, 22.0)), (0, 0, 0.8), 0.6),) if rng.random() < 0.7 else ()
    return box((0.3, 0.4, 0.9), (x, y, z + 0.5), M.BRICK, B, pick(rng, BRICKS), heat=heat)


def town_house(rng: Rng, width: float) -> Item:
    """A house of several floors in a row: shop or hall below, balconies, flat or steep roof."""
    floors = int(rng.integers(2, 6))
    depth = float(rng.uniform(9.0, 14.0))
    height = 0.6 + 3.1 * floors
    material, color = _walls(rng)
    hx, hy = depth / 2, width / 2
    leak = (Heat(float(rng.uniform(0.5, 2.5)), (hx, 0.0, -height / 4), 0.5 * width),)
    parts = [
        box((hx, hy, height / 2), (0, 0, height / 2), material, B, color, heat=leak),
        box((hx + 0.05, hy, 0.35), (0, 0, 0.35), M.CONCRETE, B, grey(rng, 0.2, 0.4)),
    ]
    door_y = float(rng.uniform(-0.6, 0.6)) * hy
    if rng.random() < 0.55:
        parts += _shop(rng, hx, hy)
    parts.append(door(rng, hx + 0.05, door_y))
    if rng.random() < 0.6:
        parts.append(box((hx + 0.25, hy, 0.15), (0, 0, height + 0.1), M.PLASTER, B,
                         pick(rng, PLASTERS)))  # fmt: skip
    if rng.random() < 0.5:
        parts += _steep_roof(rng, hx, hy, height)
    if rng.random() < 0.6:
        parts.append(chimney(rng, float(rng.uniform(-0.4, 0.2)) * hx, 0.6 * hy, height + 0.6))
    parts += _balconies(rng, hx, hy, floors)
    return Item("town_house", tuple(parts), (hx, hy))


def _shop(rng: Rng, hx: float, hy: float) -> list[Part]:
    warm = (Heat(float(rng.uniform(2.0, 5.0))),)
    wide = 0.85 * hy
    parts = [
        box((0.06, wide, 1.1), (hx + 0.04, 0, 1.6), M.GLASS, B, WINDOW, heat=warm),
        box((0.12, wide, 0.3), (hx + 0.08, 0, 3.0), M.SIGN_FACE, B, pick(rng, PAINTED)),
    ]
    if rng.random() < 0.4:
        parts.append(box((0.7, wide, 0.03), (hx + 0.6, 0, 2.65), M.CLOTH, B, pick(rng, PAINTED),
                         turn_y(0.25)))  # fmt: skip
    return parts


def _steep_roof(rng: Rng, hx: float, hy: float, height: float) -> list[Part]:
    """A mansard: steep slab to the street, flat behind."""
    color = pick(rng, ROOFS)
    slab = box((0.15, hy, 1.7), (hx - 0.75, 0, height + 1.4), M.TILE, B, color, turn_y(-0.45))
    core = box((hx - 1.4, hy - 0.02, 1.4), (-0.1, 0, height + 1.4), M.TILE, B, color)
    dormers = [
        box((0.6, 0.55, 0.6), (hx - 0.7, y, height + 1.1), M.GLASS, B, WINDOW, heat=(Heat(2.0),))
        for y in _spread_out(rng, hy)
    ]
    return [slab, core, *dormers]


def _spread_out(rng: Rng, hy: float) -> list[float]:
    """None to two places along a front."""
    count = int(rng.integers(0, 3))
    return [hy * (2 * (i + 1) / (count + 1) - 1) for i in range(count)]


def _balconies(rng: Rng, hx: float, hy: float, floors: int) -> list[Part]:
    if rng.random() < 0.55 or floors < 3:
        return []
    y = float(rng.uniform(-0.5, 0.5)) * hy
    color = pick(rng, PLASTERS)
    return [
        box((0.55, 1.3, 0.5), (hx + 0.5, y, 3.2 + 3.1 * level), M.PLASTER, B, color)
        for level in range(1, min(floors, 4))
    ]


def villa(rng: Rng) -> Item:
    """A detached house with a gabled roof, door, porch and chimney."""
    hy, hx = float(rng.uniform(4.0, 6.5)), float(rng.uniform(3.5, 4.5))
    height = float(rng.uniform(2.8, 5.5))
    material, color = _walls(rng)
    parts = [
        box((hx, hy, height / 2), (0, 0, height / 2), material, B, color),
        *gable(rng, hx, hy, height, color, along_street=rng.random() < 0.6),
        door(rng, hx, float(rng.uniform(-0.7, 0.7)) * hy),
        chimney(rng, -0.3 * hx, 0.5 * hy, height + 0.5 * hx),
    ]
    if rng.random() < 0.5:
        parts.append(box((0.9, 1.4, 0.08), (hx + 0.8, 0, 2.5), M.TILE, B, pick(rng, ROOFS)))
        parts += [
            post(0.08, 2.5, (hx + 1.5, y, 0), M.WOOD, B, pick(rng, WOODS)) for y in (-1.2, 1.2)
        ]
    return Item("villa", tuple(parts), (hx + 0.4, hy + 0.4))


def gable(
    rng: Rng, hx: float, hy: float, height: float, wall: Vector, along_street: bool
) -> list[Part]:
    """A 45 degree roof on walls of half size (hx, hy): two slabs over a filled gable."""
    color = pick(rng, ROOFS)
    half, length = (hx, hy) if along_street else (hy, hx)
    half = min(half, height * 0.95)
    slope = half / math.sqrt(2) + 0.25
    lift = 0.14
    if along_street:
        fill = box((half / math.sqrt(2), length - 0.05, half / math.sqrt(2)), (0, 0, height),
                   M.PLASTER, B, wall, turn_y(math.pi / 4))  # fmt: skip
        slabs = [
            box((slope, length + 0.3, 0.1), (s * half / 2, 0, height + half / 2 + lift), M.TILE, B,
                color, turn_y(s * math.pi / 4))
            for s in (-1.0, 1.0)
        ]  # fmt: skip
    else:
        fill = box((length - 0.05, half / math.sqrt(2), half / math.sqrt(2)), (0, 0, height),
                   M.PLASTER, B, wall, turn_x(math.pi / 4))  # fmt: skip
        slabs = [
            box((length + 0.3, slope, 0.1), (0, s * half / 2, height + half / 2 + lift), M.TILE, B,
                color, turn_x(-s * math.pi / 4))
            for s in (-1.0, 1.0)
        ]  # fmt: skip
    return [fill, *slabs]


def office_block(rng: Rng, width: float) -> Item:
    """A tall block with a flat roof, machines on top and a glazed entrance."""
    floors = int(rng.integers(5, 12))
    height = 3.3 * floors + 1.0
    hx, hy = float(rng.uniform(7.0, 10.0)), width / 2
    material, color = _walls(rng)
    vent = (Heat(float(rng.uniform(3.0, 12.0))),)
    parts = [
        box((hx, hy, height / 2), (0, 0, height / 2), material, B, color),
        box((0.1, min(3.5, 0.6 * hy), 1.7), (hx + 0.02, 0, 1.7), M.GLASS, B, WINDOW,
            heat=(Heat(3.0),)),
        box((1.2, min(4.0, 0.7 * hy), 0.15), (hx + 0.9, 0, 3.6), M.CONCRETE, B, GREY),
        box((1.5, 2.0, 0.9), (0, 0.3 * hy, height + 0.9), M.BARE_METAL, B, STEEL, heat=vent),
        box((hx, hy + 0.1, 0.25), (0.1, 0, height), M.CONCRETE, B, GREY),
    ]  # fmt: skip
    return Item("office_block", tuple(parts), (hx, hy))


def hall(rng: Rng, width: float) -> Item:
    """An industrial hall with gates, vents and a warm flue."""
    hx, hy = float(rng.uniform(7.0, 12.0)), width / 2
    height = float(rng.uniform(4.5, 8.0))
    cladding = (M.RUSTED_METAL, M.CONCRETE, M.BRICK, M.BARE_METAL)[int(rng.integers(4))]
    parts = [
        box((hx, hy, height / 2), (0, 0, height / 2), cladding, B, pick(rng, PLASTERS)),
        box((0.05, hy * 0.9, 0.4), (hx + 0.02, 0, 0.8 * height), M.GLASS, B, WINDOW),
        box((hx + 0.1, hy + 0.1, 0.15), (0, 0, height), M.BARE_METAL, B, GREY),
    ]
    for y in (-0.5 * hy, 0.45 * hy):
        leak = (Heat(float(rng.uniform(0.0, 5.0))),)
        parts.append(box((0.06, 1.8, 1.9), (hx + 0.02, y, 1.95), M.BARE_METAL, B,
                         pick(rng, PAINTED), heat=leak))  # fmt: skip
    flue = (Heat(float(rng.uniform(8.0, 30.0)), (0, 0, 1.5), 1.5),)
    parts.append(post(0.35, 4.0, (0, 0.7 * hy, height - 1), M.BARE_METAL, B, STEEL, flue))
    parts.append(box((0.25, 0.6, 0.4), (hx + 0.2, 0.75 * hy, 3.0), M.BARE_METAL, B, STEEL,
                     heat=(Heat(float(rng.uniform(5.0, 15.0))),)))  # fmt: skip
    return Item("industrial_hall", tuple(parts), (hx, hy))


def garage(rng: Rng) -> Item:
    """A low garage with a metal door."""
    material, color = _walls(rng, windows=False)
    parts = (
        box((3.0, 1.7, 1.3), (0, 0, 1.3), material, B, color),
        box((0.05, 1.25, 1.05), (3.0, 0, 1.05), M.BARE_METAL, B, pick(rng, PAINTED)),
        box((3.15, 1.85, 0.08), (0, 0, 2.66), M.CONCRETE, B, GREY),
    )
    return Item("garage", parts, (3.1, 1.8))


def shed(rng: Rng) -> Item:
    """A wooden garden shed."""
    wood = pick(rng, WOODS)
    parts = (
        box((1.2, 1.5, 1.0), (0, 0, 1.0), M.WOOD, B, wood),
        box((1.45, 1.7, 0.05), (0, 0, 2.1), M.TILE, B, DARK, turn_y(0.15)),
        door(rng, 1.2, 0.4, 1.7, 0.8),
    )
    return Item("shed", parts, (1.4, 1.7))


def church(rng: Rng) -> Item:
    """A nave with a tower and a pointed top."""
    material, color = _walls(rng, windows=False)
    top = float(rng.uniform(14.0, 22.0))
    parts = (
        box((5.0, 5.5, 4.0), (-2.0, 0, 4.0), material, B, color),
        *gable(rng, 5.0, 5.5, 8.0, color, along_street=False),
        box((2.2, 2.2, top / 2), (5.0, 0, top / 2), material, B, color),
        box((1.5, 1.5, 2.5), (5.0, 0, top + 1.5), M.TILE, B, pick(rng, ROOFS)),
        box((0.8, 0.8, 2.5), (5.0, 0, top + 4.5), M.TILE, B, pick(rng, ROOFS)),
        door(rng, 7.2, 0.0, 3.0, 1.8),
    )
    return Item("church", parts, (7.2, 5.8))
