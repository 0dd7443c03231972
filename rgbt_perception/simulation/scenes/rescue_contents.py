"""What lies, stands, hangs and burns inside a rescue scene, and the people in it."""

from __future__ import annotations

import math

import numpy as np

from rgbt_perception.simulation.scenes import belongings, ruins, services
from rgbt_perception.simulation.scenes.builder import SceneBuilder
from rgbt_perception.simulation.scenes.cars import State, any_car
from rgbt_perception.simulation.scenes.rescue_site import Site
from rgbt_perception.simulation.scenes.rotations import multiply, turn_x, turn_z, upright
from rgbt_perception.simulation.scenes.street_sides import TREES, Weighted, draw
from rgbt_perception.simulation.scenes.vegetation import boulder, bush, log

RUBBLE: Weighted = (
    (4.0, ruins.rubble_pile),
    (1.5, lambda rng: ruins.rubble_pile(rng, float(rng.uniform(1.4, 2.6)))),
    (2.0, ruins.scattered_bricks),
    (2.0, ruins.broken_slab),
    (1.5, ruins.fallen_beam),
    (1.0, ruins.rebar_bundle),
    (0.8, ruins.column_stump),
    (0.7, services.broken_pipe),
    (0.5, services.ember_heap),
    (0.5, services.fire),
)
BELONGINGS: Weighted = (
    (1.2, belongings.table),
    (1.5, belongings.chair),
    (1.0, belongings.sofa),
    (1.0, belongings.bed),
    (0.8, belongings.fridge),
    (1.5, belongings.barrels),
    (1.5, belongings.crates),
    (1.0, belongings.pallet),
    (0.8, belongings.sandbags),
    (0.7, belongings.gas_bottles),
    (0.7, belongings.tyres),
    (0.7, belongings.tool_case),
    (0.7, services.generator),
    (1.0, services.machine),
    (0.5, services.work_lamp),
    (0.5, ruins.stairs),
)
AT_WALL: Weighted = (
    (1.5, belongings.shelf),
    (1.0, belongings.locker),
    (1.0, services.radiator),
    (1.0, services.switch_cabinet),
    (0.7, belongings.ladder),
    (1.0, belongings.crates),
)
OUTSIDE: Weighted = (
    (2.0, bush),
    (1.5, boulder),
    (1.0, log),
    (1.5, ruins.stairs),
    (1.0, belongings.mine_cart),
)


def fill(builder: SceneBuilder, site: Site, travelled: float) -> None:
    """Put rubble, belongings and installations along the whole site.

    Args:
        builder: the scene.
        site: its plan.
        travelled: how far the robot gets, metres; things are sparser well beyond.
    """
    rng = builder.rng
    density = float(rng.uniform(0.6, 1.3))
    wide = min(1.8, site.half_width / 3.2)
    near = travelled + 11.0
    _fill_floor(builder, site, RUBBLE, (1.1 - 0.4 * site.decay) / density / wide, near)
    things: Weighted = BELONGINGS
    if site.kind == "tunnel":
        things = (*BELONGINGS, (3.0, belongings.mine_cart), (3.0, ruins.rubble_pile))
    elif site.kind == "yard":
        things = (*BELONGINGS, *OUTSIDE, *((0.4 * w, tree) for w, tree in TREES))
    _fill_floor(builder, site, things, 1.9 / density / wide, near)
    _litter(builder, site, near)
    if site.kind == "yard":
        _wrecks(builder, site)
    else:
        _installations(builder, site)


def _fill_floor(
    builder: SceneBuilder, site: Site, things: Weighted, pace: float, near: float
) -> None:
    rng = builder.rng
    station = site.start + 1.0
    while station < site.end:
        item = draw(rng, things)
        room = site.half_width - 0.25 - min(item.footprint)
        lateral = float(rng.uniform(-1.0, 1.0)) * room
        x, y, _ = site.path.at(station, lateral)
        builder.try_put(item, x, y, 0.0, float(rng.uniform(0, 2 * math.pi)), 0.02)
        station += pace * float(rng.uniform(0.5, 1.5)) * (1.0 if station < near else 4.0)


