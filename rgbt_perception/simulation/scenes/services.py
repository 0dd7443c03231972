"""Pipes, ducts, cables and machines inside a damaged building, and what burns there."""

from __future__ import annotations

import math

from rgbt_perception.simulation.parts import Heat, Lamp, MaterialName, Shape, Vector
from rgbt_perception.simulation.scenes.item import Item, Rng
from rgbt_perception.simulation.scenes.labels import Label
from rgbt_perception.simulation.scenes.palette import BLACK, DARK, GREY, PAINTED, STEEL, WHITE, pick
from rgbt_perception.simulation.scenes.rotations import euler
from rgbt_perception.simulation.scenes.solids import ball, box, disc, ellipsoid, post, rod

M = MaterialName
POLE, OTHER = Label.POLE, Label.UNLABELLED


def pipe_run(rng: Rng, half: float, height: float, hot: bool) -> Item:
    """One to three parallel pipes along y on brackets; of a hot run one is heated."""
    count = int(rng.integers(1, 4))
    materials = [(M.BARE_METAL, M.RUSTED_METAL, M.CAR_PAINT)[int(rng.integers(3))] for _ in "123"]
    radii = [float(r) for r in rng.uniform(0.03, 0.11, 3)]
    colors = [pick(rng, PAINTED) for _ in "123"]
    # Hottest where the insulation is gone.
    spot: Vector = (0.0, 0.0, half * float(rng.uniform(-0.8, 0.8)))
    heat = (Heat(float(rng.uniform(4.0, 9.0))), Heat(float(rng.uniform(8.0, 25.0)), spot, 0.8))
    parts = [
        rod(radii[i], (0, -half, height - 0.28 * i), (0, half, height - 0.28 * i), materials[i],
            POLE, colors[i], heat=heat if hot and i == 0 else ())
        for i in range(count)
    ]  # fmt: skip
    for y in (-0.7 * half, 0.7 * half):
        bracket: Vector = (-0.08, y, height - 0.14 * (count - 1))
        parts.append(box((0.1, 0.02, 0.14 * count), bracket, M.BARE_METAL, OTHER, DARK))
    return Item("pipe_hot" if hot else "pipe_run", tuple(parts), (0.15, half))


def standpipe(rng: Rng, height: float) -> Item:
    """An upright pipe with a valve wheel, sometimes cold with water."""
    radius = float(rng.uniform(0.04, 0.1))
    heat = (Heat(float(rng.uniform(-4.0, 10.0))),)
    parts = (
        post(radius, height, (0, 0, 0), M.CAR_PAINT, POLE, pick(rng, PAINTED), heat),
        rod(0.02, (0, 0, 1.1), (0.2, 0, 1.1), M.BARE_METAL, OTHER, STEEL),
        rod(0.12, (0.19, 0, 1.1), (0.22, 0, 1.1), M.CAR_PAINT, OTHER, (0.5, 0.04, 0.03)),
    )
    return Item("standpipe", parts, (0.2, 0.15))


def broken_pipe(rng: Rng) -> Item:
    """A bent pipe that leaks something cold or warm."""
    radius = float(rng.uniform(0.05, 0.12))
    color = pick(rng, PAINTED)
    leak = Heat(float(rng.choice([-6.0, 12.0, 20.0])), (0, 0, 0.5), 0.5)
    knee: Vector = (0.0, 0.0, float(rng.uniform(0.4, 1.0)))
    tip = (float(rng.uniform(0.4, 1.1)), float(rng.normal(0, 0.3)), knee[2] - 0.3)
    parts = (
        rod(radius, (0, 0, 0), knee, M.RUSTED_METAL, POLE, color, Shape.CAPSULE),
        rod(radius, knee, tip, M.RUSTED_METAL, POLE, color, heat=(leak,)),
    )
    return Item("pipe_broken", parts, (0.4, 0.3))


def duct(rng: Rng, half: float, height: float) -> Item:
    """A sheet metal air duct along y under the ceiling."""
    radius = float(rng.uniform(0.15, 0.3))
    warm = (Heat(float(rng.uniform(0.0, 6.0))),)
    z = height - radius - 0.1
    if rng.random() < 0.5:
        shape = rod(radius, (0, -half, z), (0, half, z), M.BARE_METAL, OTHER, STEEL, heat=warm)
    else:
        shape = box((radius, half, 0.7 * radius), (0, 0, z), M.BARE_METAL, OTHER, STEEL, heat=warm)
    hangers = [
        rod(0.012, (0, y, z), (0, y, height), M.BARE_METAL, OTHER, DARK)
        for y in (-0.6 * half, 0.6 * half)
    ]
    return Item("duct", (shape, *hangers), (radius, half))


