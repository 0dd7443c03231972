"""What moves on a street: vehicles in their lanes, people on pavements and across the road."""

from __future__ import annotations

import math

import numpy as np

from rgbt_perception.simulation.scenes import animals, two_wheelers
from rgbt_perception.simulation.scenes.builder import SceneBuilder
from rgbt_perception.simulation.scenes.cars import State, any_car
from rgbt_perception.simulation.scenes.heavy_vehicles import any_heavy
from rgbt_perception.simulation.scenes.item import Item, Rng
from rgbt_perception.simulation.scenes.path import Distance, Path, along, steady
from rgbt_perception.simulation.scenes.people import walker
from rgbt_perception.simulation.scenes.street_ground import PAVEMENT_TOP, ROAD_TOP
from rgbt_perception.simulation.scenes.street_layout import Layout, Road, Side


def any_vehicle(rng: Rng) -> Item:
    """Something that drives on a road."""
    chance = rng.random()
    if chance < 0.7:
        return any_car(rng, State.DRIVING)
    if chance < 0.85:
        return any_heavy(rng, State.DRIVING)
    kind = "motorcycle" if chance < 0.93 else "scooter"
    return two_wheelers.motorcycle(rng, kind, State.DRIVING)


def run_traffic(
    builder: SceneBuilder, layout: Layout, distance: Distance, duration_s: float
) -> None:
    """Let vehicles drive: ahead of the rig, towards it, and across at crossings."""
    rng = builder.rng
    if rng.random() < 0.45:
        _lead(builder, layout.route, distance, layout.turns)
    main = layout.roads[0]
    _oncoming(builder, main, layout.driving_side, distance(duration_s), duration_s)
    if main.lanes > 1:
        _overtakers(builder, main, layout.driving_side, distance, duration_s)
    for road in layout.roads[1:]:
        _across(builder, road, layout, distance, duration_s)


def _lead(builder: SceneBuilder, route: Path, distance: Distance, turns: bool) -> None:
    """Vehicles that drive ahead of the rig at nearly its speed."""
    rng = builder.rng
    gap = float(rng.uniform(7.0, 28.0))
    for _ in range(int(rng.integers(1, 3))):
        item = any_vehicle(rng)
        gap += item.footprint[0]
        swing, rate = float(rng.uniform(0.0, 1.5)), float(rng.uniform(0.1, 0.3))

        def ahead(time: float, gap: float = gap, swing: float = swing, rate: float = rate) -> float:
            return distance(time) + gap + swing * math.sin(rate * time)

        builder.try_move(item, along(route, ahead, 0.0, ROAD_TOP), 1.0)
        gap += item.footprint[0] + float(rng.uniform(5.0, 20.0))
        if turns:
            return


def _oncoming(
    builder: SceneBuilder, road: Road, driving_side: float, travelled: float, duration_s: float
) -> None:
    rng = builder.rng
    speed = float(rng.uniform(4.0, 12.0))
    for lane in range(road.lanes):
        lateral = -driving_side * road.lane * (lane + 0.5)
        station = float(rng.uniform(12.0, 50.0))
        # Those that the rig can still meet before the end.
        horizon = min(travelled + speed * duration_s + 40.0, road.end + 0.6 * speed * duration_s)
        spacing = max(25.0, horizon / 40.0)
        while station < horizon:
            item = any_vehicle(rng)
            motion = along(road.path, steady(-speed, station), lateral, ROAD_TOP)
            builder.try_move(item, motion, 0.3)
            station += 2 * item.footprint[0] + 6.0 + float(rng.exponential(spacing))


def _overtakers(
    builder: SceneBuilder, road: Road, driving_side: float, distance: Distance, duration_s: float
) -> None:
    """Vehicles in the inner lane of a wide road, a little faster or slower than the rig."""
    rng = builder.rng
    mean = distance(duration_s) / max(duration_s, 0.1)
    speed = max(2.0, mean * float(rng.uniform(0.7, 1.5)))
    station = float(rng.uniform(-20.0, 15.0))
    for _ in range(4):
        item = any_vehicle(rng)
        motion = along(road.path, steady(speed, station), driving_side * road.lane / 2, ROAD_TOP)
        builder.try_move(item, motion, 0.2)
        station += 2 * item.footprint[0] + float(rng.uniform(8.0, 40.0))


