"""Quaternions against rotation matrices."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.geometry.transforms import rotation_from_quaternion
from rgbt_perception.simulation.parts import Quaternion, Vector
from rgbt_perception.simulation.scenes.rotations import (
    compose,
    euler,
    multiply,
    rotate,
    turn_x,
    turn_y,
    turn_z,
    z_towards,
)

angles = st.floats(-3.2, 3.2)
vectors = st.tuples(st.floats(-5, 5), st.floats(-5, 5), st.floats(-5, 5))


def matrix(q: Quaternion) -> np.ndarray:
    return rotation_from_quaternion((*q[1:], q[0]))


@given(angles, angles, angles, vectors)
def test_rotate_and_multiply_agree_with_matrices(
    yaw: float, pitch: float, roll: float, v: Vector
) -> None:
    a, b = euler(yaw, pitch, roll), euler(roll, yaw, pitch)
    np.testing.assert_allclose(rotate(a, v), matrix(a) @ v, atol=1e-9)
    np.testing.assert_allclose(matrix(multiply(a, b)), matrix(a) @ matrix(b), atol=1e-9)
    product = matrix(turn_z(yaw)) @ matrix(turn_y(pitch)) @ matrix(turn_x(roll))
    np.testing.assert_allclose(matrix(a), product, atol=1e-9)


@given(angles, angles, vectors, vectors, vectors)
def test_composed_poses_chain(
    yaw: float, pitch: float, one: Vector, two: Vector, point: Vector
) -> None:
    a, b = (one, turn_z(yaw)), (two, turn_y(pitch))
    at, turn = compose(a, b)
    chained = np.array(one) + matrix(a[1]) @ (np.array(two) + matrix(b[1]) @ point)
    np.testing.assert_allclose(np.array(at) + rotate(turn, point), chained, atol=1e-9)


@given(vectors.filter(lambda v: np.linalg.norm(v) > 0.01))
def test_z_is_turned_to_a_direction(direction: Vector) -> None:
    turned = rotate(z_towards(direction), (0.0, 0.0, 1.0))
    unit = np.array(direction) / np.linalg.norm(direction)
    np.testing.assert_allclose(turned, unit, atol=1e-5)
