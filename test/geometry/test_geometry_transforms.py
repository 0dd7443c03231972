from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rgbt_perception.errors import InputError
from rgbt_perception.geometry.transforms import (
    inverse,
    quaternion_from_rotation,
    rotation_from_quaternion,
    transform,
)

numbers = st.floats(-1.0, 1.0, allow_subnormal=False)
quaternions = st.tuples(numbers, numbers, numbers, numbers).filter(lambda q: math.hypot(*q) > 1e-3)
vectors = st.tuples(*[st.floats(-100.0, 100.0)] * 3)


@given(quaternions)
def test_a_quaternion_gives_a_rotation(q):
    rotation = rotation_from_quaternion(q)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)


@given(vectors.filter(lambda v: math.hypot(*v) > 1e-3), st.floats(-3.1, 3.1))
def test_axis_and_angle_agree_with_opencv(axis, angle):
    unit = np.array(axis) / math.hypot(*axis)
    q = (*(unit * math.sin(angle / 2)), math.cos(angle / 2))
    expected, _ = cv2.Rodrigues(unit * angle)
    np.testing.assert_allclose(rotation_from_quaternion(q), expected, atol=1e-9)


@given(quaternions)
def test_quaternions_survive(q):
    unit = np.array(q) / np.linalg.norm(q)
    back = np.array(quaternion_from_rotation(rotation_from_quaternion(q)))
    assert back[3] >= 0
    assert abs(unit @ back) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0.6, 0.8, 0)])
def test_half_turns_survive(axis):
    rotation = rotation_from_quaternion((*axis, 0.0))
    back = quaternion_from_rotation(rotation)
    np.testing.assert_allclose(rotation_from_quaternion(back), rotation, atol=1e-12)


@given(quaternions, vectors, quaternions, vectors)
def test_inverses_and_chains(q1, t1, q2, t2):
    a_T_b = transform(rotation_from_quaternion(q1), t1)
    b_T_c = transform(rotation_from_quaternion(q2), t2)
    np.testing.assert_allclose(a_T_b @ inverse(a_T_b), np.eye(4), atol=1e-10)
    np.testing.assert_allclose(inverse(a_T_b @ b_T_c), inverse(b_T_c) @ inverse(a_T_b), atol=1e-10)


@given(quaternions, vectors, vectors)
def test_a_transform_turns_then_shifts(q, shift, point):
    rotation = rotation_from_quaternion(q)
    moved = transform(rotation, shift) @ (*point, 1.0)
    np.testing.assert_allclose(moved[:3], rotation @ point + shift, atol=1e-12)
    assume(math.hypot(*point) > 1e-3)
    assert np.linalg.norm(moved[:3] - shift) == pytest.approx(math.hypot(*point))


@pytest.mark.parametrize(
    "q", [(0, 0, 0, 0), (0, 0, 0, 1e-9), (math.nan, 0, 0, 1), (math.inf, 0, 0, 1), (0, 0, 1)]
)
def test_what_is_no_rotation(q):
    with pytest.raises(InputError, match="quaternion"):
        rotation_from_quaternion(q)
