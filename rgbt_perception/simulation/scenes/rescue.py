"""The rescue scene: a tracked robot in a damaged hall, a tunnel, a passage or a yard of ruins."""

from __future__ import annotations

import math

from rgbt_perception.simulation.parts import Lamp, SceneDescription
from rgbt_perception.simulation.scenes import buildings
from rgbt_perception.simulation.scenes.builder import SceneBuilder
from rgbt_perception.simulation.scenes.item import Rng
from rgbt_perception.simulation.scenes.path import unsteady
from rgbt_perception.simulation.scenes.rescue_contents import fill
from rgbt_perception.simulation.scenes.rescue_people import lay_victims, send_rescuers
from rgbt_perception.simulation.scenes.rescue_site import Site, draw_site, raise_shell
from rgbt_perception.simulation.scenes.rig import ROBOT, carry
from rgbt_perception.simulation.scenes.street_sides import TREES, draw

CORRIDOR = 0.62
"""Metres round the robot's way that stay free."""
LONGEST_ROUTE = 150.0
"""Metres; a longer recording drives more slowly instead of building a longer world."""


def compose_rescue(rng: Rng, dark: bool, duration_s: float) -> SceneDescription:
    """A rescue scene for a robot that drives for ``duration_s`` seconds."""
    speed = float(rng.uniform(0.0, 0.15) if rng.random() < 0.1 else rng.uniform(0.15, 0.8))
    speed = min(speed, LONGEST_ROUTE / max(duration_s, 1.0))
    distance = unsteady(rng, speed, min(float(rng.uniform(0.0, 1.0)), 1.2 / speed - 1.0))
    travelled = distance(duration_s)
    site = draw_site(rng, travelled)
    rig = carry(rng, ROBOT, site.path, distance)
    builder = SceneBuilder(rng, duration_s, rig, CORRIDOR)
    # The way stays free a little beyond the end, then rubble may block it.
    way = site.path.points(-0.8, travelled + float(rng.uniform(1.5, 9.0)), 0.15)
    builder.occupancy.keep_free(way, CORRIDOR + ROBOT.wobble)
    raise_shell(builder, site)
    # People first: rubble must leave room for them, not they for it.
    send_rescuers(builder, site, travelled, duration_s)
    lay_victims(builder, site, travelled)
    fill(builder, site, travelled)
    _surroundings(builder, site)
    torch = Lamp((0.2, 0.0, 0.05), (1.0, 0.0, -0.05), 0.9, 3.5, (1.0, 0.97, 0.92), site.indoor)
    lit = dark or site.indoor
    return builder.build("rescue", rig, site.indoor, (torch,) if lit else ())


def _surroundings(builder: SceneBuilder, site: Site) -> None:
    """Houses and trees outside, seen through gaps and beyond the open end."""
    if site.kind == "tunnel" and not site.open_end:
        return
    rng = builder.rng
    for _ in range(9):
        station = float(rng.uniform(-5.0, site.end + 30.0))
        side = float(rng.choice([-1.0, 1.0]))
        away = site.half_width + float(rng.uniform(4.0, 30.0))
        if station > site.end + 6.0:
            away = float(rng.uniform(0.0, 20.0))
        item = draw(rng, TREES)
        facing = -side * math.pi / 2
        if rng.random() < 0.55:
            item = buildings.town_house(rng, float(rng.uniform(9.0, 18.0)))
            away += item.footprint[0] + 2.0
        x, y, heading = site.path.at(station, side * away)
        builder.try_put(item, x, y, 0.0, heading + facing, 0.5)
