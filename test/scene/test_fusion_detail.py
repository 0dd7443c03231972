"""The fast fused picture against the formula written out, and what it must never do."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from both_ways import both_ways, compiling
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rgbt_perception.frames import AlignedPair
from rgbt_perception.scene.fusion_detail import fused_picture

H, W, FACTOR = 24, 32, 2
h, w = H // FACTOR, W // FACTOR

way = both_ways("scene.fusion_detail")


def shrunk(picture):
    """Mean of every 2 x 2 block."""
    return picture.reshape(h, FACTOR, w, FACTOR).mean(axis=(1, 3))


def enlarged(picture):
    """Bilinear, pixel by pixel; beyond the border the border's value."""
    result = np.zeros((H, W))
    for row in range(H):
        for column in range(W):
            y, x = (row + 0.5) / FACTOR - 0.5, (column + 0.5) / FACTOR - 0.5
            top, left = int(np.floor(y)), int(np.floor(x))
            for r, wy in ((top, 1 - (y - top)), (top + 1, y - top)):
                for c, wx in ((left, 1 - (x - left)), (left + 1, x - left)):
                    clipped = picture[min(max(r, 0), h - 1), min(max(c, 0), w - 1)]
                    result[row, column] += wy * wx * clipped
    return result


def detail(picture, seen):
    """``picture`` less its blur; the blur is a mean over what is seen."""
    share = shrunk(seen.astype(float))
    blurred = np.divide(shrunk(picture * seen), share, out=np.zeros((h, w)), where=share > 0)
    return np.where(seen, picture - enlarged(blurred), 0.0)


def expected_luminance(fused, weight, known, luminance, rgb_seen, thermal, thermal_seen):
    share = np.where(thermal_seen, np.where(rgb_seen, enlarged(weight), 0.0), 1.0)
    base = enlarged(fused * known) / np.maximum(enlarged(known.astype(float)), 1e-3)
    result = 255 * base
    result += share * detail(luminance, rgb_seen)
    result += (1 - share) * detail(255.0 * thermal, thermal_seen)
    return np.where(rgb_seen | thermal_seen, np.clip(result, 0, 255), 0.0)


def luminance_of(rgb):
    return rgb @ np.array([0.299, 0.587, 0.114])


@pytest.fixture
def random():
    return np.random.default_rng(3)


def decision(random, low=0.2, high=0.8):
    return (
        random.uniform(low, high, (h, w)).astype(np.float32),
        random.uniform(0, 1, (h, w)).astype(np.float32),
    )


def grey(random, low=60, high=200):
    level = random.integers(low, high, (H, W, 1), np.uint8)
    return np.ascontiguousarray(np.repeat(level, 3, axis=2))


@pytest.mark.parametrize("masked", [False, True])
def test_equals_the_formula(random, masked):
    fused, weight = decision(random)
    rgb, thermal = grey(random), random.random((H, W), np.float32)
    rgb_seen = thermal_seen = np.ones((H, W), bool)
    if masked:
        rgb_seen, thermal_seen = rgb_seen.copy(), thermal_seen.copy()
        rgb_seen[5:13, 9:16] = False
        thermal_seen[:, :3] = False
    rgb, thermal = rgb * rgb_seen[..., None], thermal * thermal_seen
    pair = AlignedPair(rgb, rgb_seen if masked else None, thermal, thermal_seen if masked else None)
    found = fused_picture(fused, weight, None, pair)
    known = np.ones((h, w), bool)
    expected = expected_luminance(
        fused, weight, known, rgb[..., 0].astype(float), rgb_seen, thermal, thermal_seen
    )
    # Rounding, and the eight bits of the luminance itself.
    assert np.abs(found.astype(float) - expected[..., None]).max() <= 1.01
    assert found.dtype == np.uint8


