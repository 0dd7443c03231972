"""Furniture, stores and tools that lie about in a damaged building."""

from __future__ import annotations

import math

from rgbt_perception.simulation.parts import Heat, MaterialName, Part, Vector
from rgbt_perception.simulation.scenes.item import Item, Rng
from rgbt_perception.simulation.scenes.labels import Label
from rgbt_perception.simulation.scenes.palette import (
    BLACK,
    CLOTHES,
    DARK,
    GREY,
    PAINTED,
    STEEL,
    WHITE,
    WOODS,
    pick,
)
from rgbt_perception.simulation.scenes.rotations import compose, euler, turn_x, turn_y
from rgbt_perception.simulation.scenes.solids import box, disc, ellipsoid, post, rod

M = MaterialName
OTHER = Label.UNLABELLED


def _fallen(parts: tuple[Part, ...], half_height: float, depth: float) -> tuple[Part, ...]:
    """Tip parts over backwards: what stood ``2 half_height`` high now lies, ``depth`` thick."""
    pose = ((half_height, 0.0, depth), turn_y(-math.pi / 2))
    tipped = []
    for part in parts:
        at, turn = compose(pose, (part.position, part.orientation))
        tipped.append(Part(part.shape, part.size, at, turn, part.material, part.label, part.color,
                           part.heat))  # fmt: skip
    return tuple(tipped)


def table(rng: Rng) -> Item:
    """A table or desk, sometimes with things on it."""
    wood = pick(rng, WOODS)
    hx, hy = float(rng.uniform(0.35, 0.5)), float(rng.uniform(0.5, 0.9))
    parts = [box((hx, hy, 0.025), (0, 0, 0.73), M.WOOD, OTHER, wood)]
    parts += [
        box((0.03, 0.03, 0.36), (x * (hx - 0.05), y * (hy - 0.05), 0.36), M.WOOD, OTHER, wood)
        for x in (-1, 1)
        for y in (-1, 1)
    ]
    if rng.random() < 0.6:
        heat = (Heat(float(rng.uniform(2.0, 10.0))),)
        parts.append(box((0.03, 0.27, 0.18), (0, 0.1, 0.98), M.PLASTIC, OTHER, BLACK, heat=heat))
    return Item("table", tuple(parts), (hx, hy))


def chair(rng: Rng) -> Item:
    """A chair, upright or tipped over."""
    color = pick(rng, (*WOODS, *PAINTED))
    parts: tuple[Part, ...] = (
        box((0.21, 0.21, 0.025), (0, 0, 0.45), M.WOOD, OTHER, color),
        box((0.02, 0.2, 0.2), (-0.2, 0, 0.72), M.WOOD, OTHER, color),
        *(box((0.02, 0.02, 0.22), (x, y, 0.22), M.BARE_METAL, OTHER, DARK)
          for x in (-0.18, 0.18) for y in (-0.18, 0.18)),
    )  # fmt: skip
    if rng.random() < 0.4:
        return Item("chair_fallen", _fallen(parts, 0.45, 0.22), (0.5, 0.25))
    return Item("chair", parts, (0.25, 0.25))


def shelf(rng: Rng) -> Item:
    """A shelf with boxes, sometimes fallen over."""
    half, height = float(rng.uniform(0.4, 0.8)), float(rng.uniform(1.4, 2.1))
    color = pick(rng, (*WOODS, GREY))
    parts: tuple[Part, ...] = (
        *(box((0.2, 0.02, height / 2), (0, y, height / 2), M.WOOD, OTHER, color)
          for y in (-half, half)),
        *(box((0.2, half, 0.02), (0, 0, z * height), M.WOOD, OTHER, color)
          for z in (0.05, 0.4, 0.72, 0.98)),
        box((0.15, 0.5 * half, 0.1), (0, 0.3 * half, 0.4 * height + 0.12), M.PLASTIC, OTHER,
            pick(rng, PAINTED)),
        box((0.14, 0.3 * half, 0.13), (0, -0.4 * half, 0.72 * height + 0.15), M.CLOTH, OTHER,
            pick(rng, PAINTED)),
    )  # fmt: skip
    if rng.random() < 0.35:
        return Item("shelf_fallen", _fallen(parts, height / 2, 0.2), (height / 2, half))
    return Item("shelf", parts, (0.22, half))


def locker(rng: Rng) -> Item:
    """A row of metal lockers or a filing cabinet."""
    half, height = float(rng.uniform(0.3, 0.7)), float(rng.uniform(1.2, 2.0))
    color = pick(rng, PAINTED)
    parts: tuple[Part, ...] = (
        box((0.25, half, height / 2), (0, 0, height / 2), M.CAR_PAINT, OTHER, color),
        *(box((0.01, 0.01, 0.45 * height), (0.252, y * half, height / 2), M.RUBBER, OTHER, DARK)
          for y in (-0.33, 0.33)),
    )  # fmt: skip
    return Item("locker", parts, (0.26, half))


