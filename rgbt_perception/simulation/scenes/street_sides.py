"""What stands beside a road: buildings, gardens, trees, furniture, parked cars."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from rgbt_perception.simulation.scenes import (
    animals,
    belongings,
    buildings,
    town_furniture,
    traffic_furniture,
    two_wheelers,
    vegetation,
)
from rgbt_perception.simulation.scenes.builder import SceneBuilder
from rgbt_perception.simulation.scenes.cars import any_car, draw_state
from rgbt_perception.simulation.scenes.heavy_vehicles import any_heavy
from rgbt_perception.simulation.scenes.item import Builder, Item, Rng
from rgbt_perception.simulation.scenes.people import bystander
from rgbt_perception.simulation.scenes.street_ground import PAVEMENT_TOP, ROAD_TOP
from rgbt_perception.simulation.scenes.street_layout import Road, Side

Weighted = Sequence[tuple[float, Builder]]

TREES: Weighted = (
    (4.0, vegetation.broadleaf),
    (2.0, vegetation.conifer),
    (1.0, vegetation.poplar),
    (2.0, vegetation.birch),
    (1.0, vegetation.bare_tree),
    (0.5, vegetation.palm),
)
PAVEMENT_THINGS: Weighted = (
    (2.0, town_furniture.litter_bin),
    (1.5, town_furniture.bench),
    (1.5, traffic_furniture.bollards),
    (0.7, town_furniture.hydrant),
    (0.7, town_furniture.post_box),
    (1.2, town_furniture.switch_box),
    (1.0, vegetation.planter),
    (1.0, traffic_furniture.parking_meter),
    (0.6, town_furniture.bike_stand),
    (1.2, two_wheelers.bicycle),
    (0.5, town_furniture.phone_box),
    (0.5, town_furniture.ad_column),
    (0.7, traffic_furniture.cones),
    (0.7, traffic_furniture.barrier),
    (1.2, town_furniture.wheelie_bins),
    (0.6, traffic_furniture.utility_pole),
    (0.6, traffic_furniture.delineator),
    (0.5, lambda rng: two_wheelers.motorcycle(rng, "motorcycle", draw_state(rng))),
    (0.5, lambda rng: two_wheelers.motorcycle(rng, "scooter", draw_state(rng))),
    (0.3, animals.pigeons),
    *(
        (0.8, lambda rng, kind=kind: traffic_furniture.sign(rng, kind))
        for kind in traffic_furniture.SIGN_KINDS
    ),
)
BEHIND: dict[str, Weighted] = {
    "town": (
        (2.0, town_furniture.cafe_table),
        (1.0, vegetation.planter),
        (1.0, town_furniture.wheelie_bins),
        (0.7, town_furniture.kiosk),
        (0.5, town_furniture.market_stall),
        (0.4, town_furniture.statue),
        (0.5, town_furniture.skip_container),
    ),
    "suburb": (
        (3.0, vegetation.hedge),
        (2.5, town_furniture.fence),
        (1.5, town_furniture.garden_wall),
        (2.0, vegetation.bush),
        (2.0, vegetation.broadleaf),
        (1.0, vegetation.birch),
        (1.0, buildings.garage),
        (0.5, buildings.shed),
        (0.5, town_furniture.slide),
        (0.4, town_furniture.tent),
        (0.4, town_furniture.cart),
        (0.4, animals.cat),
    ),
    "park": (
        (4.0, vegetation.broadleaf),
        (2.0, vegetation.conifer),
        (2.0, vegetation.bush),
        (1.0, vegetation.bare_tree),
        (1.0, vegetation.birch),
        (1.0, vegetation.hedge),
        (0.8, vegetation.boulder),
        (0.8, vegetation.log),
        (0.5, town_furniture.fountain),
        (0.5, town_furniture.statue),
        (0.5, town_furniture.slide),
        (0.8, town_furniture.bench),
        (0.8, traffic_furniture.globe_lamp),
    ),
    "industry": (
        (2.0, town_furniture.container),
        (2.0, town_furniture.fence),
        (1.5, traffic_furniture.jersey_barrier),
        (1.0, town_furniture.gas_tank),
        (1.0, town_furniture.transformer_station),
        (1.0, traffic_furniture.billboard),
        (1.0, belongings.pallet),
        (1.0, belongings.barrels),
        (1.0, belongings.crates),
        (0.8, belongings.tyres),
        (1.0, lambda rng: any_heavy(rng, draw_state(rng))),
        (0.8, traffic_furniture.guard_rail),
        (1.0, vegetation.bush),
    ),
}


def draw(rng: Rng, choices: Weighted) -> Item:
    """Make one object of a weighted choice."""
    total = sum(weight for weight, _ in choices)
    mark = float(rng.random()) * total
    for weight, build in choices:
        mark -= weight
        if mark <= 0.0:
            return build(rng)
    return choices[-1][1](rng)


def line(builder: SceneBuilder, road: Road, side: Side, minor: bool) -> None:
    """Fill one side of a road, the largest things first; a minor road gets fewer small ones."""
    thin = 2.0 if minor else 1.0
    for start, end in road.stretches(1.0):
        _kerbside(builder, road, side, start, end)
    for start, end in road.stretches(side.pavement + 0.5):
        _buildings(builder, road, side, start, end)
        _behind(builder, road, side, start, end, thin)
    for start, end in road.stretches(2.0):
        if side.parking:
            _parked(builder, road, side, start + 4.0, end - 4.0)
        _on_pavement(builder, road, side, start, end, thin)


def _place(
    builder: SceneBuilder,
    road: Road,
    station: float,
    lateral: float,
    item: Item,
    facing: float,
    top: float,
    gap: float = 0.1,
) -> bool:
    x, y, heading = road.path.at(station, lateral)
    return builder.try_put(item, x, y, top, heading + facing, gap)


def _facing(side: Side) -> float:
    """Turn from the road's heading that makes an item look at the road."""
    return -side.sign * math.pi / 2


