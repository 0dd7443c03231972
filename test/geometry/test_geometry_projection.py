from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_projection import project_depth

from rgbt_perception.frames import Pinhole
from rgbt_perception.geometry.projection import projection
from rgbt_perception.geometry.transforms import rotation_from_quaternion, transform

A = Pinhole(30, 22, 25.0, 26.0, 14.0, 11.5)
B = Pinhole(80, 64, 70.0, 68.0, 40.5, 31.0)


def projected(known, depth):
    x, y, z = (np.empty(depth.shape, np.float32) for _ in range(3))
    for axis, out in enumerate((x, y, z)):
        known.scale(axis, depth, out)
    return np.stack([x / z, y / z, z])


def pose(angle=0.1, shift=(0.2, -0.05, 0.03)):
    return transform(rotation_from_quaternion([0, np.sin(angle / 2), 0, np.cos(angle / 2)]), shift)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-0.3, 0.3))
def test_projection_equals_the_plain_formula(seed, angle):
    depth = np.random.default_rng(seed).uniform(0.5, 30, (A.height, A.width)).astype(np.float32)
    fast = projected(projection(A, B, pose(angle)), depth)
    np.testing.assert_allclose(fast, project_depth(depth, A, B, pose(angle)), rtol=3e-4, atol=3e-3)


def test_some_rows_are_those_rows():
    depth = np.random.default_rng(0).uniform(0.5, 30, (A.height, A.width)).astype(np.float32)
    known = projection(A, B, pose())
    band = slice(5, 9)
    np.testing.assert_array_equal(
        projected(known.rows(band), depth[band]), projected(known, depth)[:, band]
    )


def test_it_is_kept_for_the_same_cameras_and_pose():
    assert projection(A, B, pose()) is projection(A, B, pose())
    assert projection(A, B, pose(0.2)) is not projection(A, B, pose())