def _litter(builder: SceneBuilder, site: Site, near: float) -> None:
    """Flat debris and puddles, in the robot's way too: it drives over them."""
    rng = builder.rng
    station = 0.5
    while station < near:
        item = ruins.debris(rng) if rng.random() < 0.75 else ruins.puddle(rng)
        x, y, _ = site.path.at(station, float(rng.normal(0.0, 0.35)) * site.half_width)
        builder.put(item, upright(x, y, 0.012, float(rng.uniform(0, 2 * math.pi))))
        station += float(rng.uniform(0.8, 2.6))


def _installations(builder: SceneBuilder, site: Site) -> None:
    """Pipes and furniture along the walls, ducts, cables and lamps under the ceiling."""
    rng = builder.rng
    works = rng.random() < 0.6
    for sign in (-1.0, 1.0):
        piped = rng.random() < 0.6
        hot = rng.random() < 0.6
        look = int(rng.integers(1 << 30))
        height = float(rng.uniform(0.9, site.height - 0.4))
        station = site.start + 2.0
        while station < site.end:
            inward = -sign * math.pi / 2
            if piped and rng.random() < 0.9 and abs(site.path.curvature(station)) < 0.08:
                # The same generator again: one run keeps its pipes from piece to piece.
                same = np.random.default_rng(look)
                item = services.pipe_run(same, 2.0, height, hot and rng.random() < 0.6)
                x, y, heading = site.path.at(station, sign * (site.half_width - 0.32))
                builder.put(item, upright(x, y, 0.0, heading + inward))
            elif piped and rng.random() < 0.3:
                x, y, heading = site.path.at(station, sign * (site.half_width - 0.35))
                builder.try_put(services.standpipe(rng, site.height), x, y, 0.0, heading)
            if site.half_width > 1.6 and rng.random() < 0.45:
                item = draw(rng, AT_WALL)
                aside = sign * (site.half_width - 0.2 - item.footprint[0])
                x, y, heading = site.path.at(station, aside)
                builder.try_put(item, x, y, 0.0, heading + inward)
            station += 4.0
    station = site.start + float(rng.uniform(1.0, 5.0))
    while station < site.end - 1.0:
        lateral = float(rng.uniform(-0.6, 0.6)) * site.half_width
        x, y, heading = site.path.at(station, lateral)
        chance = float(rng.random())
        if chance < 0.35 and works and site.height > 2.2:
            builder.put(services.tube_lamp(rng, site.height),
                        upright(x, y, 0.0, heading + math.pi / 2))  # fmt: skip
        elif chance < 0.55 and site.height > 2.6 and site.kind != "passage":
            duct = services.duct(rng, 2.0, site.height)
            builder.put(duct, upright(x, y, 0.0, heading + math.pi / 2))
        elif chance < 0.8:
            builder.try_put(services.cables(rng, site.height), x, y, 0.0, heading)
        station += float(rng.uniform(3.5, 7.0))


def _wrecks(builder: SceneBuilder, site: Site) -> None:
    """Crashed cars in a yard, some on their side."""
    rng = builder.rng
    for _ in range(int(rng.integers(0, 4))):
        item = any_car(rng, State.JUST_PARKED if rng.random() < 0.5 else State.COLD)
        station = float(rng.uniform(2.0, site.end))
        lateral = float(rng.choice([-1.0, 1.0])) * float(rng.uniform(0.5, 1.1)) * site.half_width
        x, y, heading = site.path.at(station, lateral)
        yaw = heading + float(rng.uniform(-1.5, 1.5))
        if not builder.occupancy.try_take(x, y, yaw, item.footprint):
            continue
        if rng.random() < 0.3:
            roll = multiply(turn_z(yaw), turn_x(math.pi / 2))
            builder.put(item, ((x, y, item.footprint[1]), roll))
        else:
            builder.put(item, upright(x, y, 0.0, yaw))
