"""What to simulate, checked; and the one call that records it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeVar

from rgbt_perception.errors import UsageError
from rgbt_perception.simulation.conditions import Light, SceneName, Weather
from rgbt_perception.simulation.dropout import Dropout

_E = TypeVar("_E", bound=Enum)

Progress = Callable[[int, int], None]
"""Called with the number of pictures done and in all."""


@dataclass(frozen=True)
class Scenario:
    """One simulated recording; equal scenarios give equal files.

    Attributes:
        scene, light, weather: enums or their names.
        seconds: length.
        rate: of both cameras, Hz.
        seed: of everything random.
        rgb_size, thermal_size: width and height, pixels.
        compressed: JPEG, PNG and compressedDepth instead of raw pictures.
        shutter: the thermal camera's picture freezes for 0.3 to 0.6 s at random moments.
        dropouts: times at which a camera sends no pictures.

    Raises:
        UsageError: a value is out of range or unknown; the line names it and what is expected.
    """

    scene: SceneName
    light: Light
    weather: Weather
    seconds: float
    rate: float
    seed: int
    rgb_size: tuple[int, int] = (640, 480)
    thermal_size: tuple[int, int] = (320, 256)
    compressed: bool = False
    shutter: bool = False
    dropouts: tuple[Dropout, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "scene", _named("scene", SceneName, self.scene))
        object.__setattr__(self, "light", _named("light", Light, self.light))
        object.__setattr__(self, "weather", _named("weather", Weather, self.weather))
        _within("seconds", self.seconds, 0.01, 3600)
        _within("rate", self.rate, 0.1, 60)
        _within("seed", self.seed, 0, 2**31 - 1)
        for name, size in (("rgb_size", self.rgb_size), ("thermal_size", self.thermal_size)):
            _within(f"{name} width", size[0], 32, 4096)
            _within(f"{name} height", size[1], 32, 4096)


def record_scenario(
    scenario: Scenario, out: Path, jobs: int = 1, progress: Progress | None = None
) -> None:
    """Simulate a recording.

    Args:
        scenario: what to simulate.
        out: MCAP file to write; an interrupted one is finished and readable.
        jobs: processes that render; the file is the same whatever it is.
        progress: called after every picture.

    Raises:
        UsageError: ``jobs`` is below 1.
        RgbtError: MuJoCo is missing, or the file cannot be written.
    """
    # Only here, because this loads the whole simulator.
    from rgbt_perception.simulation.recorder import record

    _within("jobs", jobs, 1, 1024)
    record(scenario, out, jobs, progress or (lambda done, total: None))


def _named(name: str, kind: type[_E], value: object) -> _E:
    try:
        return kind(value)
    except ValueError:
        expected = ", ".join(str(member.value) for member in kind)
        raise UsageError(f"{name} is {value!r}, expected one of: {expected}") from None


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UsageError(f"{name} is {value!r}, expected {low:g} to {high:g}")