def sofa(rng: Rng) -> Item:
    """A sofa."""
    color = pick(rng, CLOTHES)
    half = float(rng.uniform(0.6, 1.0))
    parts = (
        box((0.4, half, 0.22), (0, 0, 0.22), M.CLOTH, OTHER, color),
        box((0.1, half, 0.4), (-0.35, 0, 0.45), M.CLOTH, OTHER, color),
        *(box((0.4, 0.1, 0.3), (0, y, 0.32), M.CLOTH, OTHER, color) for y in (-half, half)),
    )
    return Item("sofa", parts, (0.45, half + 0.1))


def bed(rng: Rng) -> Item:
    """A bed or stretcher with a blanket."""
    parts = (
        box((1.0, 0.45, 0.06), (0, 0, 0.3), M.BARE_METAL, OTHER, GREY),
        box((0.97, 0.43, 0.08), (0, 0, 0.44), M.CLOTH, OTHER, WHITE),
        box((0.6, 0.46, 0.05), (-0.3, 0, 0.5), M.CLOTH, OTHER, pick(rng, CLOTHES)),
        *(post(0.025, 0.5, (x, y, 0), M.BARE_METAL, OTHER, GREY)
          for x in (-0.95, 0.95) for y in (-0.42, 0.42)),
    )  # fmt: skip
    return Item("bed", parts, (1.05, 0.5))


def fridge(rng: Rng) -> Item:
    """A refrigerator: cool front, warm back; sometimes lying."""
    parts: tuple[Part, ...] = (
        box((0.3, 0.3, 0.85), (0, 0, 0.85), M.CAR_PAINT, OTHER, pick(rng, (WHITE, STEEL)),
            heat=(Heat(12.0, (-0.3, 0.0, -0.6), 0.35), Heat(-2.0, (0.3, 0.0, 0.3), 0.5))),
        box((0.02, 0.02, 0.25), (0.32, 0.22, 1.1), M.BARE_METAL, OTHER, STEEL),
        box((0.01, 0.29, 0.008), (0.3, 0, 0.75), M.RUBBER, OTHER, DARK),
    )  # fmt: skip
    if rng.random() < 0.3:
        return Item("fridge_fallen", _fallen(parts, 0.85, 0.3), (0.9, 0.3))
    return Item("fridge", parts, (0.33, 0.33))


def barrels(rng: Rng) -> Item:
    """One to three oil drums, one perhaps lying."""
    parts = []
    for i in range(int(rng.integers(1, 4))):
        color = pick(rng, PAINTED)
        y = 0.62 * (i - 1)
        heat = (Heat(float(rng.uniform(-2.0, 6.0)), (0, 0, -0.2), 0.4),)
        if rng.random() < 0.25:
            parts.append(rod(0.29, (-0.44, y, 0.29), (0.44, y, 0.29), M.RUSTED_METAL, OTHER, color,
                             heat=heat))  # fmt: skip
        else:
            parts.append(post(0.29, 0.88, (0, y, 0), M.RUSTED_METAL, OTHER, color, heat))
            parts.append(post(0.3, 0.03, (0, y, 0.43), M.RUSTED_METAL, OTHER, color))
    return Item("barrels", tuple(parts), (0.45, 0.95))


def crates(rng: Rng) -> Item:
    """A stack of wooden crates or cartons."""
    parts = []
    z = 0.0
    for _ in range(int(rng.integers(1, 4))):
        half = float(rng.uniform(0.18, 0.38))
        material, color = (M.WOOD, pick(rng, WOODS)) if rng.random() < 0.7 else (
            M.PLASTIC, pick(rng, PAINTED))  # fmt: skip
        turn = euler(float(rng.uniform(-0.4, 0.4)), 0, 0)
        parts.append(box((half, 1.2 * half, 0.8 * half), (0, 0, z + 0.8 * half), material, OTHER,
                         color, turn))  # fmt: skip
        z += 1.6 * half
    return Item("crates", tuple(parts), (0.42, 0.5))


def pallet(rng: Rng) -> Item:
    """A pallet with sacks."""
    wood = pick(rng, WOODS)
    parts = [
        box((0.6, 0.4, 0.02), (0, 0, 0.13), M.WOOD, OTHER, wood),
        *(box((0.6, 0.05, 0.055), (0, y, 0.055), M.WOOD, OTHER, wood) for y in (-0.35, 0, 0.35)),
    ]
    sack = pick(rng, ((0.4, 0.33, 0.22), (0.6, 0.6, 0.58)))
    for level in range(int(rng.integers(0, 4))):
        for x in (-0.3, 0.3):
            at = (x, 0.0, 0.23 + 0.16 * level)
            parts.append(ellipsoid((0.3, 0.42, 0.1), at, M.CLOTH, OTHER, sack))
    return Item("pallet", tuple(parts), (0.62, 0.45))


