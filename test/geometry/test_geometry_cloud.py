from __future__ import annotations

import itertools
import struct
import time
from unittest import mock

import cv2
import numpy as np
import pytest
from both_ways import both_ways, compiling
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbt_perception.frames import Pinhole
from rgbt_perception.geometry import row_bands
from rgbt_perception.geometry.cloud import POINT, POINT_XYZ, POINT_XYZRGB, organised_cloud
from rgbt_perception.geometry.flying_points import flying_points

NAN = float("nan")
LOOPS = ("geometry.cloud", "geometry.flying_points")

way = both_ways(*LOOPS)


def slow_cloud(camera, depth, color, temperature, confidence, label, stride, flying):
    """Point by point into bytes, as the message's field list says."""
    data = b""
    for v in range(0, camera.height, stride):
        for u in range(0, camera.width, stride):
            z = depth[v, u]
            if not np.isfinite(z) or z <= 0 or flying[v, u]:
                z = np.float32(NAN)
            x = np.float32((u - camera.cx) / camera.fx) * z
            y = np.float32((v - camera.cy) / camera.fy) * z
            data += struct.pack("<fff", x, y, z)
            red, green, blue = (0, 0, 0) if color is None else color[v, u].tolist()
            data += bytes([blue, green, red, 0])
            kelvin = NAN if temperature is None else temperature[v, u]
            data += struct.pack("<ff", kelvin, confidence[v, u])
            data += bytes([0 if label is None else label[v, u], 0, 0, 0])
    return data