def _kerbside(builder: SceneBuilder, road: Road, side: Side, start: float, end: float) -> None:
    """Lamps, and sometimes an avenue of trees, in the strip next to the kerb."""
    rng = builder.rng
    lateral = side.sign * (side.kerb + 0.45)
    spacing = float(rng.uniform(22.0, 38.0))
    station = start + float(rng.uniform(1.0, spacing))
    low = rng.random() < 0.25
    while station < end:
        lamp = traffic_furniture.globe_lamp(rng) if low else traffic_furniture.street_lamp(rng)
        # The arm of a lamp reaches along +y of the item: over the road.
        turn = 0.0 if side.sign < 0 else math.pi
        _place(builder, road, station, lateral, lamp, turn, PAVEMENT_TOP)
        station += spacing
    if rng.random() < (0.45 if side.pavement > 2.2 else 0.1):
        pace = float(rng.uniform(9.0, 18.0))
        station = start + float(rng.uniform(1.0, pace))
        kind: Callable[[Rng], Item] = TREES[int(rng.integers(5))][1]
        while station < end:
            _place(builder, road, station, lateral + 0.2 * side.sign, kind(rng), 0.0, PAVEMENT_TOP)
            station += pace


def _buildings(builder: SceneBuilder, road: Road, side: Side, start: float, end: float) -> None:
    rng = builder.rng
    if side.kind == "park" and rng.random() < 0.7:
        return
    station = start + float(rng.uniform(0.0, 5.0))
    while station < end - 6.0:
        width = float(rng.uniform(9.0, 20.0))
        item, pause = _building(rng, side.kind, width)
        depth, half_width = item.footprint
        lateral = side.sign * (side.back + side.setback + depth)
        middle = station + half_width
        if _place(builder, road, middle, lateral, item, _facing(side), 0.0, gap=-0.05):
            station += 2 * half_width + pause
        else:
            station += 4.0


