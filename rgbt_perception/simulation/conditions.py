"""The conditions a recording can be simulated in."""

from __future__ import annotations

from enum import Enum


class SceneName(str, Enum):
    """What is composed."""

    STREET = "street"
    RESCUE = "rescue"


class Light(str, Enum):
    """Time of the day."""

    DAY = "day"
    DUSK = "dusk"
    NIGHT = "night"

    @property
    def dark(self) -> bool:
        """Lamps burn."""
        return self is not Light.DAY


class Weather(str, Enum):
    """What is in the air."""

    CLEAR = "clear"
    RAIN = "rain"
    FOG = "fog"
    SMOKE = "smoke"
