"""People in a disaster: lying, sitting, half buried."""

from __future__ import annotations

import math

from rgbt_perception.simulation.parts import MaterialName, Pose
from rgbt_perception.simulation.scenes.item import Item, Rng, carried
from rgbt_perception.simulation.scenes.labels import Label
from rgbt_perception.simulation.scenes.palette import grey
from rgbt_perception.simulation.scenes.people import draw_outfit, figure
from rgbt_perception.simulation.scenes.posture import idle
from rgbt_perception.simulation.scenes.rotations import multiply, turn_x, turn_y, turn_z
from rgbt_perception.simulation.scenes.ruins import fragment
from rgbt_perception.simulation.scenes.solids import ellipsoid


def lying(rng: Rng, on_side: bool) -> Item:
    """Somebody lying on the back or on one side, head towards -x."""
    outfit = draw_outfit(rng, rng.random() < 0.15)
    person = figure(rng, "victim", outfit, idle(rng, "lying"))
    turn = turn_y(-math.pi / 2)
    height = 0.08 * outfit.height * outfit.girth
    if on_side:
        roll = 1.0 if rng.random() < 0.5 else -1.0
        turn = multiply(turn_x(roll * 1.35), turn)
        height = 0.125 * outfit.height * outfit.girth
    pose: Pose = ((0.0, 0.0, height), turn)
    name = "victim_on_side" if on_side else "victim_on_back"
    return Item(name, (), (0.55 * outfit.height, 0.4), limbs=carried(person, pose))


def sitting(rng: Rng) -> Item:
    """Somebody sitting on the ground."""
    person = figure(rng, "victim", draw_outfit(rng, rng.random() < 0.15), idle(rng, "floor"))
    return Item("victim_sitting", (), (0.6, 0.35), limbs=person.limbs)


def buried(rng: Rng) -> Item:
    """Somebody lying on the back with rubble over legs or body; what shows differs."""
    person = lying(rng, on_side=rng.random() < 0.3)
    height = person.footprint[0] / 0.55
    # From the shins (0.35) up to the chest (-0.15), in body heights along +x.
    edge = float(rng.uniform(-0.12, 0.25)) * height
    reach = 0.5 * height - edge
    mound = ellipsoid((0.6 * reach + 0.15, 0.45, float(rng.uniform(0.25, 0.4))),
                      (edge + 0.55 * reach, 0, 0), MaterialName.RUBBLE, Label.BUILDING,
                      grey(rng, 0.2, 0.4))  # fmt: skip
    parts = [mound]
    for _ in range(5):
        x = edge + float(rng.uniform(0.1, 1.0)) * reach
        at = (x, float(rng.uniform(-0.4, 0.4)), float(rng.uniform(0.15, 0.35)))
        parts.append(fragment(rng, at, float(rng.uniform(0.2, 0.45))))
    return Item("victim_buried", tuple(parts), (0.6 * height, 0.55), limbs=person.limbs)


def covered(rng: Rng) -> Item:
    """Somebody lying under a blanket; head and feet show."""
    person = lying(rng, on_side=False)
    half = (0.3 * person.footprint[0] / 0.55, 0.34, 0.02)
    blanket = ellipsoid((half[0] + 0.1, half[1], 0.24), (0.05, 0, 0.02), MaterialName.CLOTH,
                        Label.PERSON, (0.6, 0.5, 0.15), turn_z(0.0))  # fmt: skip
    return Item("victim_covered", (blanket,), (1.0, 0.4), limbs=person.limbs)
