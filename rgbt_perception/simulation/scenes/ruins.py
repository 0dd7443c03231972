"""Remains of buildings: rubble, slabs, columns, stairs, beams, walls with openings."""

from __future__ import annotations

import math

from rgbt_perception.simulation.parts import Heat, MaterialName, Part, Quaternion, Shape, Vector
from rgbt_perception.simulation.scenes.item import Item, Rng
from rgbt_perception.simulation.scenes.labels import Label
from rgbt_perception.simulation.scenes.palette import (
    BRICKS,
    CLOTHES,
    PLASTERS,
    WOODS,
    grey,
    pick,
)
from rgbt_perception.simulation.scenes.rotations import euler, rotate
from rgbt_perception.simulation.scenes.solids import box, ellipsoid, post, rod

M = MaterialName
B = Label.BUILDING


def _tumbled(rng: Rng) -> Quaternion:
    return euler(*(float(a) for a in rng.uniform(-math.pi, math.pi, 3)))


def fragment(rng: Rng, at: Vector, size: float) -> Part:
    """One piece of rubble of about ``size`` metres, any side up."""
    half = size * rng.uniform(0.25, 0.6, 3)
    shape: Vector = (float(half[0]), float(half[1]), float(half[2]))
    kind = int(rng.integers(6))
    if kind == 0:
        return ellipsoid(shape, at, M.ROCK, B, grey(rng, 0.2, 0.45), _tumbled(rng))
    if kind == 1:
        slab: Vector = (1.5 * shape[0], 1.2 * shape[1], 0.08 + 0.1 * size)
        return box(slab, at, M.CONCRETE, B, grey(rng, 0.25, 0.5), _tumbled(rng))
    if kind == 2:
        return box(shape, at, M.BRICK, B, pick(rng, BRICKS), _tumbled(rng))
    return box(shape, at, M.RUBBLE, B, grey(rng, 0.2, 0.5), _tumbled(rng))


def rubble_pile(rng: Rng, radius: float | None = None) -> Item:
    """A heap of fragments on a mound, smaller ones at the foot."""
    reach = float(rng.uniform(0.5, 1.6)) if radius is None else radius
    height = reach * float(rng.uniform(0.35, 0.7))
    mound = ellipsoid((0.85 * reach, 0.85 * reach, 0.8 * height), (0, 0, 0), M.RUBBLE, B,
                      grey(rng, 0.2, 0.4))  # fmt: skip
    parts = [mound]
    for _ in range(int(rng.integers(7, 12))):
        away = reach * math.sqrt(float(rng.uniform(0.0, 1.0)))
        angle = float(rng.uniform(0, 2 * math.pi))
        z = height * max(0.05, 0.85 - (away / reach) ** 2)
        size = float(rng.uniform(0.25, 0.6)) * (1.2 - 0.7 * away / reach) * min(1.3, reach)
        at = (0.85 * away * math.cos(angle), 0.85 * away * math.sin(angle), z)
        parts.append(fragment(rng, at, size))
    return Item("rubble_pile", tuple(parts), (reach, reach))


def scattered_bricks(rng: Rng) -> Item:
    """A few bricks and shards lying flat."""
    parts = []
    for _ in range(int(rng.integers(3, 6))):
        x, y = (float(v) for v in rng.uniform(-0.5, 0.5, 2))
        turn = euler(float(rng.uniform(0, 3.1)), 0.0, float(rng.normal(0, 0.15)))
        half: Vector = (0.12, 0.06, 0.04)
        parts.append(box(half, (x, y, 0.045), M.BRICK, B, pick(rng, BRICKS), turn))
    return Item("scattered_bricks", tuple(parts), (0.6, 0.6))