def _building(rng: Rng, kind: str, width: float) -> tuple[Item, float]:
    """A building for a kind of side and the space to the next one, metres."""
    if kind == "town":
        item = (
            buildings.office_block(rng, width + 4.0)
            if rng.random() < 0.2
            else buildings.town_house(rng, width)
        )
        return item, float(rng.choice([0.0, 0.0, 0.0, 2.5, 6.0]))
    if kind == "industry":
        return buildings.hall(rng, width + 6.0), float(rng.uniform(4.0, 20.0))
    if kind == "suburb" or rng.random() < 0.7:
        return buildings.villa(rng), float(rng.uniform(4.0, 14.0))
    return buildings.church(rng), 40.0


def _behind(
    builder: SceneBuilder, road: Road, side: Side, start: float, end: float, thin: float
) -> None:
    """Gardens, yards and greens between pavement and buildings, and where none stands."""
    rng = builder.rng
    depth = {"town": 2.5, "suburb": 9.0, "park": 22.0, "industry": 12.0}[side.kind]
    pace = {"town": 14.0, "suburb": 5.5, "park": 6.0, "industry": 7.5}[side.kind] * thin
    station = start
    while station < end:
        item = draw(rng, BEHIND[side.kind])
        edge = item.name in ("hedge", "fence", "garden_wall", "guard_rail", "billboard")
        away = 0.35 if edge else float(rng.beta(1.0, 1.6)) * depth + item.footprint[0]
        lateral = side.sign * (side.back + away)
        turn = _facing(side) if edge or rng.random() < 0.6 else float(rng.uniform(0, 6.3))
        _place(builder, road, station, lateral, item, turn, 0.0)
        station += pace * float(rng.uniform(0.4, 1.6))


def _parked(builder: SceneBuilder, road: Road, side: Side, start: float, end: float) -> None:
    rng = builder.rng
    fullness = float(rng.uniform(0.35, 0.95))
    station = start
    while station < end:
        if rng.random() > fullness:
            station += float(rng.uniform(4.0, 14.0))
            continue
        state = draw_state(rng)
        item = any_heavy(rng, state) if rng.random() < 0.05 else any_car(rng, state)
        half_length, half_width = item.footprint
        lateral = side.sign * (side.kerb - half_width - float(rng.uniform(0.12, 0.35)))
        along_road = math.pi if side.sign > 0 and rng.random() < 0.85 else 0.0
        turn = along_road + float(rng.normal(0.0, 0.015))
        _place(builder, road, station + half_length, lateral, item, turn, ROAD_TOP)
        station += 2 * half_length + float(rng.uniform(0.7, 2.0))


def _on_pavement(
    builder: SceneBuilder, road: Road, side: Side, start: float, end: float, thin: float
) -> None:
    """Furniture along the kerb, people and shelters."""
    rng = builder.rng
    station = start + float(rng.uniform(0.0, 6.0))
    while station < end:
        chance = rng.random()
        lateral = side.sign * (side.kerb + float(rng.uniform(0.4, 0.6)))
        if chance < 0.12:
            kind = ("standing", "phone", "carrying", "waving")[int(rng.integers(4))]
            item = bystander(rng, kind)
            turn = float(rng.uniform(0, 6.3))
        elif chance < 0.17 and side.pavement > 3.0:
            item = town_furniture.bus_shelter(rng)
            turn = _facing(side)
            lateral = side.sign * (side.kerb + 1.0)
        else:
            item = draw(rng, PAVEMENT_THINGS)
            turn = _facing(side) if not item.name.startswith("sign") else math.pi
            if item.name in ("bicycle", "motorcycle", "scooter"):
                turn = float(rng.normal(0.0, 0.1))
        if _place(builder, road, station, lateral, item, turn, PAVEMENT_TOP):
            _sitter(builder, road, station, lateral, item, turn)
        station += thin * float(rng.uniform(5.0, 17.0))


def _sitter(
    builder: SceneBuilder, road: Road, station: float, lateral: float, item: Item, turn: float
) -> None:
    """Somebody on a bench, now and then."""
    if item.name != "bench" or builder.rng.random() < 0.5:
        return
    x, y, heading = road.path.at(station, lateral)
    person = bystander(builder.rng, "sitting")
    yaw = heading + turn
    pose = ((x, y, PAVEMENT_TOP), (math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2)))
    builder.put(person, pose)
