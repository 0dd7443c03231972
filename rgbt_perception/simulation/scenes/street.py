"""The street scene: a vehicle drives through a town, a suburb, along a park or past works."""

from __future__ import annotations

import math

from rgbt_perception.simulation.parts import Lamp, MaterialName, SceneDescription
from rgbt_perception.simulation.scenes import traffic_furniture
from rgbt_perception.simulation.scenes.builder import SceneBuilder
from rgbt_perception.simulation.scenes.item import Rng
from rgbt_perception.simulation.scenes.labels import Label
from rgbt_perception.simulation.scenes.palette import LEAVES, PLASTERS, pick
from rgbt_perception.simulation.scenes.path import Distance, unsteady
from rgbt_perception.simulation.scenes.rig import VEHICLE, carry
from rgbt_perception.simulation.scenes.rotations import turn_z, upright
from rgbt_perception.simulation.scenes.solids import box, ellipsoid
from rgbt_perception.simulation.scenes.street_ground import (
    PAVEMENT_TOP,
    ROAD_TOP,
    lay_ground,
    zebra,
)
from rgbt_perception.simulation.scenes.street_layout import LONGEST_ROUTE, Layout, draw_layout
from rgbt_perception.simulation.scenes.street_sides import line
from rgbt_perception.simulation.scenes.street_traffic import populate, run_traffic, walkway

CORRIDOR = 1.6
"""Metres round ``base_link`` that stay free: the cameras sit up to 0.5 m from it."""


def compose_street(rng: Rng, dark: bool, duration_s: float) -> SceneDescription:
    """A street scene for a drive of ``duration_s`` seconds."""
    distance = _drive(rng, duration_s)
    travelled = distance(duration_s)
    layout = draw_layout(rng, travelled, travelled / max(duration_s, 0.1))
    rig = carry(rng, VEHICLE, layout.route, distance)
    builder = SceneBuilder(rng, duration_s, rig, CORRIDOR)
    lay_ground(builder, layout)
    _reserve_lanes(builder, layout, travelled)
    _furnish_crossings(builder, layout)
    for number, road in enumerate(layout.roads):
        for side in road.sides:
            line(builder, road, side, minor=number > 0 and not layout.turns)
    _manholes(builder, layout)
    _horizon(builder, layout)
    run_traffic(builder, layout, distance, duration_s)
    populate(builder, layout, distance, duration_s)
    lamps = tuple(
        Lamp((0.5, y, -0.5), (1.0, 0.0, 0.0), 0.3, 20.0, (1.0, 0.96, 0.9)) for y in (-0.55, 0.55)
    )
    return builder.build("street", rig, False, lamps if dark else ())


def _drive(rng: Rng, duration_s: float) -> Distance:
    """How the vehicle drives: waiting, crawling, in town or on an open road."""
    ranges = ((0.0, 0.6), (1.0, 4.0), (4.0, 8.0), (8.0, 12.0))
    speed = float(rng.uniform(*ranges[int(rng.choice(4, p=[0.08, 0.32, 0.4, 0.2]))]))
    depth = min(float(rng.uniform(0.0, 1.0)), 14.0 / max(speed, 1.0) - 1.0)
    return unsteady(rng, min(speed, LONGEST_ROUTE / max(duration_s, 1.0)), depth)


def _reserve_lanes(builder: SceneBuilder, layout: Layout, travelled: float) -> None:
    """Keep the rig's way, the carriageways and the walkways free of things that stand."""
    free = builder.occupancy.keep_free
    free(layout.route.points(-2.0, travelled + 100.0, 0.7), CORRIDOR + 0.3)
    for road in layout.roads:
        for side in road.sides:
            lanes = road.lane * road.lanes
            free(road.path.points(road.start, road.end, 1.0, side.sign * walkway(side)), 0.55)
            middle = side.sign * lanes / 2
            free(road.path.points(road.start, road.end, 1.0, middle), 0.45 * lanes)


def _furnish_crossings(builder: SceneBuilder, layout: Layout) -> None:
    """Traffic lights or signs at the corners, zebra stripes before them."""
    rng = builder.rng
    main = layout.roads[0]
    for low, high in main.gaps:
        lights = rng.random() < 0.55
        if rng.random() < 0.6:
            zebra(builder, rng, main, low - 2.2)
        for side in main.sides:
            for station, turn in ((low - 0.8, math.pi), (high + 0.8, 0.0)):
                x, y, heading = main.path.at(station, side.sign * (side.kerb + 0.5))
                if lights:
                    item = traffic_furniture.traffic_light(rng)
                elif rng.random() < 0.5:
                    item = traffic_furniture.pedestrian_light(rng)
                else:
                    item = traffic_furniture.sign(rng, "name")
                # The arm reaches along +y of the item, which must be over the road.
                over_road = turn == (math.pi if side.sign > 0 else 0.0)
                if over_road or not lights:
                    builder.try_put(item, x, y, PAVEMENT_TOP, heading + turn)


def _manholes(builder: SceneBuilder, layout: Layout) -> None:
    rng = builder.rng
    for road in layout.roads:
        station = road.start + float(rng.uniform(5.0, 30.0))
        while station < road.end:
            lateral = float(rng.uniform(-0.8, 0.8)) * road.lane
            x, y, _ = road.path.at(station, lateral)
            builder.put(traffic_furniture.manhole(rng), upright(x, y, ROAD_TOP))
            station += float(rng.uniform(15.0, 60.0))


def _horizon(builder: SceneBuilder, layout: Layout) -> None:
    """Blocks, woods and hills far off, so that streets do not end in the void."""
    rng = builder.rng
    main = layout.roads[0]
    x0, y0, heading = main.path.at(main.end)
    for _ in range(14):
        angle = heading + float(rng.uniform(-1.5, 1.5))
        away = float(rng.uniform(25.0, 220.0))
        x, y = x0 + away * math.cos(angle), y0 + away * math.sin(angle)
        half = (float(rng.uniform(6, 14)), float(rng.uniform(8, 20)), float(rng.uniform(4, 18)))
        if not builder.occupancy.try_take(x, y, angle, half[:2], 1.0):
            continue
        if rng.random() < 0.6:
            facade = (MaterialName.FACADE_BRICK, MaterialName.FACADE_PLASTER)[int(rng.integers(2))]
            builder.add(box(half, (x, y, half[2]), facade, Label.BUILDING, pick(rng, PLASTERS),
                            turn_z(angle)))  # fmt: skip
        else:
            wood = (half[0], half[1], 0.6 * half[2])
            builder.add(ellipsoid(wood, (x, y, 0.0), MaterialName.FOLIAGE, Label.VEGETATION,
                                  pick(rng, LEAVES), turn_z(angle)))  # fmt: skip
