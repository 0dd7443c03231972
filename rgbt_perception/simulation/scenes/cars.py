"""Cars, vans and pickups; parked, just parked or driving."""

from __future__ import annotations

import math
from enum import Enum

from rgbt_perception.simulation.parts import Heat, Lamp, MaterialName, Part, Vector
from rgbt_perception.simulation.scenes.item import Item, Rng
from rgbt_perception.simulation.scenes.labels import Label
from rgbt_perception.simulation.scenes.palette import (
    BLACK,
    CAR_PAINTS,
    DARK,
    LAMP_RED,
    LAMP_WHITE,
    WHITE,
    WINDOW,
    pick,
)
from rgbt_perception.simulation.scenes.rotations import turn_y
from rgbt_perception.simulation.scenes.solids import box, disc, rod
from rgbt_perception.simulation.scenes.vehicle_styles import STYLES, CarStyle, varied

M = MaterialName
C = Label.CAR


class State(Enum):
    """What a vehicle has been doing; decides what is warm and what shines."""

    COLD = "cold"
    JUST_PARKED = "just_parked"
    DRIVING = "driving"


def draw_state(rng: Rng) -> State:
    """A parked vehicle: mostly cold."""
    return State.JUST_PARKED if rng.random() < 0.3 else State.COLD


def engine_heat(rng: Rng, state: State, at: Vector, radius: float) -> tuple[Heat, ...]:
    """The warm bonnet or engine bay at a point of a part; empty when cold."""
    if state is State.COLD:
        return ()
    low, high = (12.0, 26.0) if state is State.DRIVING else (5.0, 20.0)
    return (Heat(float(rng.uniform(low, high)), at, radius),)


def tyre_heat(rng: Rng, state: State) -> tuple[Heat, ...]:
    """Warm treads and, in the middle, warmer brakes; nothing when cold."""
    if state is State.COLD:
        return ()
    tread = float(rng.uniform(5.0, 13.0)) * (1.0 if state is State.DRIVING else 0.5)
    return (Heat(tread), Heat(1.2 * tread, (0.0, 0.0, 0.0), 0.15))


def headlamp(x: float, z: float) -> Lamp:
    """Both headlights of a vehicle as one beam, dipped a little."""
    return Lamp(
        (x + 0.1, 0.0, z), (math.cos(0.03), 0.0, -math.sin(0.03)), 0.35, 30.0, (1, 0.95, 0.9)
    )


def car(rng: Rng, style: CarStyle, state: State) -> Item:
    """One car of a style, with its own proportions, colour and warmth."""
    s = varied(style, rng)
    paint = _paint(rng, s.name)
    front, half_width = s.length / 2, s.width / 2
    parts = [_lower_body(rng, s, paint, state)]
    parts += _cabin(s, paint)
    tyres = tyre_heat(rng, state)
    axles = (front - 0.19 * s.length, -front + 0.2 * s.length)
    parts += [
        disc(s.wheel, 0.11, (x, y * (half_width - 0.08), s.wheel), M.RUBBER, C, BLACK, tyres)
        for x in axles
        for y in (-1.0, 1.0)
    ]
    parts += _ends(s, state)
    if state is State.DRIVING:
        at: Vector = (-front - 0.02, 0.5 * half_width, s.clearance + 0.06)
        end: Vector = (-front + 0.2, 0.5 * half_width, s.clearance + 0.06)
        heat = (Heat(float(rng.uniform(20.0, 45.0))),)
        parts.append(rod(0.035, at, end, M.BARE_METAL, C, DARK, heat=heat))
    if s.name == "car_taxi":
        sign = (-front + 0.0 + s.length - s.roof[0] - 0.5, 0.0, s.height + 0.07)
        parts.append(box((0.1, 0.25, 0.07), sign, M.SIGN_FACE, C, (0.8, 0.65, 0.05)))
    elif s.name == "car_police":
        bar = (front - s.roof[0] - 0.4, 0.0, s.height + 0.06)
        parts.append(box((0.1, 0.55, 0.06), bar, M.LAMP_GLASS, C, (0.1, 0.2, 0.9)))
    lamps = (headlamp(front, 0.65),) if state is State.DRIVING else ()
    return Item(s.name, tuple(parts), (front + 0.1, half_width + 0.05), lamps)


def _paint(rng: Rng, name: str) -> Vector:
    if name == "car_taxi":
        return pick(rng, ((0.7, 0.5, 0.05), (0.65, 0.6, 0.45), (0.03, 0.03, 0.03)))
    if name == "van_panel":
        return pick(rng, (WHITE, WHITE, WHITE, *CAR_PAINTS))
    if name == "car_police":
        return pick(rng, (WHITE, (0.4, 0.41, 0.43)))
    return pick(rng, CAR_PAINTS)