def debris(rng: Rng) -> Item:
    """Chips, boards and rags lying flat, at most 6 cm high."""
    parts = []
    for _ in range(int(rng.integers(3, 6))):
        x, y = (float(v) for v in rng.uniform(-0.7, 0.7, 2))
        turn = euler(float(rng.uniform(0, 3.1)), 0.0, 0.0)
        thick = float(rng.uniform(0.008, 0.028))
        kind = int(rng.integers(4))
        if kind == 0:
            half: Vector = (float(rng.uniform(0.2, 0.6)), 0.05, 0.5 * thick)
            look = (M.WOOD, pick(rng, WOODS))
        elif kind == 1:
            half, look = (0.16, 0.11, 0.3 * thick), (M.CLOTH, pick(rng, CLOTHES))
        else:
            half = (float(rng.uniform(0.04, 0.12)), float(rng.uniform(0.03, 0.1)), thick)
            look = (M.BRICK, pick(rng, BRICKS)) if kind == 2 else (M.RUBBLE, grey(rng, 0.2, 0.5))
        parts.append(box(half, (x, y, half[2]), look[0], B, look[1], turn))
    return Item("debris", tuple(parts), (0.8, 0.8))


def puddle(rng: Rng) -> Item:
    """Cold water, or something warmer, on the floor."""
    parts = []
    heat = (Heat(float(rng.choice([-3.0, -2.0, 5.0]))),)
    for _ in range(2):
        x, y = (float(v) for v in rng.uniform(-0.25, 0.25, 2))
        half: Vector = (float(rng.uniform(0.2, 0.6)), float(rng.uniform(0.15, 0.4)), 0.006)
        turn = euler(float(rng.uniform(0, 3.1)), 0.0, 0.0)
        parts.append(
            ellipsoid(half, (x, y, 0.0), M.GLASS, Label.ROAD, (0.05, 0.05, 0.05), turn, heat)
        )
    return Item("puddle", tuple(parts), (0.6, 0.6))


def broken_slab(rng: Rng) -> Item:
    """A floor slab leaning on the ground with one edge, reinforcement sticking out."""
    hx, hy = float(rng.uniform(0.8, 1.8)), float(rng.uniform(0.6, 1.4))
    tilt = float(rng.uniform(0.25, 0.9))
    thick = float(rng.uniform(0.08, 0.14))
    turn = euler(0.0, -tilt, float(rng.normal(0, 0.1)))
    height = hx * math.sin(tilt)
    top: Vector = (hx * math.cos(tilt), 0.0, 2 * height)
    parts = [box((hx, hy, thick), (0, 0, height), M.CONCRETE, B, grey(rng, 0.3, 0.5), turn)]
    for y in (-0.7 * hy, -0.1 * hy, 0.5 * hy):
        end = (top[0] + float(rng.uniform(0.2, 0.5)), y + float(rng.normal(0, 0.15)), top[2] + 0.1)
        parts.append(rod(0.012, (top[0] - 0.1, y, top[2] - 0.1), end, M.RUSTED_METAL, B,
                         (0.25, 0.12, 0.07)))  # fmt: skip
    prop = (0.35 * hx * math.cos(tilt), 0.0, 0.3 * height)
    parts.append(fragment(rng, prop, 0.5))
    return Item("broken_slab", tuple(parts), (hx * math.cos(tilt) + 0.3, hy))


def column(rng: Rng, height: float) -> Item:
    """A concrete column up to the ceiling."""
    half = float(rng.uniform(0.15, 0.3))
    color = grey(rng, 0.3, 0.55)
    if rng.random() < 0.4:
        parts = [post(1.1 * half, height, (0, 0, 0), M.CONCRETE, B, color)]
    else:
        parts = [box((half, half, height / 2), (0, 0, height / 2), M.CONCRETE, B, color)]
    parts.append(box((half + 0.08, half + 0.08, 0.12), (0, 0, 0.12), M.CONCRETE, B, color))
    return Item("column", tuple(parts), (half + 0.1, half + 0.1))


def column_stump(rng: Rng) -> Item:
    """A column that broke: leaning stump with bare reinforcement."""
    half, height = float(rng.uniform(0.15, 0.28)), float(rng.uniform(0.6, 1.6))
    lean = euler(0.0, float(rng.normal(0, 0.12)), float(rng.normal(0, 0.12)))
    rust: Vector = (0.25, 0.12, 0.07)
    stump = box((half, half, height / 2), (0, 0, height / 2 - 0.05), M.CONCRETE, B,
                grey(rng, 0.3, 0.5), lean)  # fmt: skip
    bars = []
    for x in (-0.7 * half, 0.7 * half):
        for y in (-0.7 * half, 0.7 * half):
            end = (x + float(rng.normal(0, 0.2)), y + float(rng.normal(0, 0.2)), height + 0.5)
            bars.append(rod(0.012, (x, y, height - 0.2), end, M.RUSTED_METAL, B, rust))
    return Item("column_stump", (stump, *bars), (half + 0.1, half + 0.1))


