from __future__ import annotations

import cv2
import hypothesis.extra.numpy
import numpy as np
import pytest
from both_ways import both_ways
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.geometry.upsample import (
    DISTANCE_WEIGHT,
    EDGE_STEP,
    MIXED_REACH,
    MIXED_STEP,
    upsample_depth,
)

way = both_ways("geometry.upsample")


def inverse(depth, i, j):
    return 1.0 / float(depth[i, j]) if depth[i, j] > 0 else 0.0


def between(depth, i, j, di, dj):
    """Whether the depth steps up, or steps down, on both sides of a pixel."""
    h, w = depth.shape
    if not (i - di >= 0 and i + di < h and j - dj >= 0 and j + dj < w):
        return False
    a, b, c = depth[i - di, j - dj], depth[i, j], depth[i + di, j + dj]
    if min(a, b, c) <= 0:
        return False
    raised = np.float32(1 + MIXED_STEP)
    return (b > a * raised and c > b * raised) or (a > b * raised and b > c * raised)


def unmixed(depth, broken):
    """Near or far instead of what hangs between them."""
    h, w = depth.shape
    mixed = np.zeros((h, w), bool)
    for i in range(h):
        for j in range(w):
            if broken[max(0, i - 1) : i + 2, max(0, j - 1) : j + 2].any():
                mixed[i, j] = between(depth, i, j, 0, 1) or between(depth, i, j, 1, 0)
    result = depth.copy()
    for i, j in zip(*np.nonzero(mixed), strict=True):
        rows = slice(max(0, i - MIXED_REACH), i + MIXED_REACH + 1)
        columns = slice(max(0, j - MIXED_REACH), j + MIXED_REACH + 1)
        around = depth[rows, columns][~mixed[rows, columns] & (depth[rows, columns] > 0)]
        if len(around):
            near, far = around.min(), around.max()
            result[i, j] = far if far - depth[i, j] < depth[i, j] - near else near
    return result


def plain(depth, width, height, guide):
    """The rule of ``upsample_depth``, pixel by pixel."""
    h, w = depth.shape
    small = cv2.resize(guide, (w, h), interpolation=cv2.INTER_AREA)
    broken = np.zeros((h, w), bool)
    for i in range(h):
        for j in range(w):
            here = inverse(depth, i, j)
            broken[i, j] = here == 0
            for di, dj in ((0, 1), (1, 0)):
                if not (i - di >= 0 and i + di < h and j - dj >= 0 and j + dj < w):
                    continue
                second = inverse(depth, i + di, j + dj) + inverse(depth, i - di, j - dj)
                broken[i, j] |= abs(second - 2 * here) > EDGE_STEP * here
    filled = unmixed(depth, broken)
    result = cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR)
    for i in range(height):
        for j in range(width):
            ni, nj = i * h // height, j * w // width
            if not broken[max(0, ni - 1) : ni + 2, max(0, nj - 1) : nj + 2].any():
                continue
            y, x = (i + 0.5) * h / height - 0.5, (j + 0.5) * w / width - 0.5
            best = None
            for dy in (0, -1, 1):
                for dx in (0, -1, 1):
                    r = min(max(round(y) + dy, 0), h - 1)
                    c = min(max(round(x) + dx, 0), w - 1)
                    cost = abs(small[r, c] - guide[i, j]) + DISTANCE_WEIGHT * (
                        abs(r - y) + abs(c - x)
                    )
                    if best is None or cost < best[0] - 1e-6:
                        best = (cost, filled[r, c])
            result[i, j] = best[1]
    result[result <= 0] = np.nan
    return result


def scene(seed, softness=0):
    """A slanted ground with a near box in front of it, and some unknown pixels."""
    random = np.random.default_rng(seed)
    guide = np.full((64, 96), 0.3, np.float32)
    guide[10:50, 30:61] = 0.8
    guide += random.normal(0, 0.01, guide.shape).astype(np.float32)
    depth = np.repeat(np.linspace(20, 8, 32, dtype=np.float32)[:, None], 48, axis=1)
    depth[5:25, 15:30] = 3.0
    depth = softened(depth, softness)
    depth[28:, 40:] = 0
    return depth, guide