def _lower_body(rng: Rng, s: CarStyle, paint: Vector, state: State) -> Part:
    half_height = (s.belt - s.clearance) / 2
    bonnet: Vector = (s.length / 2 - 0.55 * s.screen, 0.0, half_height)
    return box(
        (s.length / 2, s.width / 2, half_height),
        (0.0, 0.0, s.clearance + half_height),
        M.CAR_PAINT,
        C,
        paint,
        heat=engine_heat(rng, state, bonnet, 0.35 + 0.3 * s.screen),
    )


def _cabin(s: CarStyle, paint: Vector) -> list[Part]:
    """Windows as one glass box with a slanted screen at each end, and the roof on top."""
    front = s.length / 2
    half_height = (s.height - s.belt) / 2
    middle = s.belt + half_height
    start, end = front - s.roof[0], front - s.roof[1]
    half_width = 0.86 * s.width / 2
    x, half_length = (start + end) / 2, (start - end) / 2
    top = (half_length, half_width + 0.01, 0.035)
    parts = [
        box((half_length, half_width, half_height), (x, 0, middle), M.GLASS, C, WINDOW),
        _screen(front - s.screen, start, s, half_width),
        _screen(front - s.tail, end, s, half_width),
        box(top, (x, 0.0, s.height - 0.03), M.CAR_PAINT, C, paint),
        box((0.08, half_width + 0.012, half_height), (x - 0.1 * half_length, 0, middle),
            M.CAR_PAINT, C, paint),
    ]  # fmt: skip
    if s.cargo == "box":
        load = (half_length - 0.55, half_width + 0.015, half_height + 0.01)
        parts.append(box(load, (x - 0.58, 0.0, middle + 0.02), M.CAR_PAINT, C, paint))
    elif s.cargo == "bed":
        rear = (-front + front - s.tail) / 2
        bed = ((front + front - s.tail) / 2 - 0.06, s.width / 2 - 0.07, 0.02)
        parts.append(box(bed, (rear, 0.0, s.belt + 0.01), M.RUBBER, C, DARK))
        parts += [
            box((bed[0], 0.04, 0.1), (rear, y, s.belt + 0.1), M.CAR_PAINT, C, paint)
            for y in (-s.width / 2 + 0.05, s.width / 2 - 0.05)
        ]
    return parts


def _screen(foot: float, head: float, s: CarStyle, half_width: float) -> Part:
    """A slanted window from (foot, belt) to (head, roof), thick enough to fill the wedge below."""
    rise, run = s.height - s.belt, head - foot
    length = math.hypot(rise, run)
    thick = min(0.5 * abs(run) * rise / length, 0.3) + 0.02
    # The outward normal of the pane: forward for the windscreen, backward for the rear window.
    sign = -1.0 if run < 0 else 1.0
    nx, nz = -sign * rise / length, abs(run) / length
    middle = ((foot + head) / 2 - nx * thick, 0.0, (s.belt + s.height) / 2 - nz * thick)
    turn = turn_y(math.atan2(nx, nz))
    return box((length / 2, half_width, thick), middle, M.GLASS, C, WINDOW, turn)


def _ends(s: CarStyle, state: State) -> list[Part]:
    """Lamps, grille and bumpers with number plates."""
    front, w = s.length / 2, s.width / 2
    glass = M.LAMP_GLASS if state is State.DRIVING else M.GLASS
    low = s.clearance + 0.13
    lamp_z = 0.74 * s.belt
    return [
        box((0.02, 0.9 * w, 0.07), (front, 0.0, lamp_z), glass, C, LAMP_WHITE),
        box((0.03, 0.55 * w, 0.09), (front + 0.005, 0.0, lamp_z), M.PLASTIC, C, BLACK),
        box((0.06, 0.97 * w, 0.12), (front + 0.01, 0.0, low), M.PLASTIC, C, DARK),
        box((0.02, 0.93 * w, 0.06), (-front, 0.0, 0.82 * s.belt), glass, C, LAMP_RED),
        box((0.06, 0.97 * w, 0.12), (-front - 0.01, 0.0, low), M.PLASTIC, C, DARK),
        box((0.03, 0.26, 0.06), (-front, 0.0, 0.62 * s.belt), M.SIGN_FACE, C, WHITE),
    ]


def any_car(rng: Rng, state: State) -> Item:
    """A car of any style, the common ones more often."""
    weights = [5.0, 2, 3, 3, 1, 4, 2, 1, 0.5, 2, 1, 1]
    chances = [w / sum(weights) for w in weights]
    return car(rng, STYLES[int(rng.choice(len(STYLES), p=chances))], state)
