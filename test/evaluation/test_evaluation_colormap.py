from __future__ import annotations

import numpy as np
import pytest

from rgbt_perception.evaluation.colormap import (
    UNKNOWN,
    DepthScale,
    confidence_colors,
    depth_colors,
    depth_scale,
    grey_picture,
    temperature_colors,
)

SCALE = DepthScale(1.0, 100.0)


def colors_at(*depths: float) -> np.ndarray:
    return depth_colors(np.array([depths], dtype=np.float32), SCALE)[0].astype(int)


def test_near_is_warm_and_far_is_cold() -> None:
    near, far = colors_at(1.5, 70.0)
    assert near[0] > near[2] + 80
    assert far[2] > far[0] + 80


def test_unknown_has_its_own_colour() -> None:
    unknown, known = colors_at(np.nan, 5.0)
    assert tuple(unknown) == UNKNOWN
    assert tuple(known) != UNKNOWN


def test_equal_ratios_are_equal_steps() -> None:
    assert SCALE.position([1.0, 10.0, 100.0]).tolist() == pytest.approx([0.0, 0.5, 1.0])
    assert SCALE.position([0.1, 1000.0]).tolist() == [0.0, 1.0]


def test_scale_holds_what_is_there() -> None:
    rng = np.random.default_rng(0)
    near = rng.uniform(2.2, 9.0, (20, 20)).astype(np.float32)
    far = rng.uniform(6.0, 44.0, (20, 20)).astype(np.float32)
    scale = depth_scale([near, far, np.full((2, 2), np.nan, np.float32)])
    assert (scale.near_m, scale.far_m) == (2.0, 50.0)
    assert scale.ticks() == [2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 50.0]


@pytest.mark.parametrize("depth", [0.05, 0.3, 3.0, 4.0, 100.0, 900.0, np.nan])
def test_scale_is_never_empty(depth: float) -> None:
    scale = depth_scale([np.full((4, 4), depth, np.float32)])
    assert scale.near_m < scale.far_m
    assert np.isfinite(scale.position([scale.near_m, scale.far_m])).all()


def test_confidence_runs_from_dark_to_bright() -> None:
    low, high = confidence_colors(np.array([[0.0, 1.0]], dtype=np.float32))[0].astype(int)
    assert low.sum() < high.sum()
    assert high[0] > high[2]


def test_temperature_limits() -> None:
    kelvin = np.linspace(280.0, 310.0, 1001, dtype=np.float32)
    kelvin[0] = np.nan
    colors, low, high = temperature_colors(kelvin)
    assert (low, high) == (pytest.approx(280.3, abs=0.1), pytest.approx(309.7, abs=0.1))
    assert colors.shape == (1001, 3)
    assert tuple(colors[0]) == UNKNOWN
    assert colors[-1].astype(int).sum() > colors[1].astype(int).sum()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_grey_stretches_any_counts(kind: type) -> None:
    counts = np.linspace(30, 220, 400).reshape(20, 20).astype(kind)
    picture = grey_picture(counts)
    assert picture.dtype == np.uint8
    assert (picture.min(), picture.max()) == (0, 255)
    assert (np.diff(picture[..., 0].ravel().astype(int)) >= 0).all()


def test_grey_of_a_flat_picture() -> None:
    assert grey_picture(np.full((4, 4), 7, np.uint16)).max() == 0
