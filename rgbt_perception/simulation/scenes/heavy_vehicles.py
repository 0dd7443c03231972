"""Trucks and buses."""

from __future__ import annotations

from rgbt_perception.simulation.parts import Heat, MaterialName, Part, Vector
from rgbt_perception.simulation.scenes.cars import State, engine_heat, headlamp, tyre_heat
from rgbt_perception.simulation.scenes.item import Item, Rng
from rgbt_perception.simulation.scenes.labels import Label
from rgbt_perception.simulation.scenes.palette import (
    BLACK,
    CAR_PAINTS,
    DARK,
    GREY,
    LAMP_RED,
    LAMP_WHITE,
    PAINTED,
    STEEL,
    WHITE,
    WINDOW,
    pick,
)
from rgbt_perception.simulation.scenes.solids import box, disc, rod

M = MaterialName


def _wheels(rng: Rng, state: State, axles: tuple[float, ...], half_width: float, label: Label,
            radius: float = 0.48) -> list[Part]:  # fmt: skip
    tyres = tyre_heat(rng, state)
    return [
        disc(radius, 0.16, (x, y * (half_width - 0.14), radius), M.RUBBER, label, BLACK, tyres)
        for x in axles
        for y in (-1.0, 1.0)
    ]


def truck(rng: Rng, load: str, state: State) -> Item:
    """A truck with a ``box``, ``tank``, ``flatbed``, ``tipper`` or ``refuse`` body."""
    t = Label.TRUCK
    length = float(rng.uniform(6.2, 9.0))
    w, cab = float(rng.uniform(1.15, 1.27)), float(rng.uniform(1.8, 2.2))
    roof = float(rng.uniform(2.6, 3.2))
    front = length / 2
    paint = pick(rng, CAR_PAINTS)
    engine = engine_heat(rng, state, (0.6, 0.0, -0.9), 0.9)
    parts = [
        box((cab / 2, w, (roof - 0.45) / 2), (front - cab / 2, 0, 0.45 + (roof - 0.45) / 2),
            M.CAR_PAINT, t, paint, heat=engine),
        box((0.03, 0.9 * w, 0.4), (front + 0.005, 0, roof - 0.75), M.GLASS, t, WINDOW),
        box((0.35, w + 0.008, 0.35), (front - 0.6, 0, roof - 0.75), M.GLASS, t, WINDOW),
        box((0.08, w, 0.18), (front + 0.02, 0, 0.55), M.PLASTIC, t, DARK),
        box((0.02, 0.92 * w, 0.08), (front + 0.09, 0, 0.6),
            M.LAMP_GLASS if state is State.DRIVING else M.GLASS, t, LAMP_WHITE),
        box((front - 0.1, 0.45, 0.15), (-0.05, 0, 0.8), M.RUSTED_METAL, t, DARK),
        box((0.03, 0.9 * w, 0.06), (-front, 0, 0.75),
            M.LAMP_GLASS if state is State.DRIVING else M.GLASS, t, LAMP_RED),
    ]  # fmt: skip
    parts += _load(rng, load, (-front, front - cab - 0.12), w)
    parts += _wheels(rng, state, (front - 1.2, -front + 1.1, -front + 2.2), w, t)
    if state is State.DRIVING:
        pipe_x = front - cab - 0.06
        parts.append(rod(0.06, (pipe_x, w - 0.15, 0.9), (pipe_x, w - 0.15, roof + 0.2),
                         M.BARE_METAL, t, STEEL, heat=(Heat(35.0),)))  # fmt: skip
    lamps = (headlamp(front, 0.8),) if state is State.DRIVING else ()
    return Item(f"truck_{load}", tuple(parts), (front + 0.1, w + 0.05), lamps)


