import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbt_perception.training.depth_resampling import nearest, sparse_depth


def points(seed, rows, columns, share):
    random = np.random.default_rng(seed)
    depth = random.uniform(1, 60, (rows, columns)).astype(np.float32)
    depth[random.random(depth.shape) >= share] = np.nan
    return depth


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 999),
    rows=st.integers(1, 20),
    columns=st.integers(1, 20),
    width=st.integers(1, 20),
    height=st.integers(1, 20),
    share=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
)
def test_a_pixel_is_known_where_a_point_falls_and_keeps_a_true_depth(
    seed, rows, columns, width, height, share
):
    depth = points(seed, rows, columns, share)
    found = sparse_depth(depth, width, height)
    plain = nearest(depth, width, height)
    assert found.shape == (height, width)
    known = ~np.isnan(plain)
    np.testing.assert_array_equal(found[known], plain[known])
    # The rest, pixel by pixel.
    for row, column in zip(*np.nonzero(~known), strict=True):
        inside = [
            depth[r, c]
            for r in range(rows)
            for c in range(columns)
            if (2 * r + 1) * height // (2 * rows) == row
            and (2 * c + 1) * width // (2 * columns) == column
            and not np.isnan(depth[r, c])
        ]
        if inside:
            assert found[row, column] == min(inside)
        else:
            assert np.isnan(found[row, column])


def test_lone_points_survive_where_nearest_sampling_loses_them():
    depth = points(3, 256, 640, 0.05)
    kept = np.isfinite(sparse_depth(depth, 320, 128)).sum()
    assert kept > 0.9 * np.isfinite(depth).sum()
    assert np.isfinite(nearest(depth, 320, 128)).sum() < 0.3 * np.isfinite(depth).sum()


@pytest.mark.parametrize("resample", [nearest, sparse_depth])
def test_the_same_size_is_the_same_picture(resample):
    depth = points(0, 5, 7, 0.4)
    assert resample(depth, 7, 5) is depth
