from __future__ import annotations

import numpy as np
import pytest

from rgbt_perception.evaluation.suite.pole import (
    NETWORK_SIZE,
    EdgeShares,
    Pose,
    network_depth,
    pinhole,
    pole_section,
    shares_of,
    true_depth,
)

POSE = Pose((640, 512), 0.10, 5.0, 0.5, 0.0)


def test_poles_stand_and_nothing_floats_behind_them():
    result = pole_section()
    assert [check.cells for check in result.checks if not check.passed] == []
    assert max(check.limit for check in result.checks if check.at_most) == 0.01


def test_the_pole_is_where_its_pose_says():
    camera = pinhole(640, 512)
    depth = true_depth(POSE, camera)
    middle = depth[256]
    columns = np.flatnonzero(middle < 12.0)
    assert columns.mean() == pytest.approx(camera.cx + camera.fx * 0.5 / 5.0, abs=0.6)
    assert len(columns) == pytest.approx(camera.fx * 0.10 / 5.0, abs=1)
    # Seen obliquely, the nearest point lies towards the camera from the axis.
    assert 4.95 <= middle.min() < 4.96
    assert middle.max() == 12.0
    # An upright pole is the same in every row.
    assert (depth == middle).all()


def test_a_leaning_pole_leans_to_the_right_at_the_bottom():
    camera = pinhole(320, 256)
    depth = true_depth(Pose((320, 256), 0.1, 5.0, 0.0, 10.0), camera)
    top, bottom = (np.flatnonzero(depth[row] < 12.0).mean() for row in (28, 228))
    assert (bottom - top) / 200 == pytest.approx(np.tan(np.radians(10)), abs=0.01)


def test_network_depth_is_small_and_soft():
    fine = true_depth(POSE, pinhole(1280, 1024))
    small = network_depth(fine)
    assert small.shape == NETWORK_SIZE[::-1]
    row = small[128]
    soft = (row > 5.5) & (row < 10.8)
    assert 4 <= soft.sum() <= 8
    assert row.min() < 5.5


def test_shares_count_what_they_say():
    pole = np.zeros((4, 10), bool)
    pole[:, 4:6] = True
    enlarged = np.where(pole, 5.0, 12.0).astype(np.float32)
    enlarged[0, 4] = 8.0  # floats on the pole
    enlarged[1, 3] = 8.0  # and beside it
    enlarged[2, 4] = 12.0  # lost to the wall
    cloud = enlarged.copy()
    cloud[3, 4:7] = np.nan  # removed: two of the pole, one of the wall
    assert shares_of(enlarged, cloud, pole, 5.0) == EdgeShares(
        floating=1 / 8, beside=1 / 8, standing=4 / 8, removed=3 / 8
    )
