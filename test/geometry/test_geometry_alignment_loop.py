"""The compiled loop against the plain way, which `test_geometry_alignment` tests."""

import hypothesis.extra.numpy
import numpy as np
import pytest
from both_ways import compiling
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbt_perception.frames import Pinhole
from rgbt_perception.geometry.alignment import align_picture
from rgbt_perception.geometry.transforms import rotation_from_quaternion, transform

pytest.importorskip("numba", reason="needs the extra [cpu]")


@settings(max_examples=150)
@given(
    depth=hypothesis.extra.numpy.arrays(
        np.float32,
        st.tuples(st.integers(1, 24), st.integers(1, 24)),
        elements=st.sampled_from(
            [0, 1e-3, 0.3, 1, 1.2, 2, 7, 7.1, 90, 2e4, np.nan, np.inf, -np.inf]
        )
        | st.floats(0.25, 64, width=32),
    ),
    size=st.tuples(st.integers(1, 24), st.integers(1, 24)),
    shift=st.tuples(*[st.sampled_from([0.0, 0.0, 0.01, -0.1, 0.7])] * 3),
    angle=st.sampled_from([0.0, 0.0, 0.02, 0.4]),
    focal=st.sampled_from([0.3, 1.0, 5.0]),
    share=st.sampled_from([None, 0.5, 0.95]),
    seed=st.integers(0, 2**32 - 1),
)
def test_both_ways_are_equal_to_the_bit(depth, size, shift, angle, focal, share, seed):
    height, width = depth.shape
    camera = Pinhole(width, height, 20.0, 21.0, width / 2, height / 2 - 0.5)
    image_camera = Pinhole(*size, 20 * focal, 20 * focal, size[0] / 2 - 0.5, size[1] / 2)
    random = np.random.default_rng(seed)
    image = random.integers(0, 256, (size[1], size[0], 3), np.uint8)
    valid = None if share is None else random.random((size[1], size[0])) < share
    turn = rotation_from_quaternion([0, np.sin(angle / 2), 0, np.cos(angle / 2)])
    results = []
    for compiled in (False, True):
        with compiling(compiled, "geometry.alignment"):
            results.append(
                align_picture(depth, camera, image, image_camera, transform(turn, shift), valid)
            )
    (picture, seen), (other, other_seen) = results
    np.testing.assert_array_equal(seen, other_seen)
    np.testing.assert_array_equal(picture, other)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("factor", [1.0, 1.3])
def test_both_ways_are_equal_at_full_size(factor, masked):
    camera = Pinhole(640, 512, 500.0, 500.0, 319.5, 255.5)
    image_camera = camera.resized(round(640 * factor), round(512 * factor))
    random = np.random.default_rng(1)
    depth = np.repeat(np.linspace(80, 2, 512, dtype=np.float32)[:, None], 640, axis=1)
    depth[200:400, 100:250], depth[100:300, 300:420] = 3.0, 9.0
    depth += random.normal(0, 0.01, depth.shape).astype(np.float32)
    depth[:40], depth[300:304, :] = np.inf, np.nan
    shape = image_camera.height, image_camera.width
    image = random.integers(0, 256, (*shape, 3), np.uint8)
    valid = None
    if masked:
        valid = np.ones(shape, bool)
        valid[:9] = valid[:, -30:] = valid[100:104, 300:330] = False
    turn = rotation_from_quaternion([0.01, 0.004, -0.002, 1.0])
    results = []
    for compiled in (False, True):
        pose = transform(turn, (0.12, -0.01, 0.02))
        with compiling(compiled, "geometry.alignment"):
            results.append(align_picture(depth, camera, image, image_camera, pose, valid))
    assert 0.5 < results[0][1].mean() < 0.98
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)
