"""Whole scenes: equal for equal arguments, sound parts, room for the rig, heat and lamps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rgbt_perception.errors import InputError
from rgbt_perception.simulation.parts import Part, Pose, SceneDescription, Shape, Vector
from rgbt_perception.simulation.scenes import compose_scene
from rgbt_perception.simulation.scenes.rotations import compose, rotate

NAMES = ("street", "rescue")
SPHERE = np.random.default_rng(0).normal(size=(2000, 3))
SPHERE /= np.linalg.norm(SPHERE, axis=1, keepdims=True)


def parts_in_world(scene: SceneDescription, time: float) -> list[tuple[Part, Pose]]:
    placed = [(part, (part.position, part.orientation)) for part in scene.static]
    for body in scene.bodies:
        pose = body.motion(time)
        placed += [(part, compose(pose, (part.position, part.orientation))) for part in body.parts]
    return placed


def distance_to(part: Part, pose: Pose, point: Vector) -> float:
    """Distance from a point to a solid, negative inside; an ellipsoid is many points."""
    offset = tuple(p - q for p, q in zip(point, pose[0], strict=True))
    w, x, y, z = pose[1]
    local = np.array(rotate((w, -x, -y, -z), offset))
    size = np.array(part.size)
    if part.shape is Shape.BOX:
        q = np.abs(local) - size
        return float(np.linalg.norm(np.maximum(q, 0)) + min(q.max(), 0.0))
    if part.shape is Shape.SPHERE:
        return float(np.linalg.norm(local) - size[0])
    if part.shape is Shape.ELLIPSOID:
        if np.linalg.norm(local / size) < 1.0:
            return -1.0
        return float(np.linalg.norm(SPHERE * size - local, axis=1).min())
    beyond = abs(local[2]) - size[1]
    aside = math.hypot(local[0], local[1]) - size[0]
    if part.shape is Shape.CYLINDER:
        outside = math.hypot(max(beyond, 0.0), max(aside, 0.0))
        return outside + min(max(beyond, aside), 0.0)
    return math.hypot(math.hypot(local[0], local[1]), max(beyond, 0.0)) - float(size[0])


def lies_flat(part: Part, pose: Pose) -> bool:
    """Ground and flat debris that a rig drives over."""
    level = part.shape in (Shape.BOX, Shape.ELLIPSOID) and abs(pose[1][1]) + abs(pose[1][2]) < 0.1
    return level and pose[0][2] + part.size[2] < 0.14


@pytest.mark.parametrize("name", NAMES)
def test_equal_arguments_give_equal_scenes(name: str) -> None:
    one, two = (compose_scene(name, 7, True, 6.0) for _ in range(2))
    assert one.static == two.static
    assert one.lamps == two.lamps
    assert one.catalogue == two.catalogue
    assert [b.parts for b in one.bodies] == [b.parts for b in two.bodies]
    # Asked in another order: a motion remembers nothing.
    times = [0.0, 1.7, 5.9]
    first = [[b.motion(t) for b in one.bodies] + [one.rig_motion(t)] for t in times]
    second = [[b.motion(t) for b in two.bodies] + [two.rig_motion(t)] for t in times[::-1]]
    assert first == second[::-1]


@pytest.mark.parametrize("name", NAMES)
def test_seeds_give_different_scenes(name: str) -> None:
    scenes = [compose_scene(name, seed, False, 5.0) for seed in range(6)]
    assert len({scene.static for scene in scenes}) == 6


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("lake", 0, False, 5.0), "scene 'lake'"),
        (("street", -1, False, 5.0), "seed -1"),
        (("street", 0, False, 0.0), "duration 0.0"),
        (("street", 0, False, math.nan), "duration nan"),
        (("rescue", 0, False, math.inf), "duration inf"),
    ],
)
def test_wrong_arguments_are_named(arguments: tuple[str, int, bool, float], named: str) -> None:
    with pytest.raises(InputError, match=named):
        compose_scene(*arguments)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(4))
def test_parts_are_sound(name: str, seed: int) -> None:
    scene = compose_scene(name, seed, True, 10.0)
    for part, pose in parts_in_world(scene, 3.0):
        used = {Shape.SPHERE: 1, Shape.CYLINDER: 2, Shape.CAPSULE: 2}.get(part.shape, 3)
        assert all(s > 0 for s in part.size[:used]), part
        assert np.isfinite(pose[0]).all()
        assert np.linalg.norm(pose[1]) == pytest.approx(1.0, abs=1e-6)
        assert all(0.0 <= c <= 1.0 for c in part.color)
        assert 0 <= part.label <= 14
        assert part.label != 7
    for lamp in (*scene.lamps, *scene.ego_lamps, *(x for b in scene.bodies for x in b.lamps)):
        assert lamp.power > 0
        assert 0 < lamp.half_angle <= math.pi
        assert np.linalg.norm(lamp.direction) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(("name", "room"), [("street", 1.2), ("rescue", 0.5)])
@pytest.mark.parametrize("seed", range(8))
def test_the_rig_has_room(name: str, room: float, seed: int) -> None:
    scene = compose_scene(name, seed, False, 12.0)
    for time in np.linspace(0.0, 12.0, 9):
        position = scene.rig_motion(float(time))[0]
        for part, pose in parts_in_world(scene, float(time)):
            if math.dist(position, pose[0]) > room + math.hypot(*part.size):
                continue
            distance = distance_to(part, pose, position)
            if lies_flat(part, pose):
                assert distance > 0.2
            else:
                assert distance > room, (time, part)


@pytest.mark.parametrize("name", NAMES)
def test_the_ground_carries_everything(name: str) -> None:
    scene = compose_scene(name, 3, False, 30.0)
    for time in (0.0, 30.0):
        x, y, _ = scene.rig_motion(time)[0]
        for ahead in (0.0, 80.0):
            below = [distance_to(p, (p.position, p.orientation), (x + ahead, y, -0.05))
                     for p in scene.static]  # fmt: skip
            assert min(below) < 0.0


@pytest.mark.parametrize(("name", "ahead", "least"), [("street", 60.0, 60), ("rescue", 12.0, 40)])
@pytest.mark.parametrize("seed", range(4))
def test_the_end_of_a_long_drive_is_not_empty(
    name: str, ahead: float, least: int, seed: int
) -> None:
    scene = compose_scene(name, seed, False, 60.0)
    (x, y, _), turn = scene.rig_motion(60.0)
    forward = rotate(turn, (1.0, 0.0, 0.0))
    seen = 0
    for _, (at, _) in parts_in_world(scene, 60.0):
        away = (at[0] - x) * forward[0] + (at[1] - y) * forward[1]
        seen += 0.0 < away < ahead
    assert seen > least


def test_a_very_long_recording_keeps_the_world_bounded() -> None:
    for name, most in (("street", 9_000), ("rescue", 6_000)):
        scene = compose_scene(name, 1, False, 300.0)
        assert len(scene.static) + len(scene.bodies) < most


def test_dark_switches_the_lamps_of_the_rig() -> None:
    assert compose_scene("street", 2, True, 5.0).ego_lamps
    assert not compose_scene("street", 2, False, 5.0).ego_lamps
    rescues = [compose_scene("rescue", seed, False, 5.0) for seed in range(12)]
    assert all(bool(scene.ego_lamps) == scene.indoor for scene in rescues)
    assert len({scene.indoor for scene in rescues}) == 2


@pytest.mark.parametrize("name", NAMES)
def test_scenes_hold_warm_and_varied_things(name: str) -> None:
    scenes = [compose_scene(name, seed, False, 10.0) for seed in range(10)]
    labels = {p.label for s in scenes for p, _ in parts_in_world(s, 0.0)}
    expected = {"street": {1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14}, "rescue": {1, 3, 8, 14}}
    assert expected[name] <= labels
    for scene in scenes:
        heats = [h for p, _ in parts_in_world(scene, 0.0) for h in p.heat]
        assert max(h.excess for h in heats) > 6.0
        assert any(math.isfinite(h.radius) for h in heats)
    assert len({n for s in scenes for n in s.catalogue}) >= {"street": 60, "rescue": 45}[name]