@settings(deadline=None, max_examples=40)
@given(
    width=st.integers(1, 12),
    height=st.integers(1, 12),
    stride=st.integers(1, 5),
    threshold=st.sampled_from([0.0, 0.05, 0.3]),
    bare=st.booleans(),
    band=st.sampled_from([1, 20, 40_000]),
    seed=st.integers(0, 2**32),
)
def test_every_byte_is_that_of_the_slow_version(width, height, stride, threshold, bare, band, seed):
    rng = np.random.default_rng(seed)
    camera = Pinhole(width, height, 7.5, 8.25, width / 2 - 0.3, height / 2 + 0.2)
    depth = rng.uniform(0.5, 30, (height, width)).astype(np.float32)
    for value in (np.nan, np.inf, -np.inf, 0.0):
        depth[rng.random(depth.shape) < 0.05] = value
    color = None if bare else rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    kelvin = None if bare else rng.uniform(250, 350, (height, width)).astype(np.float32)
    label = None if bare else rng.integers(0, 256, (height, width), dtype=np.uint8)
    confidence = rng.random((height, width)).astype(np.float32)
    with mock.patch.object(row_bands, "_PIXELS", band):
        cloud = organised_cloud(camera, depth, color, kelvin, confidence, label, stride, threshold)
    assert cloud.shape == (-(-height // stride), -(-width // stride))
    assert cloud.dtype == POINT
    known = np.where(np.isfinite(depth) & (depth > 0), depth, np.float32(np.nan))
    flying = flying_points(known, threshold) if threshold else np.zeros(depth.shape, bool)
    expected = slow_cloud(camera, depth, color, kelvin, confidence, label, stride, flying)
    ours = np.frombuffer(cloud.tobytes(), "<u4").reshape(-1, 7)
    theirs = np.frombuffer(expected, "<u4").reshape(-1, 7)
    # The bits of NaN are free.
    both_nan = np.isnan(ours.view("<f4")) & np.isnan(theirs.view("<f4"))
    assert ((ours == theirs) | both_nan).all()


@pytest.mark.parametrize("stride", [1, 3])
def test_loops_write_the_bits_of_numpy(stride):
    pytest.importorskip("numba", reason="needs the extra [cpu]")
    rng = np.random.default_rng(4)
    camera = Pinhole(53, 41, 40.0, 41.0, 26.2, 19.7)
    depth = cv2.GaussianBlur(rng.choice([2.0, 5.0, 9.0], (41, 53)).astype(np.float32), (0, 0), 1.0)
    for value in (np.nan, np.inf, -np.inf, 0.0, -2.0):
        depth[rng.random(depth.shape) < 0.02] = value
    color = rng.integers(0, 256, (41, 106, 3), dtype=np.uint8)[:, ::2]
    color.flags.writeable = False
    label = rng.integers(0, 256, depth.shape, dtype=np.uint8)
    written = []
    for wanted in (False, True):
        with compiling(wanted, *LOOPS):
            cloud = organised_cloud(
                camera, depth, color, depth[::-1], abs(depth), label, stride, 0.08
            )
        written.append(cloud.view(np.uint32).reshape(*cloud.shape, 7))
    plain, compiled = written
    assert (
        np.isnan(plain.view(np.float32)[..., 2]).sum() > np.isnan(depth[::stride, ::stride]).sum()
    )
    np.testing.assert_array_equal(compiled, plain)


@settings(deadline=None, max_examples=20)
@given(
    width=st.integers(1, 12),
    height=st.integers(1, 12),
    stride=st.integers(1, 3),
    bare=st.booleans(),
    seed=st.integers(0, 2**32),
)
@pytest.mark.parametrize("point", [POINT_XYZ, POINT_XYZRGB])
def test_fewer_fields_are_the_first_of_all(point, width, height, stride, bare, seed):
    rng = np.random.default_rng(seed)
    camera = Pinhole(width, height, 7.5, 8.25, width / 2 - 0.3, height / 2 + 0.2)
    depth = rng.uniform(-1, 30, (height, width)).astype(np.float32)
    color = None if bare else rng.integers(0, 256, (height, width, 3), np.uint8)
    given = (camera, depth, color, None, np.abs(depth), None, stride, 0.05)
    whole = organised_cloud(*given)
    fewer = organised_cloud(*given, point=point)
    assert fewer.shape == whole.shape
    for name in point.names:
        assert np.array_equal(fewer[name].view(np.uint32), whole[name].view(np.uint32))


def slow_flying(depth, threshold):
    """The rule of ``flying_points``, pixel by pixel."""
    height, width = depth.shape
    ratio = np.float32(1.0 + threshold)

    def at(v, u):
        return depth[v, u] if 0 <= v < height and 0 <= u < width else np.float32(NAN)

    def is_straight(inverse):
        steps = [b - a for a, b in itertools.pairwise(inverse)]
        return not any(
            abs(b - a) > abs(a + b) * np.float32(0.5) * np.float32(0.5)
            for a, b in itertools.pairwise(steps)
        )

    result = np.zeros(depth.shape, dtype=bool)
    for v in range(height):
        for u in range(width):
            for dv, du in ((0, 1), (0, 3), (1, 0), (3, 0)):
                before, here, after = (at(v + k * dv, u + k * du) for k in (-1, 0, 1))
                rising = here > before * ratio and after > here * ratio
                falling = here * ratio < before and after * ratio < here
                if rising or falling:
                    line = [np.float32(1) / at(v + k * dv, u + k * du) for k in range(-3, 4)]
                    result[v, u] |= not is_straight(line)
    return result


@settings(deadline=None, max_examples=60)
@given(
    width=st.integers(1, 14),
    height=st.integers(1, 14),
    threshold=st.sampled_from([0.03, 0.1, 0.4]),
    smooth=st.booleans(),
    band=st.sampled_from([1, 20, 40_000]),
    seed=st.integers(0, 2**32),
)
def test_flying_points_are_those_of_the_slow_version(width, height, threshold, smooth, band, seed):
    rng = np.random.default_rng(seed)
    if smooth:  # nearly planes, where the second difference decides
        slope = rng.uniform(-0.05, 0.05, 2)
        v, u = np.mgrid[:height, :width]
        inverse = 0.6 + slope[0] * v + slope[1] * u + rng.normal(0, 0.01, (height, width))
        depth = (1.0 / np.maximum(inverse, 0.02)).astype(np.float32)
    else:
        depth = rng.choice([1.0, 2.0, 2.05, 4.0, 8.0, NAN], (height, width)).astype(np.float32)
    with mock.patch.object(row_bands, "_PIXELS", band):
        flying = flying_points(depth, threshold)
    np.testing.assert_array_equal(flying, slow_flying(depth, threshold))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("in_between", [(), (6.0,), (4.0, 7.0), (3.0, 5.0, 8.0)])
@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("repeat", [1, 2])
def test_a_step_edge_loses_what_lies_in_between(axis, flip, in_between, inverse, repeat):
    if inverse and in_between:  # straight in 1 / z instead of anywhere
        share = np.linspace(0, 1, len(in_between) + 2)[1:-1]
        in_between = tuple(1.0 / (0.5 + share * (0.1 - 0.5)))
    line = np.repeat(np.array((2.0,) * 8 + in_between + (10.0,) * 8, dtype=np.float32), repeat)
    depth = np.tile(line[::-1] if flip else line, (20, 1))
    depth = np.ascontiguousarray(depth if axis else depth.T)
    flying = flying_points(depth, 0.08)
    # Everything in between goes, and nothing of the two surfaces.
    np.testing.assert_array_equal(flying, (depth > 2.0) & (depth < 10.0))


def test_a_blurred_box_leaves_no_point_in_the_air():
    truth = np.full((80, 100), 20.0, dtype=np.float32)
    truth[20:60, 30:70] = 4.0
    for picture in (
        cv2.GaussianBlur(truth, (0, 0), 1.0),
        cv2.resize(cv2.resize(truth, (50, 40)), (100, 80)),
        cv2.resize(cv2.blur(truth, (3, 3))[::2, ::2], (100, 80), interpolation=cv2.INTER_NEAREST),
    ):
        off = np.minimum(np.abs(picture - 4.0) / 4.0, np.abs(picture - 20.0) / 20.0)
        flying = flying_points(picture, 0.08)
        in_air = off > 0.25
        assert in_air.sum() > 100
        assert flying[in_air].mean() > 0.97
        assert not flying[off < 0.01].any()


def test_a_thin_pole_stays_whole():
    depth = np.full((30, 40), 30.0, dtype=np.float32)
    depth[:, 10] = 5.0
    depth[:, 20:22] = 6.0
    assert not flying_points(depth, 0.08).any()


@pytest.mark.parametrize("height_above", [0.5, 1.5])
@pytest.mark.parametrize("noise", [0.0, 0.002])
def test_ground_at_a_grazing_angle_is_kept(height_above, noise):
    camera = Pinhole(640, 512, 500.0, 500.0, 319.5, 255.5)
    below = np.arange(512) - camera.cy
    with np.errstate(divide="ignore"):
        column = np.where(below > 0, height_above * camera.fy / below, np.nan)
    column[column > 300.0] = np.nan
    rng = np.random.default_rng(0)
    depth = np.repeat(column[:, None], 640, axis=1) * (1 + rng.normal(0, noise, (512, 640)))
    depth = depth.astype(np.float32)
    known = np.isfinite(depth)
    steep = np.zeros_like(known)
    steep[1:] = depth[:-1] > 1.08 * depth[1:]
    assert steep.sum() >= 8 * 640  # the plain threshold would eat these
    cloud = organised_cloud(camera, depth, None, None, np.ones_like(depth), None, 1, 0.08)
    assert np.isfinite(cloud["z"])[steep].mean() > 0.95
    assert np.isfinite(cloud["z"])[known].mean() > 0.99


def test_points_project_back_to_their_pixels():
    camera = Pinhole(17, 11, 20.0, 22.0, 8.3, 4.9)
    depth = np.random.default_rng(1).uniform(1, 50, (11, 17)).astype(np.float32)
    cloud = organised_cloud(camera, depth, None, None, np.ones_like(depth), None, 3, 0.0)
    u = cloud["x"] / cloud["z"] * camera.fx + camera.cx
    v = cloud["y"] / cloud["z"] * camera.fy + camera.cy
    np.testing.assert_allclose(u, np.tile(np.arange(0, 17, 3), (4, 1)), atol=1e-4)
    np.testing.assert_allclose(v, np.tile(np.arange(0, 11, 3)[:, None], (1, 6)), atol=1e-4)
    np.testing.assert_array_equal(cloud["z"], depth[::3, ::3])


def test_a_full_cloud_is_fast():
    rng = np.random.default_rng(2)
    camera = Pinhole(640, 512, 500.0, 500.0, 319.5, 255.5)
    truth = np.full((512, 640), 30.0, dtype=np.float32)
    for _ in range(40):
        top, left = rng.integers(0, 450), rng.integers(0, 600)
        truth[top : top + 60, left : left + 40] = rng.uniform(3, 25)
    depth = cv2.GaussianBlur(truth, (0, 0), 1.5)
    color = rng.integers(0, 256, (512, 640, 3), dtype=np.uint8)
    label = rng.integers(0, 15, (512, 640), dtype=np.uint8)
    seconds = []
    for _ in range(7):
        start = time.perf_counter()
        organised_cloud(camera, depth, color, depth, depth, label, 1, 0.08)
        seconds.append(time.perf_counter() - start)
    # About 3 ms on one core of a 2024 server; the limit only catches an accident.
    assert min(seconds) < 0.03
