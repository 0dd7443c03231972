from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbt_perception.simulation.parts import (
    IDENTITY,
    Body,
    MaterialName,
    Part,
    SceneDescription,
    Shape,
)
from rgbt_perception.simulation.rendering.solids import Solids, rotations
from rgbt_perception.simulation.rendering.tracer import Tracer

M = MaterialName.CONCRETE


def scene(*parts: Part, bodies: tuple[Body, ...] = ()) -> SceneDescription:
    return SceneDescription("street", parts, bodies, (), lambda t: ((0, 0, 0), IDENTITY), False, ())


def part(shape: Shape, size: tuple[float, float, float], at: tuple[float, float, float]) -> Part:
    return Part(shape, size, at, IDENTITY, M, 3)


def fan(count: int = 200) -> np.ndarray:
    rng = np.random.default_rng(3)
    rays = np.stack([np.ones(count), rng.uniform(-0.5, 0.5, count), rng.uniform(-0.5, 0.5, count)])
    return (rays / np.linalg.norm(rays, axis=0)).T


def test_a_ball_is_hit_where_geometry_says() -> None:
    hits = Tracer(scene(part(Shape.SPHERE, (1.5, 0, 0), (6, 0.5, 0)))).cast((0, 0, 0), fan(), 0.0)
    rays = fan()
    along = rays @ (6, 0.5, 0)
    gap = 36.25 - along**2
    expected = np.where(gap < 1.5**2, along - np.sqrt(np.maximum(1.5**2 - gap, 0)), np.inf)
    np.testing.assert_allclose(hits.distance, expected, rtol=1e-5)
    found = hits.found
    np.testing.assert_allclose(np.linalg.norm(hits.local[found], axis=1), 1.5, rtol=1e-4)
    np.testing.assert_allclose(hits.local_normal[found], hits.local[found] / 1.5, atol=1e-4)


def test_the_nearest_of_many_parts_wins() -> None:
    rng = np.random.default_rng(5)
    parts = [
        part(Shape.SPHERE, (0.3, 0, 0), tuple(rng.uniform((3, -6, -6), (25, 6, 6))))
        for _ in range(150)
    ]
    rays = fan(500)
    hits = Tracer(scene(*parts)).cast((0, 0, 0), rays, 0.0)
    centers = np.array([p.position for p in parts])
    along = rays @ centers.T
    gap = (centers**2).sum(axis=1) - along**2
    depth = np.where(gap < 0.09, along - np.sqrt(np.maximum(0.09 - gap, 0)), np.inf)
    np.testing.assert_allclose(hits.distance, depth.min(axis=1), rtol=1e-4)
    found = hits.found
    np.testing.assert_array_equal(hits.part[found], depth.argmin(axis=1)[found])


def test_a_moving_body_is_where_its_motion_says() -> None:
    half_turn = (0.0, 0.0, 0.0, 1.0)
    wheel = part(Shape.BOX, (0.5, 0.5, 0.5), (1.0, 0, 0))
    body = Body("cart", lambda t: ((5.0 + t, 0.0, 0.0), half_turn), (wheel,))
    tracer = Tracer(scene(bodies=(body,)))
    ahead = np.array([[1.0, 0.0, 0.0]])
    # Turned round, the part sits 1 m before the body's origin; its face 0.5 m nearer.
    assert tracer.cast((0, 0, 0), ahead, 0.0).distance[0] == pytest.approx(3.5)
    later = tracer.cast((0, 0, 0), ahead, 2.0)
    assert later.distance[0] == pytest.approx(5.5)
    np.testing.assert_allclose(later.local[0], (0.5, 0.0, 0.0), atol=1e-6)


@pytest.mark.parametrize("shape", list(Shape))
def test_no_camera_sees_an_object_from_inside_or_touching_it(shape: Shape) -> None:
    around = Part(shape, (1.0, 0.8, 0.6), (0, 0, 0), IDENTITY, M, 3)
    behind = part(Shape.BOX, (0.5, 50, 50), (10, 0, 0))
    tracer = Tracer(scene(around, behind))
    inside = tracer.cast((0.1, 0.0, 0.1), fan(), 0.0)
    assert (inside.part == 1).all()
    surface = tracer.cast((-3, 0, 0), np.array([[1.0, 0.0, 0.0]]), 0.0).distance[0] - 3
    touching = tracer.cast((surface - 0.04, 0, 0), fan(), 0.0)
    assert (touching.part == 1).all()
    apart = tracer.cast((surface - 0.06, 0, 0), np.array([[1.0, 0.0, 0.0]]), 0.0)
    assert apart.part[0] == 0


def test_a_light_reaches_what_it_sees() -> None:
    ground = part(Shape.BOX, (20, 20, 0.5), (0, 0, -0.5))
    table = part(Shape.BOX, (1, 1, 0.05), (0, 0, 1))
    tracer = Tracer(scene(ground, table))
    points = np.array([(x, 0.3, 0.0) for x in np.linspace(-3, 3, 61)], dtype=np.float32)
    lit = tracer.lit(tracer.solids.poses(0.0), (0, 0, 2000), points)
    np.testing.assert_array_equal(lit, np.abs(points[:, 0]) > 1.0)


def test_no_surface_shades_itself() -> None:
    ball = part(Shape.SPHERE, (1.0, 0, 0), (5, 0, 0))
    tracer = Tracer(scene(ball))
    hits = tracer.cast((0, 0, 0), fan(2000), 0.0)
    toward = np.array((-0.6, 0.0, 0.8))
    facing = hits.found & (hits.normal @ toward > 0.1)
    lit = tracer.lit(tracer.solids.poses(0.0), 2000 * toward, hits.point[facing])
    assert facing.sum() > 50
    assert lit.all()


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(list(Shape)),
    st.tuples(*[st.floats(-3, 3)] * 3),
    st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: sum(v * v for v in q) > 0.1),
)
def test_clearance_never_exceeds_the_distance_to_the_surface(
    shape: Shape, point: tuple[float, float, float], turn: tuple[float, float, float, float]
) -> None:
    norm = sum(v * v for v in turn) ** 0.5
    unit = tuple(v / norm for v in turn)
    solid = Part(shape, (0.9, 0.6, 0.4), (0.2, 0.1, 0), unit, M, 3)  # type: ignore[arg-type]
    solids = Solids(scene(solid))
    clearance = solids.clearance(solids.poses(0.0), np.array(point))[0]
    if clearance <= 0.06:
        return
    rng = np.random.default_rng(1)
    rays = rng.normal(size=(400, 3))
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    hits = Tracer(scene(solid)).cast(point, rays, 0.0)
    assert hits.distance.min() >= clearance - 1e-4


def test_rotations_turn_as_quaternions_do() -> None:
    half = np.sqrt(0.5)
    turn = rotations([(half, 0, 0, half)])[0]
    np.testing.assert_allclose(turn @ (1, 0, 0), (0, 1, 0), atol=1e-12)