def softened(depth, sigma):
    """The edges of a network."""
    if sigma == 0:
        return depth
    return np.exp(cv2.GaussianBlur(np.log(depth), (0, 0), sigma))


@pytest.mark.parametrize(("seed", "softness"), [(0, 0), (1, 0), (2, 1.0)])
def test_equals_the_plain_rule(seed, softness):
    depth, guide = scene(seed, softness)
    fast = upsample_depth(depth, 96, 64, guide)
    slow = plain(depth, 96, 64, guide)
    assert np.array_equal(np.isnan(fast), np.isnan(slow))
    # Equal costs may be decided by the last bit of a float.
    assert np.nanmean(np.abs(fast - slow) > 1e-3) < 0.005


def test_invents_no_depth_between_near_and_far():
    depth = np.full((32, 48), 20.0, np.float32)
    depth[:, 20:30] = 2.0
    guide = np.zeros((128, 192), np.float32)
    guide[:, 82:118] = 1.0  # the picture shows the object 1-2 small pixels narrower
    full = upsample_depth(depth, 192, 128, guide)
    assert set(np.unique(full)) == {2.0, 20.0}
    assert (full[:, 84:116] == 2.0).all()
    assert (full[:, 82 - 6 : 80] == 20.0).all()


def test_soft_edges_become_hard():
    depth = np.full((32, 48), 20.0, np.float32)
    depth[:, 20:28] = 2.0
    guide = np.zeros((128, 192), np.float32)
    guide[:, 80:112] = 1.0
    full = upsample_depth(softened(depth, 1.0), 192, 128, guide)
    near = guide == 1.0
    assert (np.abs(full[near] / 2.0 - 1) < 0.1).all()
    assert (np.abs(full[~near] / 20.0 - 1) < 0.1).all()


def test_something_between_near_and_far_stays():
    depth = np.full((32, 48), 20.0, np.float32)
    depth[:, 8:] = 7.0
    depth[:, 11:] = 2.0  # three pixels of 7 m between 20 m and 2 m
    full = upsample_depth(depth, 96, 64, None)
    np.testing.assert_array_equal(full, depth.repeat(2, 0).repeat(2, 1))


@given(
    hypothesis.extra.numpy.arrays(
        np.float32, (7, 9), elements=st.sampled_from([0, 1, 1.03, 1.1, 1.3, 2, 5, 90])
    )
)
def test_is_the_plain_rule_whatever_comes(depth):
    guide = np.zeros((14, 18), np.float32)
    full = upsample_depth(depth, 18, 14, guide)
    np.testing.assert_allclose(full, plain(depth, 18, 14, guide), rtol=1e-5)


def test_the_callers_depth_is_left_alone():
    depth = softened(np.where(np.arange(48) < 24, 2.0, 20.0)[None].repeat(32, 0), 1.0)
    depth = depth.astype(np.float32)
    before = depth.copy()
    full = upsample_depth(depth, 96, 64, None)
    assert (depth == before).all()
    assert not np.isin(full, depth[:, 23:25]).any()  # what hung between the two is gone


def test_unknown_stays_unknown_and_known_stays_known():
    depth = np.zeros((16, 16), np.float32)
    depth[:8] = 5.0
    for guide in (None, np.zeros((64, 64), np.float32)):
        full = upsample_depth(depth, 64, 64, guide)
        assert np.isnan(full[36:]).all()
        assert (full[:28] == 5.0).all()
    assert np.isnan(upsample_depth(np.zeros((4, 4), np.float32), 16, 16, None)).all()


def test_same_size_is_a_copy():
    depth = np.full((4, 4), 3.0, np.float32)
    full = upsample_depth(depth, 4, 4, None)
    assert np.array_equal(full, depth)
    assert full is not depth


def test_slanted_ground_is_smooth():
    rows = np.arange(40, dtype=np.float32)[:, None]
    depth = np.repeat(60.0 / (rows + 1.0), 32, axis=1).astype(np.float32)
    random = np.random.default_rng(0).random((160, 128), np.float32)
    full = upsample_depth(depth, 128, 160, random)
    # Whatever the picture shows, every column of the ground is the same and falls steadily.
    assert np.ptp(full, axis=1).max() == 0.0
    assert (np.diff(full[:, 0]) <= 0).all()