def sandbags(rng: Rng) -> Item:
    """A low wall of sandbags along y."""
    color = pick(rng, ((0.35, 0.3, 0.2), (0.2, 0.25, 0.15)))
    parts = [
        ellipsoid((0.2, 0.33, 0.12), (0, 0.55 * (i - 1.5) + 0.25 * (level % 2), 0.1 + 0.2 * level),
                  M.CLOTH, OTHER, color)
        for level in range(int(rng.integers(1, 4)))
        for i in range(4 - level % 2)
    ]  # fmt: skip
    return Item("sandbags", tuple(parts), (0.25, 1.2))


def gas_bottles(rng: Rng) -> Item:
    """Gas bottles, upright."""
    parts = []
    for y in (-0.16, 0.16):
        color = pick(rng, PAINTED)
        parts.append(post(0.12, 1.1, (0, y, 0), M.CAR_PAINT, OTHER, color))
        parts.append(ellipsoid((0.12, 0.12, 0.16), (0, y, 1.1), M.CAR_PAINT, OTHER, color))
    return Item("gas_bottles", tuple(parts), (0.15, 0.3))


def ladder(rng: Rng) -> Item:
    """A ladder leaning towards -x."""
    half = float(rng.uniform(1.0, 1.6))
    tilt = 0.3
    color = pick(rng, (STEEL, *WOODS))
    run, rise = 2 * half * math.sin(tilt), 2 * half * math.cos(tilt)
    rails = [
        rod(0.02, (0.2, y, 0), (0.2 - run, y, rise), M.BARE_METAL, OTHER, color)
        for y in (-0.2, 0.2)
    ]
    rungs = [
        rod(0.013, (0.2 - s * run, -0.2, s * rise), (0.2 - s * run, 0.2, s * rise), M.BARE_METAL,
            OTHER, color)
        for s in (0.15, 0.35, 0.55, 0.75, 0.92)
    ]  # fmt: skip
    return Item("ladder", (*rails, *rungs), (0.4, 0.25))


def tyres(rng: Rng) -> Item:
    """A stack of old tyres, each a ring of rubber with a dark core."""
    parts = []
    for level in range(int(rng.integers(1, 5))):
        x, y = (float(v) for v in rng.normal(0, 0.05, 2))
        parts.append(post(0.32, 0.19, (x, y, 0.2 * level), M.RUBBER, OTHER, BLACK))
    parts.append(post(0.18, 0.02, (0, 0, 0.2 * len(parts)), M.RUSTED_METAL, OTHER, GREY))
    return Item("tyres", tuple(parts), (0.36, 0.36))


def mine_cart(rng: Rng) -> Item:
    """A tipping cart with a load of rock, along x."""
    rust: Vector = (0.25, 0.14, 0.09)
    parts = (
        *(box((0.7, 0.03, 0.35), (0, y, 0.75), M.RUSTED_METAL, OTHER, rust, turn_x(-y * 0.5))
          for y in (-0.5, 0.5)),
        *(box((0.03, 0.42, 0.33), (x, 0, 0.75), M.RUSTED_METAL, OTHER, rust) for x in (-0.7, 0.7)),
        box((0.75, 0.3, 0.06), (0, 0, 0.36), M.RUSTED_METAL, OTHER, DARK),
        *(disc(0.18, 0.04, (x, y, 0.18), M.RUSTED_METAL, OTHER, DARK)
          for x in (-0.4, 0.4) for y in (-0.35, 0.35)),
        ellipsoid((0.65, 0.42, 0.3), (0, 0, 0.85), M.ROCK, OTHER, pick(rng, (GREY, DARK))),
    )  # fmt: skip
    return Item("mine_cart", parts, (0.85, 0.65))


def tool_case(rng: Rng) -> Item:
    """A rescue team's case and a coiled hose."""
    parts = (
        box((0.3, 0.2, 0.13), (0, 0, 0.13), M.PLASTIC, OTHER, pick(rng, PAINTED)),
        rod(0.02, (-0.1, 0, 0.3), (0.1, 0, 0.3), M.RUBBER, OTHER, BLACK),
        post(0.25, 0.09, (0.1, 0.5, 0), M.CLOTH, OTHER, pick(rng, ((0.5, 0.08, 0.05), WHITE))),
    )
    return Item("tool_case", parts, (0.4, 0.5))
