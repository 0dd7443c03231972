"""Bicycles, motorcycles and scooters, with and without riders."""

from __future__ import annotations

from rgbt_perception.simulation.parts import Heat, MaterialName, Part, Shape, Vector
from rgbt_perception.simulation.scenes.cars import State, headlamp, tyre_heat
from rgbt_perception.simulation.scenes.item import Item, Rng, carried
from rgbt_perception.simulation.scenes.labels import Label
from rgbt_perception.simulation.scenes.palette import (
    BLACK,
    CAR_PAINTS,
    DARK,
    LAMP_RED,
    LAMP_WHITE,
    STEEL,
    pick,
)
from rgbt_perception.simulation.scenes.people import cyclist, motorcyclist
from rgbt_perception.simulation.scenes.rotations import upright
from rgbt_perception.simulation.scenes.solids import ball, box, disc, ellipsoid, rod

M = MaterialName


def bicycle(rng: Rng, speed: float | None = None) -> Item:
    """A bicycle, parked or, with a speed in metres per second, ridden."""
    b = Label.BICYCLE
    paint = pick(rng, CAR_PAINTS)
    r = float(rng.uniform(0.31, 0.36))
    crank: Vector = (-0.05, 0.0, 0.3)
    saddle: Vector = (-0.2, 0.0, 0.92)
    head: Vector = (0.36, 0.0, 0.88)

    def tube(start: Vector, end: Vector) -> Part:
        return rod(0.018, start, end, M.CAR_PAINT, b, paint, Shape.CAPSULE)

    parts = [
        disc(r, 0.018, (0.52, 0, r), M.RUBBER, b, BLACK),
        disc(r, 0.018, (-0.52, 0, r), M.RUBBER, b, BLACK),
        tube(crank, saddle),
        tube(crank, head),
        tube((-0.17, 0.0, 0.78), head),
        tube((0.52, 0.0, r), (0.33, 0.0, 1.0)),
        tube(crank, (-0.52, 0.0, r)),
        rod(0.016, (0.34, -0.28, 1.02), (0.34, 0.28, 1.02), M.BARE_METAL, b, STEEL),
        box((0.13, 0.06, 0.03), (-0.22, 0, 0.94), M.RUBBER, b, BLACK),
    ]
    if rng.random() < 0.3:
        parts.append(box((0.15, 0.15, 0.1), (-0.55, 0, 0.8), M.WOOD, b, (0.3, 0.2, 0.1)))
    if speed is None:
        return Item("bicycle", tuple(parts), (0.9, 0.3))
    parts.append(ball(0.035, (0.42, 0, 0.85), M.LAMP_GLASS, b, LAMP_WHITE))
    rider = cyclist(rng, speed)
    limbs = carried(rider, upright(-0.15, 0.0))
    return Item("bicycle_ridden", tuple(parts), (0.95, 0.35), limbs=limbs)


def motorcycle(rng: Rng, kind: str, state: State) -> Item:
    """A ``motorcycle`` or ``scooter``; driving ones carry a rider."""
    m = Label.MOTORCYCLE
    paint = pick(rng, CAR_PAINTS)
    tyres = tyre_heat(rng, state)
    warm = state is not State.COLD
    r = 0.31 if kind == "motorcycle" else 0.23
    gap = 0.72 if kind == "motorcycle" else 0.62
    glass = M.LAMP_GLASS if state is State.DRIVING else M.GLASS
    parts = [
        disc(r, 0.06, (gap, 0, r), M.RUBBER, m, BLACK, tyres),
        disc(r, 0.07, (-gap, 0, r), M.RUBBER, m, BLACK, tyres),
        rod(0.035, (gap, 0, r), (gap - 0.3, 0, 0.95), M.BARE_METAL, m, STEEL),
        rod(0.018, (gap - 0.32, -0.36, 1.03), (gap - 0.32, 0.36, 1.03), M.BARE_METAL, m, DARK),
        box((0.06, 0.12, 0.09), (gap - 0.18, 0, 0.9), glass, m, LAMP_WHITE),
        box((0.03, 0.1, 0.04), (-gap - 0.12, 0, 0.75), glass, m, LAMP_RED),
        box((0.35, 0.13, 0.05), (-0.3, 0, 0.79), M.RUBBER, m, BLACK),
    ]
    if kind == "motorcycle":
        parts += [
            ellipsoid((0.3, 0.16, 0.14), (0.17, 0, 0.82), M.CAR_PAINT, m, paint),
            box((0.26, 0.17, 0.18), (0.02, 0, 0.45), M.BARE_METAL, m, DARK,
                heat=(Heat(30.0),) if warm else ()),
            rod(0.05, (-0.05, -0.18, 0.32), (-0.75, -0.2, 0.4), M.BARE_METAL, m, STEEL,
                heat=(Heat(35.0, (0, 0, -0.25), 0.35),) if warm else ()),
            rod(0.03, (-0.15, 0, 0.5), (-gap, 0, r), M.BARE_METAL, m, DARK),
        ]  # fmt: skip
    else:
        parts += [
            box((0.35, 0.16, 0.2), (-0.4, 0, 0.53), M.CAR_PAINT, m, paint,
                heat=(Heat(12.0, (0, 0, -0.15), 0.25),) if warm else ()),
            box((0.04, 0.2, 0.33), (0.38, 0, 0.62), M.CAR_PAINT, m, paint),
            box((0.3, 0.15, 0.04), (0.1, 0, 0.28), M.PLASTIC, m, DARK),
        ]  # fmt: skip
    if state is not State.DRIVING:
        return Item(kind, tuple(parts), (1.1, 0.4))
    limbs = carried(motorcyclist(rng), upright(-0.3, 0.0))
    return Item(f"{kind}_ridden", tuple(parts), (1.15, 0.4), (headlamp(gap, 0.9),), limbs)
