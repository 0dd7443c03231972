"""From counts to a picture and to kelvin."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from both_ways import both_ways, compiling
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rgbt_perception.config import Normalization, ThermalConfig
from rgbt_perception.errors import InputError
from rgbt_perception.sensing.thermal import ThermalNormalizer
from rgbt_perception.sensing.thermal_range import percentile

SECOND = 1_000_000_000
GAIN = 0.01  # kelvin per count

way = both_ways("sensing.thermal")


def config(**changes: object) -> ThermalConfig:
    return replace(ThermalConfig(), **changes)


def scene(seed: int = 0, shift: float = 0.0, size: tuple[int, int] = (512, 640)) -> np.ndarray:
    """A street at 290 K with a warm patch and noise of 50 mK, centikelvin."""
    rng = np.random.default_rng(seed)
    height, width = size
    v, u = np.mgrid[0:height, 0:width]
    kelvin = 290.0 + 6.0 * v / height + 2.0 * np.sin(u / 37.0) + shift
    kelvin[height // 3 : height // 2, width // 4 : width // 3] += 12.0
    kelvin += rng.normal(0.0, 0.05, size)
    return np.rint(kelvin / GAIN).astype(np.uint16)


def exact(counts: np.ndarray, low: float = 1.0, high: float = 99.0) -> np.ndarray:
    """Percentile normalisation with every pixel, slowly."""
    ordered = np.sort(counts.ravel().astype(float))
    ranks = [share / 100 * (len(ordered) - 1) for share in (low, high)]
    a, b = np.interp(ranks, np.arange(len(ordered)), ordered)
    return np.clip((counts.astype(float) - a) / (b - a), 0, 1)


@pytest.mark.parametrize("normalization", list(Normalization))
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_loops_give_the_bits_of_numpy(normalization: Normalization, dtype: type) -> None:
    pytest.importorskip("numba", reason="needs the extra [cpu]")
    counts = np.random.default_rng(0).integers(0, 100, (33, 47)).astype(dtype)
    counts[0, 9:12] = 255  # beyond the shoulder
    if dtype is np.float32:
        counts[1, 9:12] = np.nan, np.inf, -np.inf
    chosen = config(normalization=normalization, range_low=10.0, range_high=80.0)
    pictures = []
    for wanted in (False, True):
        with compiling(wanted, "sensing.thermal"):
            pictures.append(ThermalNormalizer(chosen).normalize(counts[:, 5:], 0))
    assert len(np.unique(pictures[0])) > 20
    np.testing.assert_array_equal(pictures[1], pictures[0])


# Fixed


def test_fixed_range_in_counts() -> None:
    normalizer = ThermalNormalizer(
        config(normalization=Normalization.FIXED, range_low=100.0, range_high=300.0)
    )
    counts = np.array([[0, 100, 150, 200, 300, 65535]], np.uint16)
    expected = [[0, 0, 0.25, 0.5, 1, 1]]
    assert normalizer.normalize(counts, 0) == pytest.approx(np.array(expected), abs=1e-6)


def test_fixed_range_in_kelvin() -> None:
    settings_ = config(normalization=Normalization.FIXED, range_low=280.0, range_high=320.0)
    counts = np.array([[10000, 20000, 30000]], np.uint16)
    picture = ThermalNormalizer(settings_, 0.002, 260.0).normalize(counts, 0)
    assert picture == pytest.approx(np.array([[0.0, 0.5, 1.0]]), abs=1e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_every_depth_gives_the_same_picture(dtype: type) -> None:
    normalizer = ThermalNormalizer(
        config(normalization=Normalization.FIXED, range_low=20.0, range_high=200.0)
    )
    counts = np.arange(0, 256, dtype=np.uint8).reshape(16, 16)
    picture = normalizer.normalize(counts.astype(dtype), 0)
    assert picture.dtype == np.float32
    assert picture == pytest.approx(np.clip((counts - 20.0) / 180.0, 0, 1), abs=1e-6)


# Percentile


@pytest.mark.parametrize("gain", [0.0, GAIN])
@pytest.mark.parametrize("size", [(512, 640), (256, 320), (120, 160), (61, 83)])
def test_percentiles_are_those_of_all_pixels(gain: float, size: tuple[int, int]) -> None:
    counts = scene(size=size)
    picture = ThermalNormalizer(config(), gain).normalize(counts, 0)
    error = np.abs(picture - exact(counts))
    assert error.max() < 0.02
    # In ranks: half a percent of the picture at either end.
    assert (picture == 0).mean() == pytest.approx(0.01, abs=0.005)
    assert (picture == 1).mean() == pytest.approx(0.01, abs=0.005)


def test_columns_that_repeat_do_not_fool_the_sample() -> None:
    counts = np.full((512, 640), 30000, np.uint16)
    counts[:, ::4] += 1000
    counts[:, ::16] += 5000
    settings_ = config(percentile_high=97.0, normalization=Normalization.PERCENTILE)
    picture = ThermalNormalizer(settings_).normalize(counts, 0)
    assert picture[0, 4] == pytest.approx(1000 / 6000, abs=1e-3)


def test_the_range_follows_slowly() -> None:
    """After one time constant, 1 - 1/e of a step; independent of the rate."""
    for rate in (5, 30):
        normalizer = ThermalNormalizer(config(smoothing_s=2.0), GAIN)
        calm, warm = scene(1), scene(1, shift=5.0)
        start = normalizer.normalize(calm, 0).mean()
        jumped = normalizer.normalize(warm, 1).mean()
        for i in range(1, 2 * rate + 1):
            picture = normalizer.normalize(warm, 1 + i * SECOND // rate)
        assert jumped - start > 0.2
        left = (picture.mean() - start) / (jumped - start)
        assert left == pytest.approx(np.exp(-1), abs=0.05)


def test_without_smoothing_every_picture_is_alone() -> None:
    normalizer = ThermalNormalizer(config(smoothing_s=0.0), GAIN)
    normalizer.normalize(scene(0), 0)
    warm = scene(1, shift=40.0)
    alone = ThermalNormalizer(config(), GAIN).normalize(warm, 5)
    assert np.array_equal(normalizer.normalize(warm, 1), alone)


def test_a_backward_jump_of_time_starts_anew() -> None:
    normalizer = ThermalNormalizer(config(smoothing_s=60.0), GAIN)
    normalizer.normalize(scene(0), 100 * SECOND)
    warm = scene(1, shift=40.0)
    alone = ThermalNormalizer(config(), GAIN).normalize(warm, 0)
    assert np.array_equal(normalizer.normalize(warm, 3 * SECOND), alone)


@pytest.mark.parametrize("mode", [Normalization.PERCENTILE, Normalization.CLAHE])
def test_the_picture_is_steady_when_something_hot_enters(mode: Normalization) -> None:
    hot = scene(1)
    hot[200:280, 300:380] += 5000
    calm = np.ones(hot.shape, bool)
    # CLAHE answers in the tiles around it by design.
    calm[64:416, 140:540] = False

    def change(smoothing_s: float) -> float:
        normalizer = ThermalNormalizer(config(normalization=mode, smoothing_s=smoothing_s), GAIN)
        before = normalizer.normalize(scene(0), 0)
        after = normalizer.normalize(hot, SECOND // 30)
        return float(np.abs(after - before)[calm].mean())

    assert change(1.0) < 0.05
    if mode is Normalization.PERCENTILE:
        assert change(1.0) < change(0.0) / 8


# Little contrast


@pytest.mark.parametrize(
    ("counts", "gain", "noise"),
    [
        (np.full((64, 80), 29000, np.uint16), GAIN, 5),
        (np.full((64, 80), 7500, np.uint16), 0.0, 2),
        (np.full((64, 80), 120, np.uint8), 0.0, 1),
        (np.full((64, 80), 290.0, np.float32), 0.0, 0.03),
        (np.full((64, 80), 290.0, np.float32), 1.0, 0.05),
        (np.zeros((64, 80), np.uint16), 0.0, 0),
        (np.full((64, 80), 65535, np.uint16), 0.0, 0),
        (np.zeros((64, 80), np.float32), 0.0, 0),
    ],
)
def test_a_flat_picture_stays_grey(counts: np.ndarray, gain: float, noise: float) -> None:
    rng = np.random.default_rng(0)
    counts = (counts + rng.uniform(-noise, noise, counts.shape)).astype(counts.dtype)
    picture = ThermalNormalizer(config(), gain).normalize(counts, 0)
    assert np.ptp(picture) < 0.3
    assert picture.mean() == pytest.approx(0.5, abs=0.1)


# CLAHE


def test_clahe_shows_detail_in_a_dark_corner() -> None:
    """Detail of 2 K beside a range of 60 K; the contrast limit allows about three times more."""
    u = np.mgrid[0:256, 0:320][1]
    kelvin = np.where(u < 200, 280.0 + np.sin(u / 9.0), 300.0) + 40.0 * (u > 240)
    kelvin += np.random.default_rng(0).normal(0, 0.05, kelvin.shape)
    counts = np.rint(kelvin / GAIN).astype(np.uint16)
    plain = ThermalNormalizer(config(), GAIN).normalize(counts, 0)
    local = ThermalNormalizer(config(normalization=Normalization.CLAHE), GAIN).normalize(counts, 0)
    assert local.dtype == np.float32
    assert local.min() >= 0
    assert local.max() <= 1
    assert local[:, :160].std() > 2.5 * plain[:, :160].std()


def test_clahe_keeps_sixteen_bits() -> None:
    ramp = np.linspace(28000, 32000, 512 * 640).reshape(512, 640).astype(np.uint16)
    picture = ThermalNormalizer(config(normalization=Normalization.CLAHE)).normalize(ramp, 0)
    assert len(np.unique(picture)) > 900


# Floating point


@pytest.mark.parametrize("mode", list(Normalization))
def test_numbers_that_are_none(mode: Normalization) -> None:
    normalizer = ThermalNormalizer(
        config(normalization=mode, range_low=280.0, range_high=310.0), 1.0
    )
    counts = (scene(size=(120, 160)) * GAIN).astype(np.float32)
    clean = normalizer.normalize(counts, 0)
    counts[0, :3] = np.nan, np.inf, -np.inf
    picture = normalizer.normalize(counts, 0)
    assert np.isfinite(picture).all()
    if mode is not Normalization.CLAHE:
        assert picture[0, :3].tolist() == [0.0, 1.0, 0.0]
        assert np.array_equal(picture[1:], clean[1:])
    kelvin = normalizer.temperature(counts)
    assert kelvin is not None
    assert np.isnan(kelvin[0, :3]).all()
    assert np.array_equal(kelvin[1:], counts[1:])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_picture_without_any_number(bad: float) -> None:
    normalizer = ThermalNormalizer(config())
    picture = normalizer.normalize(np.full((12, 16), bad, np.float32), 0)
    assert (picture == (1.0 if bad == np.inf else 0.0)).all()
    good = np.linspace(280, 300, 192, dtype=np.float32).reshape(12, 16)
    assert normalizer.normalize(good, 1) == pytest.approx(exact(good), abs=1e-3)


@settings(max_examples=150, deadline=None)
@given(
    counts=st.one_of(
        hnp.arrays(np.uint8, (7, 9)),
        hnp.arrays(np.uint16, (7, 9)),
        hnp.arrays(np.float32, (7, 9), elements=st.floats(-(2.0**100), 2.0**100, width=32)),
        hnp.arrays(np.float32, (7, 9), elements=st.floats(width=32)),
    ),
    mode=st.sampled_from(list(Normalization)),
    gain=st.sampled_from([0.0, 0.01, 1.0]),
)
def test_any_input_gives_zero_to_one(counts: np.ndarray, mode: Normalization, gain: float) -> None:
    normalizer = ThermalNormalizer(config(normalization=mode), gain)
    for stamp in (5, 6, 2):
        with np.errstate(over="ignore"):
            picture = normalizer.normalize(counts, stamp)
        assert picture.shape == counts.shape
        assert picture.dtype == np.float32
        assert ((picture >= 0) & (picture <= 1)).all()


# Temperature and scale


def test_temperature() -> None:
    counts = np.array([[0, 29315, 65535]], np.uint16)
    kelvin = ThermalNormalizer(config(), 0.01, -1.0).temperature(counts)
    assert kelvin is not None
    assert kelvin.dtype == np.float32
    assert kelvin == pytest.approx(np.array([[-1.0, 292.15, 654.35]]), abs=1e-3)
    assert ThermalNormalizer(config()).temperature(counts) is None


def test_degrees_become_kelvin_only_by_the_parameter() -> None:
    degrees = np.array([[-10.0, 20.0]], np.float32)
    told = config(kelvin_per_count=1.0, kelvin_offset=273.15)
    kelvin = ThermalNormalizer(told).temperature(degrees)
    assert kelvin == pytest.approx(np.array([[263.15, 293.15]]), abs=1e-3)


def test_the_parameter_replaces_the_scale_of_the_rig() -> None:
    counts = np.array([[100]], np.uint16)
    told = config(kelvin_per_count=2.0, kelvin_offset=5.0)
    kelvin = ThermalNormalizer(told, 0.01, 200.0).temperature(counts)
    assert kelvin is not None
    assert kelvin[0, 0] == 205.0


@pytest.mark.parametrize(("gain", "offset"), [(-0.01, 0.0), (np.nan, 0.0), (0.01, np.inf)])
def test_a_scale_that_is_none(gain: float, offset: float) -> None:
    with pytest.raises(InputError, match="kelvin_per_count"):
        ThermalNormalizer(config(), gain, offset)


# Telemetry


def test_telemetry_rows_are_cut() -> None:
    counts = np.arange(514 * 4, dtype=np.uint16).reshape(514, 4)
    cut = ThermalNormalizer(config(telemetry_rows_bottom=2)).crop(counts)
    assert np.array_equal(cut, counts[:512])
    cut = ThermalNormalizer(config(telemetry_rows_top=1, telemetry_rows_bottom=2)).crop(counts)
    assert np.array_equal(cut, counts[1:512])
    assert np.array_equal(ThermalNormalizer(config()).crop(counts), counts)


def test_more_telemetry_than_picture() -> None:
    normalizer = ThermalNormalizer(config(telemetry_rows_top=2, telemetry_rows_bottom=2))
    with pytest.raises(InputError, match=r"telemetry_rows_top = 2 .* 4 rows"):
        normalizer.crop(np.zeros((4, 8), np.uint16))


# Speed


def test_a_full_picture_takes_less_than_1_5_milliseconds() -> None:
    normalizer = ThermalNormalizer(config(), GAIN)
    counts = scene()
    taken = []
    for i in range(40):
        start = time.thread_time_ns()
        normalizer.normalize(counts, i * SECOND // 30)
        taken.append(time.thread_time_ns() - start)
    assert sorted(taken)[20] < 1_500_000


@given(
    hnp.arrays(st.sampled_from([np.uint8, np.uint16]), st.integers(1, 50)),
    st.floats(0, 100),
)
def test_whole_numbers_have_the_percentiles_of_numpy(counts: np.ndarray, percent: float) -> None:
    assert percentile(np.sort(counts), percent) == np.percentile(counts, percent)