def _across(
    builder: SceneBuilder, road: Road, layout: Layout, distance: Distance, duration_s: float
) -> None:
    """Vehicles on a cross road while the rig can see them, timed to miss everybody else."""
    rng = builder.rng
    if road.start > -30.0 or road.end < 30.0:
        return
    x, y, _ = road.path.at(0.0)
    moments = [
        time
        for time in np.linspace(0.0, duration_s, 60).tolist()
        if math.dist(layout.route.at(distance(time))[:2], (x, y)) < 60.0
    ]
    if not moments:
        return
    start, end = moments[0], moments[-1]
    for _ in range(min(8, 3 + int((end - start) / 5.0))):
        direction = 1.0 if rng.random() < 0.5 else -1.0
        speed = direction * float(rng.uniform(5.0, 11.0))
        passes = float(rng.uniform(start - 1.0, end + 3.0))
        lateral = direction * layout.driving_side * road.lane / 2
        item = any_vehicle(rng)
        motion = along(road.path, steady(speed, -speed * passes), lateral, ROAD_TOP)
        builder.try_move(item, motion, 0.6)


def walkway(side: Side) -> float:
    """Lateral distance from the centre line of where people walk, metres, without its sign."""
    return side.kerb + max(0.62 * side.pavement, side.pavement - 1.3)


def populate(builder: SceneBuilder, layout: Layout, distance: Distance, duration_s: float) -> None:
    """People, cyclists and dogs on all pavements, and some who cross the main road."""
    rng = builder.rng
    lively = float(rng.uniform(0.5, 2.2))
    for number, road in enumerate(layout.roads):
        for side in road.sides:
            crowd = lively * {"town": 1.5, "suburb": 0.6, "park": 1.0, "industry": 0.5}[side.kind]
            expected = (
                crowd * (road.end - road.start) / (40.0 if number == 0 or layout.turns else 90.0)
            )
            for _ in range(int(rng.poisson(expected))):
                _pavement_walker(builder, road, side)
    for _ in range(int(rng.poisson(1.2 + min(40.0, duration_s / 12.0)))):
        _crossing_walker(builder, layout, distance, duration_s)
    for _ in range(int(rng.poisson(0.7))):
        _cyclist(builder, layout, distance)


def _pavement_walker(builder: SceneBuilder, road: Road, side: Side) -> None:
    rng = builder.rng
    speed = float(rng.uniform(2.3, 3.2)) if rng.random() < 0.08 else float(rng.uniform(0.7, 1.7))
    direction = 1.0 if rng.random() < 0.5 else -1.0
    station = float(rng.uniform(road.start, road.end))
    lateral = side.sign * (walkway(side) + float(rng.uniform(-0.35, 0.35)))
    item = walker(rng, speed, child=rng.random() < 0.1)
    motion = along(road.path, steady(direction * speed, station), lateral, PAVEMENT_TOP)
    if builder.try_move(item, motion, 0.1) and rng.random() < 0.12:
        leash = steady(direction * speed, station + 0.9 * direction)
        aside = lateral + 0.35 * direction
        builder.try_move(
            animals.dog(rng, speed), along(road.path, leash, aside, PAVEMENT_TOP), -0.4
        )


def _crossing_walker(
    builder: SceneBuilder, layout: Layout, distance: Distance, duration_s: float
) -> None:
    """Somebody who crosses the rig's way some metres ahead of it."""
    rng = builder.rng
    speed = float(rng.uniform(1.0, 2.0))
    moment = float(rng.uniform(0.0, duration_s))
    ahead = float(rng.uniform(5.0, 25.0))
    x, y, heading = layout.route.at(distance(moment) + ahead)
    direction = heading + (math.pi / 2 if rng.random() < 0.5 else -math.pi / 2)
    path = Path([(1.0, 0.0)], (x, y, direction + float(rng.uniform(-0.3, 0.3))))
    # Only the carriageway must be free; before and after they come from and go to a house.
    if not builder.occupancy.is_clear(path.points(-7.0, 7.0, 0.5), 0.4):
        return
    motion = along(path, steady(speed, -speed * moment), 0.0, 0.06)
    builder.try_move(walker(rng, speed), motion, 0.4)


def _cyclist(builder: SceneBuilder, layout: Layout, distance: Distance) -> None:
    """A cyclist at the edge of the rig's lane or of the opposite one."""
    rng = builder.rng
    road = layout.roads[0]
    speed = float(rng.uniform(2.5, 6.0))
    edge = road.lane * road.lanes - 0.5
    towards = rng.random() < 0.5
    lateral = (-layout.driving_side if towards else layout.driving_side) * edge
    start = float(rng.uniform(15.0, 60.0))
    run = steady(-speed if towards else speed, start + (distance(1.0) if towards else 0.0))
    builder.try_move(
        two_wheelers.bicycle(rng, speed), along(road.path, run, lateral, ROAD_TOP), 0.1
    )
