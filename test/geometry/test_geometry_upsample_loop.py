"""The compiled loops against the plain way, which `test_geometry_upsample` tests."""

import cv2
import hypothesis.extra.numpy
import numpy as np
import pytest
from both_ways import compiling
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbt_perception.geometry.upsample import upsample_depth

pytest.importorskip("numba", reason="needs the extra [cpu]")


def both_ways(depth, width, height, guide):
    results = []
    for compiled in (False, True):
        with compiling(compiled, "geometry.upsample"):
            results.append(upsample_depth(depth, width, height, guide))
    return results


@settings(max_examples=150)
@given(
    depth=hypothesis.extra.numpy.arrays(
        np.float32,
        st.tuples(st.integers(1, 12), st.integers(1, 12)),
        elements=st.sampled_from([0, 1e-30, 0.3, 1, 1.03, 1.1, 1.3, 2, 5, 90, 1e30])
        | st.floats(0.25, 64, width=32),
    ),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    guided=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_both_ways_are_equal_to_the_bit(depth, size, guided, seed):
    random = np.random.default_rng(seed)
    # Few values: equal costs are frequent.
    guide = random.choice(np.array([0.0, 0.04, 0.3, 1.0], np.float32), size[::-1])
    plain, compiled = both_ways(depth, *size, guide if guided else None)
    np.testing.assert_array_equal(plain, compiled)


@pytest.mark.parametrize("size", [(640, 512), (500, 333), (160, 128)])
@pytest.mark.parametrize("guided", [False, True])
def test_both_ways_are_equal_at_full_size(size, guided):
    random = np.random.default_rng(2)
    depth = np.repeat(np.linspace(60, 2, 256, dtype=np.float32)[:, None], 320, axis=1)
    depth[60:180, 50:110], depth[30:100, 150:230] = 3.0, 9.0
    depth = np.exp(cv2.GaussianBlur(np.log(depth), (0, 0), 1.0))
    depth[:120] *= np.exp(random.normal(0, 0.02, (120, 320))).astype(np.float32)
    depth[random.random(depth.shape) < 0.002] = 0
    guide = random.random(size[::-1], np.float32) if guided else None
    plain, compiled = both_ways(depth, *size, guide)
    assert np.isnan(plain).any()
    np.testing.assert_array_equal(plain, compiled)
