"""People in a rescue scene: victims on the ground, rescuers who kneel, stand and walk, a dog."""

from __future__ import annotations

import math

from rgbt_perception.simulation.scenes import animals, victims
from rgbt_perception.simulation.scenes.builder import SceneBuilder
from rgbt_perception.simulation.scenes.item import Item, Rng
from rgbt_perception.simulation.scenes.path import along, steady, still
from rgbt_perception.simulation.scenes.people import rescuer
from rgbt_perception.simulation.scenes.rescue_site import Site
from rgbt_perception.simulation.scenes.rotations import upright


def lay_victims(builder: SceneBuilder, site: Site, travelled: float) -> None:
    """Victims beside the robot's way, some with a rescuer kneeling beside.

    Args:
        builder: the scene.
        site: its plan.
        travelled: how far the robot gets, metres.
    """
    rng = builder.rng
    span = (2.0, min(site.end - 2.0, travelled + 14.0))
    for _ in range(2 + int(rng.poisson((span[1] - span[0]) / 7.0))):
        item = _any_victim(rng)
        for _ in range(6):
            aside = 0.9 + float(rng.beta(1.0, 2.0)) * max(0.2, site.half_width - 1.4)
            lateral = aside * float(rng.choice([-1.0, 1.0]))
            x, y, heading = site.path.at(float(rng.uniform(*span)), lateral)
            yaw = heading + float(rng.uniform(-math.pi, math.pi))
            if builder.try_put(item, x, y, 0.01, yaw, 0.0):
                if rng.random() < 0.3:
                    px, py = x - 0.75 * math.sin(yaw), y + 0.75 * math.cos(yaw)
                    carer = rescuer(rng, "kneeling")
                    builder.try_put(carer, px, py, 0.01, yaw - math.pi / 2, -0.1)
                break


def _any_victim(rng: Rng) -> Item:
    kind = int(rng.integers(6))
    if kind == 0:
        return victims.sitting(rng)
    if kind in (1, 2):
        return victims.buried(rng)
    if kind == 3:
        return victims.covered(rng)
    return victims.lying(rng, kind == 4)


def send_rescuers(builder: SceneBuilder, site: Site, travelled: float, duration_s: float) -> None:
    """Rescuers who stand or walk along the site, and sometimes a dog.

    Args:
        builder: the scene.
        site: its plan.
        travelled: how far the robot gets, metres.
        duration_s: length of the recording, seconds.
    """
    rng = builder.rng
    for _ in range(int(rng.integers(0, 3))):
        kind = ("standing", "phone", "bending", "waving")[int(rng.integers(4))]
        lateral = float(rng.uniform(-1.0, 1.0)) * (site.half_width - 0.5)
        x, y, _ = site.path.at(float(rng.uniform(2.0, travelled + 12.0)), lateral)
        item = rescuer(rng, kind)
        if builder.occupancy.try_take(x, y, 0.0, item.footprint):
            builder.move(item, still(upright(x, y, 0.01, float(rng.uniform(0, 2 * math.pi)))))
    for _ in range(int(rng.integers(1, 5))):
        _walk(builder, site, travelled, duration_s)
    if rng.random() < 0.25:
        lateral = float(rng.choice([-1.0, 1.0])) * 1.0
        speed, start = float(rng.uniform(0.5, 1.5)), float(rng.uniform(1.5, 6.0))
        motion = along(site.path, steady(speed, start), lateral, 0.0)
        builder.try_move(animals.dog(rng, speed), motion, 0.0)


def _walk(builder: SceneBuilder, site: Site, travelled: float, duration_s: float) -> None:
    """One rescuer on a way along the site that nothing blocks, if such a way is found."""
    rng = builder.rng
    reach = max(0.9, site.half_width - 0.5)
    for _ in range(5):
        speed = float(rng.uniform(0.4, 1.3)) * (1.0 if rng.random() < 0.5 else -1.0)
        lateral = float(rng.choice([-1.0, 1.0])) * float(rng.uniform(0.85, reach))
        station = float(rng.uniform(2.0, travelled + 12.0))
        length = abs(speed) * duration_s
        low = max(site.start, station if speed > 0 else station - length)
        high = max(low + 0.1, min(site.end, station + length if speed > 0 else station))
        track = site.path.points(low, high, 0.5, lateral)
        if not builder.occupancy.is_clear(track, 0.3):
            continue
        motion = along(site.path, steady(speed, station), lateral, 0.01)
        if builder.try_move(rescuer(rng, "walking", abs(speed)), motion, 0.1):
            builder.occupancy.keep_free(track, 0.35)
            return