def stairs(rng: Rng) -> Item:
    """A flight of steps up along +x, with a broken end and a rail."""
    count = int(rng.integers(5, 10))
    rise, going, hy = 0.17, 0.28, float(rng.uniform(0.5, 0.9))
    color = grey(rng, 0.3, 0.55)
    length = count * going
    parts = [
        box((going / 2, hy, rise * (i + 1) / 2), ((i + 0.5) * going - length / 2, 0,
            rise * (i + 1) / 2), M.CONCRETE, B, color)
        for i in range(count)
    ]  # fmt: skip
    if rng.random() < 0.6:
        start, end = (-length / 2, hy, 0.9), (length / 2, hy, 0.9 + count * rise)
        parts.append(rod(0.025, start, end, M.BARE_METAL, B, (0.3, 0.3, 0.3)))
        parts += [
            rod(0.015, (x, hy, 0.1), (x, hy, 0.9 + (x + length / 2) / going * rise),
                M.BARE_METAL, B, (0.3, 0.3, 0.3))
            for x in (-0.4 * length, 0.4 * length)
        ]  # fmt: skip
    return Item("stairs", tuple(parts), (length / 2, hy + 0.05))


def _raised(turn: Quaternion, at: Vector, up: float) -> Vector:
    """The point ``up`` metres along the turned z axis."""
    x, y, z = rotate(turn, (0.0, 0.0, up))
    return (at[0] + x, at[1] + y, at[2] + z)


def fallen_beam(rng: Rng) -> Item:
    """A steel or timber beam with one end propped up."""
    length = float(rng.uniform(2.0, 4.0))
    lift = float(rng.uniform(0.1, 1.3))
    turn = euler(0.0, -math.asin(lift / length), float(rng.uniform(0, 1.5)))
    at: Vector = (0.0, 0.0, lift / 2 + 0.12)
    if rng.random() < 0.5:
        rust = (0.22, 0.12, 0.08)
        parts = [
            box((length / 2, 0.012, 0.1), at, M.RUSTED_METAL, B, rust, turn),
            *(box((length / 2, 0.07, 0.01), _raised(turn, at, z), M.RUSTED_METAL, B, rust, turn)
              for z in (-0.1, 0.1)),
        ]  # fmt: skip
    else:
        parts = [box((length / 2, 0.08, 0.11), at, M.WOOD, B, pick(rng, WOODS), turn)]
    if lift > 0.3:
        parts.append(fragment(rng, (0.4 * length, 0.0, 0.35 * lift), 0.9 * lift))
    return Item("fallen_beam", tuple(parts), (length / 2, 0.25))


def rebar_bundle(rng: Rng) -> Item:
    """Bent reinforcement bars sticking out of a lump of concrete."""
    parts = [fragment(rng, (0, 0, 0.15), 0.6)]
    for _ in range(6):
        knee = (float(rng.normal(0, 0.2)), float(rng.normal(0, 0.2)), float(rng.uniform(0.4, 0.8)))
        tip = (knee[0] + float(rng.normal(0, 0.35)), knee[1] + float(rng.normal(0, 0.35)),
               knee[2] + float(rng.uniform(-0.1, 0.5)))  # fmt: skip
        rust: Vector = (0.25, 0.13, 0.08)
        parts.append(rod(0.012, (0, 0, 0.1), knee, M.RUSTED_METAL, B, rust, Shape.CAPSULE))
        parts.append(rod(0.012, knee, tip, M.RUSTED_METAL, B, rust, Shape.CAPSULE))
    return Item("rebar_bundle", tuple(parts), (0.45, 0.45))


