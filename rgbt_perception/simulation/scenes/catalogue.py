"""Every object that scenes are made of, by name; each call of an entry draws another one."""

from __future__ import annotations

from functools import partial

from rgbt_perception.simulation.scenes import (
    animals,
    belongings,
    buildings,
    people,
    ruins,
    services,
    town_furniture,
    traffic_furniture,
    two_wheelers,
    vegetation,
    victims,
)
from rgbt_perception.simulation.scenes.cars import State, car
from rgbt_perception.simulation.scenes.heavy_vehicles import BUSES, LOADS, bus, truck
from rgbt_perception.simulation.scenes.item import Builder
from rgbt_perception.simulation.scenes.posture import IDLE_KINDS
from rgbt_perception.simulation.scenes.vehicle_styles import STYLES

_CEILING = 3.0
"""Room height for objects that reach up to or hang from a ceiling, metres."""


def _vehicles() -> dict[str, Builder]:
    driving, cold = State.DRIVING, State.COLD
    entries: dict[str, Builder] = {s.name: partial(car, style=s, state=driving) for s in STYLES}
    entries |= {f"truck_{load}": partial(truck, load=load, state=driving) for load in LOADS}
    entries |= {f"bus_{kind}": partial(bus, kind=kind, state=driving) for kind in BUSES}
    for kind in ("motorcycle", "scooter"):
        entries[kind] = partial(two_wheelers.motorcycle, kind=kind, state=cold)
        entries[f"{kind}_ridden"] = partial(two_wheelers.motorcycle, kind=kind, state=driving)
    entries["bicycle"] = two_wheelers.bicycle
    entries["bicycle_ridden"] = partial(two_wheelers.bicycle, speed=4.0)
    return entries


def _people() -> dict[str, Builder]:
    entries: dict[str, Builder] = {
        "person_walking": partial(people.walker, speed=1.3),
        "person_running": partial(people.walker, speed=2.8),
        "child_walking": partial(people.walker, speed=1.0, child=True),
        "rescuer_walking": partial(people.rescuer, kind="walking", speed=0.9),
        "victim_on_back": partial(victims.lying, on_side=False),
        "victim_on_side": partial(victims.lying, on_side=True),
        "victim_sitting": victims.sitting,
        "victim_buried": victims.buried,
        "victim_covered": victims.covered,
    }
    upright = [kind for kind in IDLE_KINDS if kind not in ("lying", "floor", "kneeling", "bending")]
    entries |= {f"person_{kind}": partial(people.bystander, kind=kind) for kind in upright}
    working = ("standing", "phone", "waving", "kneeling", "bending")
    entries |= {f"rescuer_{kind}": partial(people.rescuer, kind=kind) for kind in working}
    return entries


def _buildings() -> dict[str, Builder]:
    return {
        "town_house": lambda rng: buildings.town_house(rng, float(rng.uniform(9.0, 20.0))),
        "office_block": lambda rng: buildings.office_block(rng, float(rng.uniform(13.0, 24.0))),
        "industrial_hall": lambda rng: buildings.hall(rng, float(rng.uniform(15.0, 26.0))),
        "villa": buildings.villa,
        "garage": buildings.garage,
        "shed": buildings.shed,
        "church": buildings.church,
    }


def _outdoors() -> dict[str, Builder]:
    signs: dict[str, Builder] = {
        f"sign_{kind}": partial(traffic_furniture.sign, kind=kind)
        for kind in traffic_furniture.SIGN_KINDS
    }
    named = (
        vegetation.hedge, vegetation.bush, vegetation.planter, vegetation.log, vegetation.boulder,
        traffic_furniture.street_lamp, traffic_furniture.globe_lamp,
        traffic_furniture.traffic_light, traffic_furniture.pedestrian_light,
        traffic_furniture.utility_pole, traffic_furniture.bollards, traffic_furniture.guard_rail,
        traffic_furniture.barrier, traffic_furniture.jersey_barrier, traffic_furniture.cones,
        traffic_furniture.billboard, traffic_furniture.manhole, traffic_furniture.parking_meter,
        traffic_furniture.delineator, town_furniture.litter_bin, town_furniture.wheelie_bins,
        town_furniture.bench, town_furniture.hydrant, town_furniture.post_box,
        town_furniture.switch_box, town_furniture.transformer_station, town_furniture.bus_shelter,
        town_furniture.kiosk, town_furniture.ad_column, town_furniture.phone_box,
        town_furniture.cafe_table, town_furniture.market_stall, town_furniture.fence,
        town_furniture.garden_wall, town_furniture.statue, town_furniture.fountain,
        town_furniture.container, town_furniture.gas_tank, town_furniture.slide,
        town_furniture.bike_stand, town_furniture.tent, animals.dog, animals.cat, animals.pigeons,
    )  # fmt: skip
    trees = {
        "tree_broadleaf": vegetation.broadleaf,
        "tree_conifer": vegetation.conifer,
        "tree_poplar": vegetation.poplar,
        "tree_birch": vegetation.birch,
        "tree_bare": vegetation.bare_tree,
        "tree_palm": vegetation.palm,
    }
    others: dict[str, Builder] = {
        "skip": town_furniture.skip_container,
        "hand_cart": town_furniture.cart,
    }
    return signs | {build.__name__: build for build in named} | trees | others


def _ruins() -> dict[str, Builder]:
    entries: dict[str, Builder] = {
        f"wall_{kind}": partial(ruins.wall_with_opening, kind=kind, height=_CEILING)
        for kind in ("door", "window", "hole")
    }
    hung = (
        ruins.column, ruins.wall_stub, ruins.hanging_slab, services.standpipe, services.cables,
        services.tube_lamp,
    )  # fmt: skip
    entries |= {build.__name__: partial(build, height=_CEILING) for build in hung}
    named = (
        ruins.rubble_pile, ruins.scattered_bricks, ruins.debris, ruins.puddle, ruins.broken_slab,
        ruins.column_stump, ruins.stairs, ruins.fallen_beam, ruins.rebar_bundle,
        services.generator, services.machine, services.switch_cabinet, services.radiator,
        services.fire, services.ember_heap, services.work_lamp, belongings.table, belongings.chair,
        belongings.shelf, belongings.locker, belongings.sofa, belongings.bed, belongings.fridge,
        belongings.barrels, belongings.crates, belongings.pallet, belongings.sandbags,
        belongings.gas_bottles, belongings.ladder, belongings.tyres, belongings.mine_cart,
        belongings.tool_case,
    )  # fmt: skip
    entries |= {build.__name__: build for build in named}
    entries |= {
        "pipe_run": partial(services.pipe_run, half=2.0, height=2.0, hot=False),
        "pipe_hot": partial(services.pipe_run, half=2.0, height=2.0, hot=True),
        "pipe_broken": services.broken_pipe,
        "duct": partial(services.duct, half=2.0, height=_CEILING),
    }
    return entries


CATALOGUE: dict[str, Builder] = _vehicles() | _people() | _buildings() | _outdoors() | _ruins()
"""Name to builder; the item that comes out carries that name, a fallen one with ``_fallen``."""
