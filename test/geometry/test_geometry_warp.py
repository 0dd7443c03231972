from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.frames import Pinhole
from rgbt_perception.geometry import row_bands
from rgbt_perception.geometry.transforms import inverse, rotation_from_quaternion, transform
from rgbt_perception.geometry.warp import colors_in_view, nearest_depth, project_depth

A = Pinhole(60, 44, 50.0, 52.0, 29.0, 22.5)
B = Pinhole(80, 64, 70.0, 68.0, 40.5, 31.0)


def plain_projection(depth, camera, target, T):
    result = np.full((3, *depth.shape), np.nan)
    for v in range(depth.shape[0]):
        for u in range(depth.shape[1]):
            z = depth[v, u]
            point = np.array(
                [(u - camera.cx) / camera.fx * z, (v - camera.cy) / camera.fy * z, z, 1.0]
            )
            x, y, z2, _ = T @ point
            result[:, v, u] = target.fx * x / z2 + target.cx, target.fy * y / z2 + target.cy, z2
    return result


def a_transform(angle=0.1, shift=(0.2, -0.05, 0.03)):
    return transform(rotation_from_quaternion([0, np.sin(angle / 2), 0, np.cos(angle / 2)]), shift)


def test_projection_equals_the_plain_formula():
    depth = np.random.default_rng(0).uniform(0.5, 30, (A.height, A.width)).astype(np.float32)
    T = a_transform()
    fast = np.stack(project_depth(depth, A, B, T))
    slow = plain_projection(depth, A, B, T)
    np.testing.assert_allclose(fast, slow, rtol=2e-4, atol=2e-3)


def test_unknown_depth_projects_to_nowhere():
    depth = np.full((A.height, A.width), np.nan, np.float32)
    for array in project_depth(depth, A, B, a_transform()):
        assert np.isnan(array).all()


@given(st.integers(0, 2**32 - 1))
def test_splat_keeps_the_nearest(seed):
    random = np.random.default_rng(seed)
    columns = random.uniform(-4, 12, 200).astype(np.float32)
    rows = random.uniform(-4, 12, 200).astype(np.float32)
    depths = random.uniform(-2, 9, 200).astype(np.float32)
    columns[0] = rows[1] = depths[2] = np.nan
    fast = nearest_depth(columns, rows, depths, 9, 7)
    slow = np.full((7, 9), np.inf, np.float32)
    for c, r, z in zip(columns, rows, depths, strict=True):
        if np.isnan([c, r, z]).any() or z <= 0:
            continue
        if -0.5 < c < 8.5 and -0.5 < r < 6.5:
            i, j = int(np.rint(r)), int(np.rint(c))
            slow[i, j] = min(slow[i, j], z)
    assert np.array_equal(fast, slow)


def test_colours_come_from_where_the_point_is_seen():
    """A flat wall: each pixel must carry the colour painted on its point of the wall."""
    T = a_transform(0.02, (0.15, 0.0, 0.0))
    depth = np.full((A.height, A.width), 4.0, np.float32)
    columns, rows, _ = project_depth(depth, A, B, T)
    u, v = np.meshgrid(np.arange(B.width), np.arange(B.height))
    image = np.stack([u * 3, v * 3, np.full_like(u, 200)], axis=-1).astype(np.uint8)
    seen = colors_in_view(depth, A, image, B, T)
    inside = (columns >= 0) & (columns <= B.width - 1) & (rows >= 0) & (rows <= B.height - 1)
    assert inside.mean() > 0.8
    np.testing.assert_allclose(seen[inside][:, 0], columns[inside] * 3, atol=1.5)
    np.testing.assert_allclose(seen[inside][:, 1], rows[inside] * 3, atol=1.5)
    outside = (columns < -1) | (columns > B.width) | (rows < -1) | (rows > B.height)
    assert (seen[outside] == 0).all()


@pytest.mark.parametrize("pixels", [1, 500])
def test_the_rows_at_a_time_do_not_show(pixels):
    random = np.random.default_rng(2)
    depth = random.uniform(0.5, 30, (A.height, A.width)).astype(np.float32)
    depth[random.random(depth.shape) < 0.1] = np.nan
    image = random.integers(0, 256, (B.height, B.width, 3), np.uint8)

    def everything():
        T = a_transform()
        return colors_in_view(depth, A, image, B, T), *project_depth(depth, A, B, T)

    whole = everything()
    with mock.patch.object(row_bands, "_PIXELS", pixels):
        banded = everything()
    for one, other in zip(whole, banded, strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_ghost_behind_a_near_object():
    """The far wall that the other camera cannot see must not show the near pole's colour."""
    camera = Pinhole(160, 120, 140.0, 140.0, 79.5, 59.5)
    image_T_camera = np.eye(4)
    image_T_camera[0, 3] = -0.4  # the other camera stands 0.4 m to the right
    depth = np.full((120, 160), 8.0, np.float32)
    depth[:, 70:100] = 1.5
    # The other camera's picture: the pole (red) in front of the wall (green).
    image = np.zeros((120, 160, 3), np.uint8)
    image[..., 1] = 255
    columns, _, _ = project_depth(depth, camera, camera, image_T_camera)
    left, right = columns[0, 70], columns[0, 99]
    image[:, round(left) : round(right) + 1] = (255, 0, 0)
    seen = colors_in_view(depth, camera, image, camera, image_T_camera)
    wall = depth == 8.0
    ghosts = wall & (seen[..., 0] > 128)
    assert ghosts.mean() < 0.01
    hidden = wall & (columns > left + 4) & (columns < right - 4)
    assert hidden.any()
    assert (seen[hidden] == 0).mean() > 0.8
    pole = ~wall
    pole[:, :74] = pole[:, 96:] = False
    assert (seen[pole][:, 0] > 200).mean() > 0.95


def test_points_behind_the_camera_have_no_colour():
    behind = np.eye(4)
    behind[2, 3] = -10.0
    depth = np.full((A.height, A.width), 4.0, np.float32)
    image = np.full((B.height, B.width, 3), 255, np.uint8)
    assert not colors_in_view(depth, A, image, B, behind).any()
    assert inverse(behind)[2, 3] == pytest.approx(10.0)


def test_slanted_ground_hides_nothing():
    """A road seen at a grazing angle: no part of it may count as hidden behind another."""
    camera = Pinhole(320, 256, 280.0, 280.0, 159.5, 90.0)
    rows = np.arange(256, dtype=np.float32)[:, None]
    with np.errstate(divide="ignore"):
        depth = np.where(rows > 100, 1.5 * 280.0 / (rows - 90.0), np.nan)
    depth = np.repeat(depth, 320, axis=1).astype(np.float32)
    image_T_camera = np.eye(4)
    image_T_camera[:3, 3] = (0.1, 0.02, 0.0)
    for width, height in ((320, 240), (1280, 960)):
        image_camera = Pinhole(width, height, 0.9 * width, 0.9 * width, width / 2, height * 0.4)
        image = np.full((height, width, 3), 255, np.uint8)
        seen = colors_in_view(depth, camera, image, image_camera, image_T_camera)
        columns, lines, _ = project_depth(depth, camera, image_camera, image_T_camera)
        with np.errstate(invalid="ignore"):
            inside = (columns > 1) & (columns < width - 2) & (lines > 1) & (lines < height - 2)
        assert inside.any()
        assert (seen[inside] > 0).all(axis=1).mean() > 0.99