def wall_with_opening(rng: Rng, kind: str, height: float) -> Item:
    """A standing wall along y with a ``door``, ``window`` or ``hole`` in the middle."""
    half = float(rng.uniform(1.4, 2.6))
    thick = float(rng.uniform(0.08, 0.18))
    material, color = _wall_finish(rng)
    if kind == "door":
        gap, sill, lintel = 0.5, 0.0, 2.05
    elif kind == "window":
        gap, sill, lintel = float(rng.uniform(0.4, 0.7)), 0.9, 2.0
    else:
        gap, sill, lintel = float(rng.uniform(0.4, 0.8)), float(rng.uniform(0, 0.6)), 1.7
    side = (half - gap) / 2
    parts = [
        box((thick, side, height / 2), (0, y * (gap + side), height / 2), material, B, color)
        for y in (-1.0, 1.0)
    ]
    if lintel < height - 0.1:
        top = (height - lintel) / 2
        parts.append(box((thick, gap, top), (0, 0, lintel + top), material, B, color))
    if sill > 0.05:
        parts.append(box((thick, gap, sill / 2), (0, 0, sill / 2), material, B, color))
    if kind == "door":
        parts += _door_leaf(rng, gap)
    elif kind == "hole":
        parts += [fragment(rng, (0.1, y, sill), 0.35) for y in (-0.8 * gap, 0.7 * gap)]
    elif rng.random() < 0.5:
        pane = box((0.01, gap, (lintel - sill) / 2), (0, 0, (lintel + sill) / 2), M.GLASS, B,
                   (0.15, 0.18, 0.18))  # fmt: skip
        parts.append(pane)
    return Item(f"wall_{kind}", tuple(parts), (thick, half))


def _door_leaf(rng: Rng, gap: float) -> list[Part]:
    swing = float(rng.uniform(0.3, 1.5))
    at = (gap * math.sin(swing), gap - gap * math.cos(swing), 1.0)
    warm = (Heat(float(rng.uniform(0.0, 3.0))),)
    return [box((0.03, gap, 1.0), at, M.WOOD, B, pick(rng, WOODS), euler(swing, 0, 0), warm)]


def wall_stub(rng: Rng, height: float) -> Item:
    """What is left of a wall: stepped ends and loose bricks on top."""
    half = float(rng.uniform(0.6, 1.6))
    material, color = _wall_finish(rng)
    top = height * float(rng.uniform(0.3, 0.9))
    parts = [
        box((0.12, half, top / 2), (0, 0, top / 2), material, B, color),
        box((0.12, 0.6 * half, 0.2), (0, -0.4 * half, top + 0.15), material, B, color),
        fragment(rng, (0.0, 0.5 * half, top), 0.35),
    ]
    return Item("wall_stub", tuple(parts), (0.3, half))


def _wall_finish(rng: Rng) -> tuple[MaterialName, Vector]:
    material = (M.BRICK, M.PLASTER, M.CONCRETE, M.TILE)[int(rng.integers(4))]
    if material is M.BRICK:
        return material, pick(rng, BRICKS)
    return material, pick(rng, PLASTERS) if material is not M.CONCRETE else grey(rng, 0.3, 0.5)


def hanging_slab(rng: Rng, height: float) -> Item:
    """A piece of ceiling that hangs down along +x; its upper edge, at x = 0, is at ``height``."""
    hx, hy = float(rng.uniform(0.7, 1.4)), float(rng.uniform(0.6, 1.2))
    tilt = float(rng.uniform(0.3, 0.8))
    at: Vector = (hx * math.cos(tilt), 0.0, height - hx * math.sin(tilt))
    parts = [
        box((hx, hy, 0.09), at, M.CONCRETE, B, grey(rng, 0.3, 0.5), euler(0.0, tilt, 0.0)),
        *(rod(0.012, (-0.1, y, height), (1.4 * hx, y, height - 1.2 * hx * math.sin(tilt)),
              M.RUSTED_METAL, B, (0.25, 0.13, 0.08)) for y in (-0.3 * hy, 0.4 * hy)),
    ]  # fmt: skip
    return Item("hanging_slab", tuple(parts), (2 * hx, hy))
