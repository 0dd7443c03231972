"""What to simulate, checked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from rgbt_perception.errors import UsageError
from rgbt_perception.simulation.conditions import Light, SceneName, Weather
from rgbt_perception.simulation.dropout import Dropout

_E = TypeVar("_E", bound=Enum)


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
        check_within("seconds", self.seconds, 0.01, 3600)
        check_within("rate", self.rate, 0.1, 60)
        check_within("seed", self.seed, 0, 2**31 - 1)
        for name, size in (("rgb_size", self.rgb_size), ("thermal_size", self.thermal_size)):
            check_within(f"{name} width", size[0], 32, 4096)
            check_within(f"{name} height", size[1], 32, 4096)


def _named(name: str, kind: type[_E], value: object) -> _E:
    try:
        return kind(value)
    except ValueError:
        expected = ", ".join(str(member.value) for member in kind)
        raise UsageError(f"{name} is {value!r}, expected one of: {expected}") from None


def check_within(name: str, value: float, low: float, high: float) -> None:
    """Refuse a value outside ``low`` to ``high`` with a UsageError that names it."""
    if not low <= value <= high:
        raise UsageError(f"{name} is {value!r}, expected {low:g} to {high:g}")
