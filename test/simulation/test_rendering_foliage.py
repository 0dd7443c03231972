from __future__ import annotations

import numpy as np

from rgbt_perception.simulation.parts import (
    IDENTITY,
    MaterialName,
    Part,
    SceneDescription,
    Shape,
)
from rgbt_perception.simulation.rendering.hits import Hits
from rgbt_perception.simulation.rendering.tracer import Tracer


def grid() -> np.ndarray:
    y, z = np.meshgrid(np.linspace(-0.3, 0.3, 120), np.linspace(-0.3, 0.3, 120))
    rays = np.stack([np.ones(y.size), y.ravel(), z.ravel()], axis=1)
    return rays / np.linalg.norm(rays, axis=1, keepdims=True)


def look(material: MaterialName, eye: tuple[float, float, float] = (0, 0, 0)) -> Hits:
    crown = Part(Shape.SPHERE, (2.0, 0, 0), (8, 0, 0), IDENTITY, material, 6)
    wall = Part(Shape.BOX, (0.5, 30, 30), (20.5, 0, 0), IDENTITY, MaterialName.BRICK, 3)
    scene = SceneDescription(
        "street", (crown, wall), (), (), lambda t: ((0, 0, 0), IDENTITY), False, ()
    )
    rays = np.array([[8.0, 0, 0]]) + 8 * grid() * [0, 1, 1] - np.array([eye])
    return Tracer(scene).cast(eye, rays / np.linalg.norm(rays, axis=1, keepdims=True), 0.0)


def test_crowns_have_gaps_and_stones_have_none() -> None:
    solid, airy = look(MaterialName.ROCK), look(MaterialName.FOLIAGE)
    crown = solid.part == 0
    passed = crown & (airy.part == 1)
    assert 0.05 < passed.sum() / crown.sum() < 0.5
    np.testing.assert_allclose(airy.point[passed, 0], 20.0, atol=1e-3)
    np.testing.assert_array_equal(airy.part[~crown], solid.part[~crown])


def test_gaps_are_most_frequent_near_the_outline() -> None:
    solid, airy = look(MaterialName.ROCK), look(MaterialName.FOLIAGE)
    crown = solid.part == 0
    facing = np.abs(np.einsum("ni,ni->n", solid.normal, grid()))
    rim, middle = crown & (facing < 0.4), crown & (facing > 0.8)
    assert (airy.part[rim] == 1).mean() > 1.3 * (airy.part[middle] == 1).mean()


def test_gaps_stay_where_they_are_when_the_camera_moves() -> None:
    solid = look(MaterialName.ROCK)
    middle = (solid.part == 0) & (np.abs(solid.local[:, 1]) < 1) & (np.abs(solid.local[:, 2]) < 1)
    rays = solid.point[middle].astype(np.float64)
    eye = np.array([-0.5, 0.2, 0.1])
    crown = Part(Shape.SPHERE, (2.0, 0, 0), (8, 0, 0), IDENTITY, MaterialName.FOLIAGE, 6)
    scene = SceneDescription("street", (crown,), (), (), lambda t: ((0, 0, 0), IDENTITY), False, ())
    tracer = Tracer(scene)
    seen = []
    for start in (np.zeros(3), eye):
        toward = rays - start
        toward /= np.linalg.norm(toward, axis=1, keepdims=True)
        seen.append(tracer.cast(start, toward, 0.0).found)
    assert (seen[0] == seen[1]).mean() > 0.97
    assert 0.5 < seen[0].mean() < 1.0
