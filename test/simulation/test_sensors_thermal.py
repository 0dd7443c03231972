from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rgbt_perception.simulation.sensors.thermal import KELVIN_PER_COUNT, draw_thermal_sensor

EVEN = np.full((96, 128), 293.15, np.float32)


def test_counts_are_hundredths_of_a_kelvin() -> None:
    sensor = draw_thermal_sensor(800002, 128)
    counts = sensor.picture(EVEN, 1, 0, 0.0)
    assert counts.dtype == np.uint16
    assert counts.mean() * KELVIN_PER_COUNT == pytest.approx(293.15, abs=0.15)


@pytest.mark.parametrize("seed", range(800000, 800006))
def test_frame_noise_is_30_to_80_millikelvin(seed: int) -> None:
    sensor = draw_thermal_sensor(seed, 128)
    frames = np.stack([sensor.picture(EVEN, seed, i, 1.0) for i in range(8)])
    netd = frames.astype(np.float64).std(axis=0, ddof=1).mean() * KELVIN_PER_COUNT
    assert 0.025 < netd < 0.09


def test_the_fixed_pattern_stays_and_grows_until_the_shutter() -> None:
    sensor = replace(draw_thermal_sensor(800003, 128), drift_kelvin_per_s=0.03)

    def pattern(since: float, first: int) -> np.ndarray:
        frames = [sensor.picture(EVEN, 5, first + i, since) for i in range(12)]
        mean = np.mean(frames, axis=0)
        return mean - mean.mean()

    early, late = pattern(0.0, 0), pattern(30.0, 100)
    assert late.std() > 1.5 * early.std()
    again = pattern(30.0, 200)
    assert np.corrcoef(late.ravel(), again.ravel())[0, 1] > 0.9


def test_the_lens_blurs() -> None:
    step = EVEN.copy()
    step[:, 64:] += 20
    picture = draw_thermal_sensor(800004, 128).picture(step, 1, 0, 0.0).astype(float)
    rise = np.diff(picture.mean(axis=0))
    assert 0.2 * 2000 < rise.max() < 0.8 * 2000