def cables(rng: Rng, height: float) -> Item:
    """Cables that hang from the ceiling."""
    parts = []
    for _ in range(int(rng.integers(2, 5))):
        x, y = (float(v) for v in rng.uniform(-0.3, 0.3, 2))
        low = height - float(rng.uniform(0.4, 1.2))
        middle = (x + float(rng.normal(0, 0.1)), y, (height + low) / 2)
        tip = (x + float(rng.normal(0, 0.25)), y + float(rng.normal(0, 0.25)), low)
        color = pick(rng, (BLACK, (0.4, 0.3, 0.05), (0.3, 0.05, 0.04)))
        parts.append(rod(0.012, (x, y, height), middle, M.RUBBER, OTHER, color, Shape.CAPSULE))
        parts.append(rod(0.012, middle, tip, M.RUBBER, OTHER, color, Shape.CAPSULE))
    return Item("cables", tuple(parts), (0.4, 0.4))


def generator(rng: Rng) -> Item:
    """A running power unit: hot exhaust, warm engine."""
    color = pick(rng, PAINTED)
    parts = (
        box((0.4, 0.28, 0.25), (0, 0, 0.35), M.CAR_PAINT, OTHER, color,
            heat=(Heat(float(rng.uniform(12.0, 25.0)), (0.25, 0.0, 0.1), 0.3),)),
        box((0.5, 0.04, 0.04), (0, 0.3, 0.08), M.BARE_METAL, OTHER, DARK),
        box((0.5, 0.04, 0.04), (0, -0.3, 0.08), M.BARE_METAL, OTHER, DARK),
        post(0.04, 0.3, (0.3, 0.15, 0.6), M.BARE_METAL, OTHER, DARK, (Heat(60.0),)),
        disc(0.15, 0.05, (-0.35, 0.3, 0.35), M.BARE_METAL, OTHER, GREY, (Heat(15.0),)),
    )  # fmt: skip
    return Item("generator", parts, (0.55, 0.4))


def machine(rng: Rng) -> Item:
    """A machine tool or pump, warm at its motor."""
    half_y, height = float(rng.uniform(0.4, 0.9)), float(rng.uniform(0.8, 1.7))
    color = pick(rng, PAINTED)
    warm = (Heat(float(rng.uniform(0.0, 18.0)), (0.0, 0.0, 0.0), 0.35),)
    parts = (
        box((0.4, half_y, height / 2), (0, 0, height / 2), M.CAR_PAINT, OTHER, color),
        rod(0.2, (0.1, -half_y - 0.35, 0.5), (0.1, -half_y, 0.5), M.BARE_METAL, OTHER, GREY,
            heat=warm),
        box((0.05, 0.25, 0.2), (0.42, 0.2 * half_y, 0.8 * height), M.PLASTIC, OTHER, DARK),
        post(0.05, 0.5, (0, 0.4 * half_y, height), M.BARE_METAL, POLE, STEEL),
    )  # fmt: skip
    return Item("machine", parts, (0.45, half_y + 0.4))


def switch_cabinet(rng: Rng) -> Item:
    """An electrical cabinet with one overheated contact."""
    heat = Heat(float(rng.uniform(5.0, 25.0)), (0.2, float(rng.uniform(-0.2, 0.2)), 0.3), 0.18)
    parts = (
        box((0.2, 0.4, 0.95), (0, 0, 0.95), M.CAR_PAINT, OTHER, (0.4, 0.41, 0.4),
            heat=(Heat(1.5), heat)),
        box((0.02, 0.35, 0.85), (0.35, -0.5, 0.95), M.CAR_PAINT, OTHER, (0.4, 0.41, 0.4),
            euler(1.1, 0, 0)),
        box((0.01, 0.3, 0.7), (0.2, 0, 0.95), M.PLASTIC, OTHER, DARK, heat=(heat,)),
    )  # fmt: skip
    return Item("switch_cabinet", parts, (0.45, 0.6))


def radiator(rng: Rng) -> Item:
    """A heating radiator of seven ribs, warm at the top."""
    half = float(rng.uniform(0.25, 0.45))
    heat = (Heat(float(rng.uniform(0.0, 22.0)), (0, 0, half), 1.3 * half),)
    color = pick(rng, (WHITE, (0.5, 0.45, 0.35)))
    parts = [
        box((0.06, 0.035, half), (0, 0.1 * (i - 3), half + 0.06), M.CAR_PAINT, OTHER, color,
            heat=heat)
        for i in range(7)
    ]  # fmt: skip
    return Item("radiator", tuple(parts), (0.1, 0.4))


