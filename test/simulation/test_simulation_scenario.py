from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rgbt_perception.errors import UsageError
from rgbt_perception.simulation.conditions import Light, SceneName, Weather
from rgbt_perception.simulation.recorder import record_scenario
from rgbt_perception.simulation.scenario import Scenario

GOOD: dict[str, Any] = {
    "scene": "street",
    "light": "night",
    "weather": "smoke",
    "seconds": 1.0,
    "rate": 5.0,
    "seed": 800001,
}


def test_names_become_enums() -> None:
    scenario = Scenario(**GOOD)
    assert scenario.scene is SceneName.STREET
    assert scenario.light is Light.NIGHT
    assert scenario.weather is Weather.SMOKE


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("scene", "forest", "street, rescue"),
        ("light", "noon", "day, dusk, night"),
        ("weather", "snow", "clear, rain, fog, smoke"),
        ("seconds", 0.0, "0.01 to 3600"),
        ("rate", 100.0, "0.1 to 60"),
        ("rate", float("nan"), "0.1 to 60"),
        ("seed", -1, "0 to"),
        ("rgb_size", (0, 10), "32 to 4096"),
        ("thermal_size", (64, 9999), "32 to 4096"),
    ],
)
def test_bad_values_are_named_with_what_is_expected(field: str, value: Any, expected: str) -> None:
    with pytest.raises(UsageError, match=f"{field}.*{expected}") as caught:
        Scenario(**{**GOOD, field: value})
    assert "\n" not in str(caught.value)


def test_no_jobs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="jobs"):
        record_scenario(Scenario(**GOOD), tmp_path / "a.mcap", jobs=0)