def test_where_nothing_is_known_the_base_is_that_of_the_neighbours(random):
    fused, weight = decision(random)
    known = np.ones((h, w), bool)
    known[:, w // 2 :] = False
    seen = np.zeros((H, W), bool)
    seen[:, : W // 2 + 1] = True
    rgb = grey(random) * seen[..., None]
    found = fused_picture(fused, weight, known, AlignedPair(rgb, seen, None, None))
    expected = expected_luminance(
        fused, weight, known, rgb[..., 0].astype(float), seen, np.zeros((H, W)), ~np.ones_like(seen)
    )
    assert np.abs(found[..., 0] - expected).max() <= 1.01
    assert not found[:, W // 2 + 1 :].any()


def test_full_detail_of_the_camera_that_the_weight_names(random):
    """A picture that the network only blurs comes back as it was."""
    rgb, thermal = grey(random), random.uniform(0.3, 0.7, (H, W)).astype(np.float32)
    pair = AlignedPair(rgb, None, thermal, None)
    for source, weight in ((rgb[..., 0].astype(float), 1.0), (255.0 * thermal, 0.0)):
        fused = (shrunk(source) / 255).astype(np.float32)
        found = fused_picture(fused, np.full((h, w), weight, np.float32), None, pair)
        assert np.abs(found[..., 0] - source).max() <= 1.01


def test_what_is_hidden_leaves_no_trace(random):
    """The same fused picture whatever stands beyond the edge of what is seen: no halo."""
    fused, weight = decision(random)
    thermal = random.random((H, W), np.float32)
    seen = np.ones((H, W), bool)
    seen[:, 17:] = False
    flat = np.full((H, W, 3), 200, np.uint8) * seen[..., None].astype(np.uint8)
    found = fused_picture(fused, weight, None, AlignedPair(flat, seen, thermal, None))
    # A flat picture has no detail, not even at its edge.
    share = np.where(seen, enlarged(weight), 0.0)
    everywhere = np.ones((H, W), bool)
    expected = 255 * enlarged(fused) + (1 - share) * detail(255.0 * thermal, everywhere)
    assert np.abs(luminance_of(found) - np.clip(expected, 0, 255)).max() <= 1.5


def test_colour_is_the_chroma_of_what_is_seen(random):
    fused = np.full((h, w), 0.5, np.float32)
    weight = np.zeros((h, w), np.float32)
    seen = np.ones((H, W), bool)
    seen[:, 16:] = False
    rgb = np.zeros((H, W, 3), np.uint8)
    rgb[seen] = (150, 120, 100)
    thermal = np.full((H, W), 0.5, np.float32)
    found = fused_picture(fused, weight, None, AlignedPair(rgb, seen, thermal, None)).astype(int)
    red, _, blue = found[12, 4]
    grey_level = luminance_of(np.array([150, 120, 100]))
    np.testing.assert_allclose(
        (red - 127.5, blue - 127.5), (150 - grey_level, 100 - grey_level), atol=2
    )
    # Beside what is seen it fades within a pixel of the network.
    assert (found[:, 18:] == found[:, 18:, :1]).all()


def test_single_hidden_pixels_have_the_colour_of_their_neighbours():
    seen = np.ones((H, W), bool)
    seen[7, 9] = seen[14, 20] = False
    rgb = np.full((H, W, 3), (150, 120, 100), np.uint8) * seen[..., None].astype(np.uint8)
    fused, weight = np.full((2, h, w), 0.5, np.float32)
    thermal = np.full((H, W), 0.5, np.float32)
    found = fused_picture(fused, weight, None, AlignedPair(rgb, seen, thermal, None)).astype(int)
    assert np.abs(found - found[0, 0]).max() <= 1


def test_grey_without_a_colour_camera(random):
    fused, weight = decision(random)
    thermal = random.random((H, W), np.float32)
    found = fused_picture(fused, weight, None, AlignedPair(None, None, thermal, None))
    everywhere = np.ones((H, W), bool)
    expected = np.clip(255 * enlarged(fused) + detail(255.0 * thermal, everywhere), 0, 255)
    assert np.abs(found[..., 0] - expected).max() <= 1.01
    assert (found == found[..., :1]).all()


def test_the_sources_stay_as_they_are(random):
    """At network size already, where nothing is resized."""
    fused = random.random((H, W), np.float32)
    weight = random.random((H, W), np.float32)
    seen = random.random((H, W)) > 0.3
    pair = AlignedPair(
        grey(random) * seen[..., None], seen, random.random((H, W), np.float32), None
    )
    before = [a.copy() for a in (fused, weight, pair.rgb, pair.rgb_seen, pair.thermal)]
    fused_picture(fused, weight, None, pair)
    for array, copy in zip((fused, weight, pair.rgb, seen, pair.thermal), before, strict=True):
        np.testing.assert_array_equal(array, copy)


@settings(max_examples=60)
@example(full=(1, 1), factor=1, cameras="thermal", masked=(False, True, False), seed=1)
@given(
    full=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    factor=st.sampled_from([1, 2, 2, 3, None]),
    cameras=st.sampled_from(["both", "rgb", "thermal"]),
    masked=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    seed=st.integers(0, 2**32),
)
def test_loops_differ_by_rounding_at_most(full, factor, cameras, masked, seed):
    pytest.importorskip("numba", reason="needs the extra [cpu]")
    random = np.random.default_rng(seed)
    small = full
    if factor is None:
        full = tuple(random.integers(1, 41, 2).tolist())
    else:
        full = (factor * small[0], factor * small[1])

    def mask(shape):
        return cv2.resize(random.random((3, 3), np.float32), shape[::-1]) > 0.3

    rgb_seen, thermal_seen = (mask(full) if hidden else None for hidden in masked[:2])
    rgb = random.integers(0, 256, (*full, 3), np.uint8)
    thermal = random.random(full, np.float32)
    if rgb_seen is not None:
        rgb[~rgb_seen] = 0
    if thermal_seen is not None:
        thermal[~thermal_seen] = 0
    pair = AlignedPair(
        rgb if cameras != "thermal" else None,
        rgb_seen if cameras != "thermal" else None,
        thermal if cameras != "rgb" else None,
        thermal_seen if cameras != "rgb" else None,
    )
    known = mask(small) if masked[2] else None
    fused, weight = random.random((2, *small), np.float32)
    pictures = []
    for wanted in (False, True):
        with compiling(wanted, "scene.fusion_detail"):
            pictures.append(fused_picture(fused, weight, known, pair).astype(int))
    difference = np.abs(pictures[0] - pictures[1])
    visible = np.ones(full, bool) if rgb_seen is None or cameras == "thermal" else rgb_seen
    # Of luminance, and seldom. Of chroma beside, where it is faded; it weighs up to 1.8 in blue.
    assert difference[visible].max(initial=0) <= 1
    assert np.count_nonzero(difference[visible]) <= 3 + 0.001 * difference.size
    assert difference.max() <= 3