def _load(rng: Rng, load: str, span: tuple[float, float], w: float) -> list[Part]:
    t = Label.TRUCK
    x, half = (span[0] + span[1]) / 2, (span[1] - span[0]) / 2
    color = pick(rng, PAINTED)
    if load == "tank":
        radius = 0.95 * w
        start: Vector = (span[0], 0.0, 1.0 + radius)
        return [
            rod(radius, start, (span[1], 0.0, 1.0 + radius), M.BARE_METAL, t, STEEL),
            box((half, 0.35, 0.03), (x, 0, 1.03 + 2 * radius), M.BARE_METAL, t, GREY),
        ]
    if load == "refuse":
        height = 1.05
        rear = box((0.6, 0.95 * w, 0.95), (span[0] - 0.1, 0, 1.7), M.RUSTED_METAL, t, color)
        body = box((half - 0.2, w, height), (x + 0.2, 0, 0.98 + height), M.CAR_PAINT, t, WHITE)
        return [body, rear]
    if load == "box":
        height = float(rng.uniform(1.0, 1.4))
        face = box((0.7 * half, w + 0.012, 0.5 * height), (x, 0, 1.05 + height), M.SIGN_FACE, t,
                   color)  # fmt: skip
        shade = pick(rng, (WHITE, WHITE, *PAINTED))
        return [box((half, w, height), (x, 0, 0.98 + height), M.PLASTIC, t, shade), face]
    side = 0.25 if load == "flatbed" else 0.6
    walls = [
        box((half, 0.03, side), (x, y * (w - 0.04), 1.1 + side), M.CAR_PAINT, t, color)
        for y in (-1.0, 1.0)
    ]
    ends = [
        box((0.03, w - 0.05, side), (end, 0, 1.1 + side), M.CAR_PAINT, t, color)
        for end in (span[0] + 0.05, span[1] - 0.05)
    ]
    floor = box((half, w, 0.06), (x, 0, 1.05), M.WOOD, t, (0.2, 0.15, 0.1))
    if load == "tipper":
        heap = M.SOIL if rng.random() < 0.5 else M.RUBBLE
        cargo = box((half - 0.1, w - 0.1, 0.45), (x, 0, 1.55), heap, t, (0.4, 0.35, 0.3))
    else:
        cargo = box((0.5 * half, 0.6 * w, 0.45), (x, 0, 1.56), M.WOOD, t, pick(rng, PAINTED))
    return [floor, *walls, *ends, cargo]


LOADS = ("box", "tank", "flatbed", "tipper", "refuse")


def bus(rng: Rng, kind: str, state: State) -> Item:
    """A ``city`` bus with big windows, a ``coach`` or a ``school`` bus."""
    b = Label.BUS
    length = float(rng.uniform(9.0, 12.0))
    w, height = 1.27, float(rng.uniform(2.9, 3.4))
    front = length / 2
    palettes: dict[str, tuple[Vector, ...]] = {
        "city": ((0.5, 0.04, 0.03), (0.65, 0.65, 0.62), (0.1, 0.25, 0.12), (0.08, 0.15, 0.4)),
        "coach": ((0.7, 0.7, 0.7), (0.1, 0.12, 0.3), (0.4, 0.3, 0.1)),
        "school": ((0.75, 0.45, 0.03),),
    }
    paint = pick(rng, palettes[kind])
    sill = 1.0 if kind == "city" else 1.45
    window = (height - 0.35 - sill) / 2
    engine = engine_heat(rng, state, (-front, 0.0, -0.8), 1.1)
    cabin = (Heat(5.0),) if state is State.DRIVING else ()
    glass = M.LAMP_GLASS if state is State.DRIVING else M.GLASS
    parts = [
        box((front, w, (height - 0.3) / 2), (0, 0, 0.3 + (height - 0.3) / 2), M.CAR_PAINT, b, paint,
            heat=engine),
        box((front - 0.25, w + 0.01, window), (0, 0, sill + window), M.GLASS, b, WINDOW,
            heat=cabin),
        box((0.03, 0.92 * w, 0.75), (front + 0.005, 0, 1.75), M.GLASS, b, WINDOW, heat=cabin),
        box((0.03, 0.8 * w, 0.45), (-front - 0.005, 0, 2.1), M.GLASS, b, WINDOW, heat=cabin),
        box((0.04, 0.7 * w, 0.14), (front + 0.01, 0, height - 0.25), glass, b, (0.9, 0.5, 0.1)),
        box((0.04, 0.92 * w, 0.07), (front + 0.01, 0, 0.65), glass, b, LAMP_WHITE),
        box((0.04, 0.95 * w, 0.07), (-front - 0.01, 0, 0.85), glass, b, LAMP_RED),
        box((0.06, w, 0.12), (front + 0.01, 0, 0.42), M.PLASTIC, b, DARK),
        box((1.2, 0.8 * w, 0.12), (-0.3 * front, 0, height + 0.1), M.PLASTIC, b, GREY,
            heat=(Heat(6.0),) if state is State.DRIVING else ()),
    ]  # fmt: skip
    for x in (front - 0.75, 0.0):
        parts.append(box((0.55, 0.02, 1.1), (x, -w - 0.005, 1.45), M.GLASS, b, (0.06, 0.08, 0.09)))
    parts += _wheels(rng, state, (front - 2.6, -front + 2.6), w, b)
    lamps = (headlamp(front, 0.7),) if state is State.DRIVING else ()
    return Item(f"bus_{kind}", tuple(parts), (front + 0.1, w + 0.05), lamps)


BUSES = ("city", "coach", "school")


def any_heavy(rng: Rng, state: State) -> Item:
    """A truck or bus of any kind."""
    if rng.random() < 0.55:
        return truck(rng, LOADS[int(rng.integers(len(LOADS)))], state)
    return bus(rng, BUSES[int(rng.integers(len(BUSES)))], state)