def fire(rng: Rng) -> Item:
    """A small fire: glowing embers, charred wood, heated rubble round it."""
    size = float(rng.uniform(0.15, 0.45))
    parts = [
        ellipsoid((size, size, 0.35 * size), (0, 0, 0.05), M.EMBER, OTHER, (1.0, 0.35, 0.05),
                  heat=(Heat(float(rng.uniform(150.0, 350.0))),)),
        ellipsoid((0.5 * size, 0.5 * size, 0.9 * size), (0, 0, 0.4 * size), M.EMBER, OTHER,
                  (1.0, 0.55, 0.12), heat=(Heat(300.0),)),
    ]  # fmt: skip
    for angle in (0.3, 1.7, 3.3, 4.6):
        foot = (1.3 * size * math.cos(angle), 1.3 * size * math.sin(angle), 0.06)
        tip = (-0.2 * size * math.cos(angle), -0.2 * size * math.sin(angle), 0.9 * size)
        glow = (Heat(80.0, (0, 0, 0.6 * size), size),)
        parts.append(rod(0.05, foot, tip, M.WOOD, OTHER, BLACK, Shape.CAPSULE, glow))
    lamp = Lamp((0.0, 0.0, 2.2 * size), (0.0, 0.0, 1.0), math.pi, 0.5, (1.0, 0.5, 0.15), True)
    return Item("fire", tuple(parts), (1.5 * size, 1.5 * size), (lamp,))


def ember_heap(rng: Rng) -> Item:
    """Smouldering rubble: dark outside, hot inside."""
    parts = []
    for _ in range(5):
        x, y = (float(v) for v in rng.uniform(-0.35, 0.35, 2))
        half = 0.1 + 0.2 * rng.random(3)
        heat = (Heat(float(rng.uniform(15.0, 60.0)), (0.0, 0.0, 0.0), 0.25),)
        size: Vector = (float(half[0]), float(half[1]), float(half[2]))
        parts.append(box(size, (x, y, 0.12), M.RUBBLE, Label.BUILDING, (0.08, 0.07, 0.07),
                         euler(x * 9, y * 9, x), heat))  # fmt: skip
    parts.append(ball(0.08, (0.1, 0.0, 0.2), M.EMBER, OTHER, (0.9, 0.25, 0.03), (Heat(120.0),)))
    return Item("ember_heap", tuple(parts), (0.6, 0.6))


def work_lamp(rng: Rng) -> Item:
    """A flood light on a tripod, hot glass; burns always."""
    height = float(rng.uniform(1.2, 2.2))
    legs = [
        rod(0.015, (0.4 * math.cos(a), 0.4 * math.sin(a), 0), (0, 0, 0.7), M.BARE_METAL, POLE, DARK)
        for a in (0.0, 2.1, 4.2)
    ]
    parts = (
        *legs,
        post(0.02, height - 0.6, (0, 0, 0.6), M.BARE_METAL, POLE, DARK),
        box(
            (0.06, 0.16, 0.12),
            (0, 0, height),
            M.PLASTIC,
            OTHER,
            (0.5, 0.4, 0.03),
            heat=(Heat(12.0),),
        ),
        box((0.01, 0.14, 0.1), (0.065, 0, height), M.LAMP_GLASS, OTHER, WHITE, heat=(Heat(35.0),)),
    )
    lamp = Lamp((0.15, 0.0, height), (0.98, 0.0, -0.2), 0.9, 2.2, (1.0, 0.95, 0.85), True)
    return Item("work_lamp", parts, (0.4, 0.4), (lamp,))


def tube_lamp(rng: Rng, height: float) -> Item:
    """A fluorescent tube under the ceiling; burns always."""
    color: Vector = (0.9, 1.0, 0.95) if rng.random() < 0.6 else (1.0, 0.75, 0.4)
    half = float(rng.uniform(0.4, 0.75))
    warm = (Heat(float(rng.uniform(6.0, 14.0))),)
    parts = (
        box((0.07, half + 0.05, 0.03), (0, 0, height - 0.05), M.PLASTIC, OTHER, GREY),
        box((0.04, half, 0.02), (0, 0, height - 0.1), M.LAMP_GLASS, OTHER, WHITE, heat=warm),
    )
    lamp = Lamp((0.0, 0.0, height - 0.2), (0.0, 0.0, -1.0), 1.4, 0.45, color, True)
    return Item("tube_lamp", parts, (0.1, half + 0.05), (lamp,))
