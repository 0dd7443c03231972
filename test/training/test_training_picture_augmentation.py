from dataclasses import fields, replace

import numpy as np
import pytest

pytest.importorskip("torch")

from rgbt_perception.config import Normalization, ThermalConfig
from rgbt_perception.sensing.thermal import ThermalNormalizer
from rgbt_perception.training.picture_augmentation import (
    blinded,
    disturbed_rgb,
    disturbed_thermal,
    normalized,
)
from rgbt_perception.training.recipe import AugmentationConfig

NONE = AugmentationConfig(**{item.name: 0.0 for item in fields(AugmentationConfig)})
SHAPE = (48, 64)


def _pictures():
    random = np.random.default_rng(0)
    depth = np.tile(np.linspace(1, 60, SHAPE[1], dtype=np.float32), (SHAPE[0], 1))
    depth[0, 0], depth[0, 1] = np.nan, np.inf
    rgb = random.random((*SHAPE, 3), np.float32)
    counts = 29000 + 500 * random.random(SHAPE, np.float32)
    return rgb, counts, depth, np.ones(SHAPE, np.float32)


@pytest.mark.parametrize("name", ["darken", "glare", "veil", "noise", "blur"])
def test_every_rgb_disturbance_stays_in_range_and_changes_the_picture(name):
    rgb, _, depth, _ = _pictures()
    for seed in range(5):
        plain = disturbed_rgb(rgb, depth, NONE, np.random.default_rng(seed))
        config = replace(NONE, **{name: 1.0})
        found = disturbed_rgb(rgb, depth, config, np.random.default_rng(seed))
        assert found.dtype == np.float32
        assert found.min() >= 0
        assert found.max() <= 1
        assert np.isfinite(found).all()
        assert np.abs(found - plain).max() > 0.01


@pytest.mark.parametrize(
    "name", ["veil", "flat", "equalise", "thermal_blur", "thermal_noise", "quantise"]
)
def test_every_thermal_disturbance_stays_in_range_and_changes_the_picture(name):
    _, counts, depth, mask = _pictures()
    for seed in range(5):
        plain = disturbed_thermal(counts, mask, depth, 200.0, NONE, np.random.default_rng(seed))
        config = replace(NONE, **{name: 1.0})
        found = disturbed_thermal(counts, mask, depth, 200.0, config, np.random.default_rng(seed))
        assert found.dtype == np.float32
        assert found.min() >= 0
        assert found.max() <= 1
        assert np.isfinite(found).all()
        assert np.abs(found - plain).max() > 1e-3


def test_equalisation_keeps_the_order_of_temperatures():
    _, counts, depth, mask = _pictures()
    counts[:4] += 4000  # a fire takes most of the span
    config = replace(NONE, equalise=1.0)
    plain = disturbed_thermal(counts, mask, depth, 200.0, NONE, np.random.default_rng(2))
    equal = disturbed_thermal(counts, mask, depth, 200.0, config, np.random.default_rng(2))
    assert equal[8:].std() > 2 * plain[8:].std()
    order = np.argsort(counts[8:].ravel(), kind="stable")
    assert (np.diff(equal[8:].ravel()[order]) >= -1e-6).all()


def test_smoke_hides_what_is_far():
    rgb, _, depth, _ = _pictures()
    contrasts = []
    for seed in range(20):
        found = disturbed_rgb(rgb, depth, replace(NONE, veil=1.0), np.random.default_rng(seed))
        contrasts.append((found[:, :16].std(), found[:, -16:].std()))
    near, far = np.mean(contrasts, axis=0)
    assert far < 0.5 * near


def test_warm_stays_bright():
    """No polarity inversion: the networks may rely on it."""
    _, _, depth, mask = _pictures()
    counts = np.tile(np.linspace(29000, 30000, SHAPE[1], dtype=np.float32), (SHAPE[0], 1))
    config = replace(AugmentationConfig(), veil=0.0)
    for seed in range(20):
        found = disturbed_thermal(counts, mask, depth, 200.0, config, np.random.default_rng(seed))
        assert found[:, -16:].mean() > found[:, :16].mean()


def test_normalisation_ignores_what_is_masked():
    counts = np.linspace(100, 200, 64, dtype=np.float32).reshape(8, 8)
    mask = np.ones((8, 8), np.float32)
    mask[0] = 0
    wild = counts.copy()
    wild[0] = 60000
    a, b = normalized(counts, mask, 0, 100, 1.0), normalized(wild, mask, 0, 100, 1.0)
    np.testing.assert_allclose(a[1:], b[1:])
    assert a[1:].min() == 0
    assert a[1:].max() == 1
    assert np.isfinite(normalized(np.full((8, 8), 7, np.float32), mask, 1, 99, 1.0)).all()
    assert not normalized(counts, np.zeros((8, 8), np.float32), 1, 99, 1.0).any()


def test_a_picture_of_one_temperature_stays_grey():
    noise = 29000 + np.random.default_rng(0).normal(0, 5, SHAPE).astype(np.float32)
    found = normalized(noise, np.ones(SHAPE, np.float32), 1, 99, 200.0)
    assert found.std() < 0.05
    assert found.mean() == pytest.approx(0.5, abs=0.02)


def test_blinded_pictures_show_little():
    gradient = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (48, 1))
    kept = [
        np.mean(np.abs(blinded(gradient, np.random.default_rng(seed)) - gradient) < 1e-6)
        for seed in range(40)
    ]
    assert np.mean(np.array(kept) < 0.05) > 0.5
    assert max(kept) < 0.95


def test_the_same_seed_gives_the_same_picture():
    rgb, _, depth, _ = _pictures()
    config = AugmentationConfig()
    a, b = (disturbed_rgb(rgb, depth, config, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("fire", [False, True])
def test_normalises_as_the_run_time_does(fire):
    random = np.random.default_rng(3)
    counts = (29000 + 800 * random.random((96, 128))).astype(np.uint16)
    if fire:
        counts[20:40, 30:60] = 45000
    mask = np.ones(counts.shape, np.float32)
    for mode, shoulder in ((Normalization.PERCENTILE, False), (Normalization.SHOULDER, True)):
        config = replace(ThermalConfig(), normalization=mode)
        run_time = ThermalNormalizer(config).normalize(counts, 0)
        found = normalized(counts.astype(np.float32), mask, 1.0, 99.0, 64.0, shoulder)
        np.testing.assert_allclose(found, run_time, atol=0.01)
    assert Normalization.SHOULDER is ThermalConfig().normalization
