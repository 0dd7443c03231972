"""Rates of the simulator with two processes."""

from __future__ import annotations

import time

import pytest

pytest.importorskip("mujoco")

from rgbt_perception.simulation.conditions import Light, SceneName, Weather
from rgbt_perception.simulation.recorder import record_scenario
from rgbt_perception.simulation.scenario import Scenario

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("rgb_size", "least"), [((320, 256), 3.0), ((640, 480), 1.0)], ids=["320x256", "640x480"]
)
def test_pairs_per_second_with_two_processes(tmp_path, rgb_size, least, capsys):
    pairs, started = 0, time.perf_counter()
    conditions = [
        (SceneName.STREET, Light.DAY, Weather.CLEAR),
        (SceneName.STREET, Light.NIGHT, Weather.SMOKE),
        (SceneName.RESCUE, Light.DUSK, Weather.FOG),
        (SceneName.RESCUE, Light.NIGHT, Weather.RAIN),
    ]
    for index, (scene, light, weather) in enumerate(conditions):
        scenario = Scenario(scene, light, weather, 4.0, 5.0, 800_200 + index, rgb_size, (320, 256))
        record_scenario(scenario, tmp_path / f"{index}.mcap", jobs=2)
        pairs += 20
    rate = pairs / (time.perf_counter() - started)
    with capsys.disabled():
        print(f"\nsimulate, RGB {rgb_size[0]}x{rgb_size[1]}, thermal 320x256: {rate:.1f} pairs/s")
    assert rate >= least
