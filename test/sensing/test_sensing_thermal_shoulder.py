"""Hot parts that would take the whole range of the picture."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.config import Normalization, ThermalConfig
from rgbt_perception.sensing.thermal import ThermalNormalizer
from rgbt_perception.sensing.thermal_range import Range
from rgbt_perception.sensing.thermal_shoulder import linear_range, with_shoulder

GAIN = 0.02  # kelvin per count
SECOND = 1_000_000_000
PLAIN, SHOULDER = (
    replace(ThermalConfig(), normalization=mode)
    for mode in (Normalization.PERCENTILE, Normalization.SHOULDER)
)
SIZE = (256, 320)
FIRE = np.zeros(SIZE, bool)
FIRE[100:170, 200:260] = True  # 5 % of the picture


def scene(fire_kelvin: float = 0.0, seed: int = 0) -> np.ndarray:
    """A yard at 290 K with a person, in counts; the fire is that much hotter."""
    rng = np.random.default_rng(seed)
    v, u = np.mgrid[: SIZE[0], : SIZE[1]]
    kelvin = 286.0 + 8.0 * v / SIZE[0] + 2.0 * np.sin(u / 37.0) + rng.normal(0.0, 0.05, SIZE)
    kelvin[60:160, 40:70] = 305.0
    kelvin[FIRE] += fire_kelvin * rng.uniform(0.5, 1.0, np.count_nonzero(FIRE))
    return np.rint(kelvin / GAIN).astype(np.uint16)


def grey_levels(picture: np.ndarray) -> float:
    """What the yard spans of 255."""
    low, high = np.percentile(picture[~FIRE], [1, 90])
    return 255 * float(high - low)


def test_an_ordinary_scene_is_as_with_percentiles() -> None:
    plain, shoulder = ThermalNormalizer(PLAIN, GAIN), ThermalNormalizer(SHOULDER, GAIN)
    for index in range(4):
        counts = scene(seed=index)
        stamp = index * SECOND // 10
        assert np.array_equal(shoulder.normalize(counts, stamp), plain.normalize(counts, stamp))


def test_the_rest_of_a_scene_with_fire_keeps_a_third_of_the_range() -> None:
    counts = scene(500.0)
    plain = ThermalNormalizer(PLAIN, GAIN).normalize(counts, 0)
    picture = ThermalNormalizer(SHOULDER, GAIN).normalize(counts, 0)
    assert grey_levels(plain) < 10
    assert grey_levels(picture) > 75
    # Below the shoulder it is linear, above it hotter is still brighter.
    yard = ~FIRE & (picture < 0.75)
    slope, start = np.polyfit(counts[yard], picture[yard], 1)
    inside = yard & (picture > 0)
    assert picture[inside] == pytest.approx(start + slope * counts[inside], abs=2e-3)
    order = np.argsort(counts[FIRE], kind="stable")
    assert (np.diff(picture[FIRE][order]) >= 0).all()


def test_a_flickering_fire_leaves_the_rest_steadier_than_percentiles_do() -> None:
    changes = {}
    for name, config in (("plain", PLAIN), ("shoulder", SHOULDER)):
        normalizer = ThermalNormalizer(replace(config, smoothing_s=0.0), GAIN)
        spans = [
            grey_levels(normalizer.normalize(scene(kelvin, index), index * SECOND // 10))
            for index, kelvin in enumerate([300.0, 600.0] * 3)
        ]
        changes[name] = np.ptp(spans) / np.mean(spans)
    assert changes["shoulder"] < 0.05
    assert changes["plain"] > 0.5


def test_a_fire_that_grows_never_makes_the_picture_jump() -> None:
    """The shoulder sets in without a step."""
    normalizer = ThermalNormalizer(replace(SHOULDER, smoothing_s=0.0), GAIN)
    pictures = [normalizer.normalize(scene(kelvin), 0) for kelvin in np.arange(0.0, 60.0, 0.5)]
    steps = [np.abs(b - a)[~FIRE].mean() for a, b in pairwise(pictures)]
    assert max(steps) < 0.02


found = st.tuples(st.floats(-1e4, 1e4), st.floats(0, 1e4), st.floats(0, 1e5), st.floats(0.1, 100))


@given(found)
def test_the_linear_range_is_as_wide_as_it_may_be(
    values: tuple[float, ...],
) -> None:
    low, knee, hot, least = values
    whole = Range(low, low + knee, low + knee + hot + least, least)
    start, end = linear_range(whole)
    assert start == low
    assert end <= whole.high
    assert end - start >= 0.999 * least
    if whole.high - low <= 2.99 * (whole.knee - low):
        assert end == whole.high


@given(st.floats(1.0, 1e5))
def test_the_bend_is_smooth_grows_and_ends_at_one(warmest: float) -> None:
    x = np.concatenate([np.linspace(-0.5, 1.0, 400), np.geomspace(1.0, warmest * 2, 400)])
    y = with_shoulder(x.astype(np.float32), warmest).astype(float)
    assert (np.diff(y) >= -1e-6).all()
    assert y == pytest.approx(np.clip(y, 0, 1))
    below = x <= 0.75
    assert y[below] == pytest.approx(np.clip(x[below], 0, 1), abs=1e-6)
    assert (y <= np.clip(x, 0, 1) + 1e-6).all()
    at_end = with_shoulder(np.float32([warmest]), warmest)[0]
    assert at_end == pytest.approx(1.0, abs=1e-5)
    if warmest == 1.0:
        assert y == pytest.approx(np.clip(x, 0, 1), abs=1e-6)
    # The slope at the shoulder is 1 on both sides.
    near = with_shoulder(np.float32([0.75, 0.7501]), warmest)
    assert (near[1] - near[0]) / 1e-4 == pytest.approx(1.0, abs=0.02)
