from __future__ import annotations

import numpy as np
import pytest

from rgbt_perception.simulation.sensors.rgb import draw_rgb_sensor


def flat(level: float) -> np.ndarray:
    return np.full((60, 80, 3), level, np.float32)


def test_exposure_holds_the_brightness_over_a_wide_range() -> None:
    sensor = draw_rgb_sensor(800001, 80)
    means = [sensor.picture(flat(level), 1, 0).mean() for level in (1.0, 0.1, 0.01)]
    assert np.ptp(means) < 3
    assert 80 < means[0] < 160


def test_the_dark_stays_dark_and_gets_noisy() -> None:
    sensor = draw_rgb_sensor(800001, 80)
    day, dark = sensor.picture(flat(0.5), 1, 0), sensor.picture(flat(2e-6), 1, 0)
    assert dark.mean() < 30
    dim = sensor.picture(flat(5e-5), 1, 0)
    assert dim[25:35, 35:45].std() > 2.5 * day[25:35, 35:45].std()


def test_noise_depends_on_seed_and_frame_alone() -> None:
    sensor = draw_rgb_sensor(800001, 80)
    first = sensor.picture(flat(0.3), 7, 3)
    np.testing.assert_array_equal(first, sensor.picture(flat(0.3), 7, 3))
    assert (first != sensor.picture(flat(0.3), 7, 4)).mean() > 0.1
    assert (first != sensor.picture(flat(0.3), 8, 3)).mean() > 0.1


def test_bright_spots_bloom() -> None:
    sensor = draw_rgb_sensor(800001, 80)
    spot = flat(1e-4)
    spot[30, 40] = 5.0
    halo = sensor.picture(spot, 1, 0).mean(axis=2)
    assert halo[30, 46] > halo[5, 5] + 10


@pytest.mark.parametrize("seed", range(800000, 800010))
def test_sensors_differ_within_limits(seed: int) -> None:
    sensor = draw_rgb_sensor(seed, 640)
    assert 0.4 < sensor.blur_px < 1.1
    assert 0.1 < sensor.target < 0.3
