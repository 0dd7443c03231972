"""Which recordings the suite needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from rgbt_perception.evaluation.suite.time_offset import LAGS, PERIOD_MS
from rgbt_perception.training.recordings import RecordingSpec

SCENES = ("street", "rescue")
LIGHTS = ("day", "night")
WEATHERS = ("clear", "rain", "fog", "smoke")
SIZE = (320, 256)
FAST_SEEDS_FROM = 500
MOST_TURNS = FAST_SEEDS_FROM // (len(SCENES) * len(LIGHTS) * len(WEATHERS))
_THERMAL_PICTURES_LAGGED = 3


@dataclass(frozen=True)
class Plan:
    """What to render.

    Attributes:
        first_seed: seeds of the recordings follow from it and from their condition alone.
        seeds_per_condition: recordings of each condition, at most ``MOST_TURNS``.
        scenes: of ``SCENES``.
        pairs: of each recording, one a second.
    """

    first_seed: int
    seeds_per_condition: int = 4
    scenes: Sequence[str] = SCENES
    pairs: int = 5

    def main(self) -> Iterator[tuple[int, RecordingSpec]]:
        """The number of its turn and each recording at 1 Hz; conditions take turns."""
        conditions = _conditions()
        for turn in range(self.seeds_per_condition):
            for place, condition in enumerate(conditions):
                if condition[0] in self.scenes:
                    seed = self.first_seed + turn * len(conditions) + place
                    yield turn, _spec(condition, seed, float(self.pairs), 1.0)

    def fast(self) -> Iterator[RecordingSpec]:
        """One short recording a condition at the rate of the section ``time_offset``."""
        rate = 1000.0 / PERIOD_MS
        seconds = (max(LAGS) + min(self.pairs, _THERMAL_PICTURES_LAGGED)) / rate
        for place, condition in enumerate(_conditions()):
            if condition[0] in self.scenes:
                yield _spec(condition, self.first_seed + FAST_SEEDS_FROM + place, seconds, rate)


def _conditions() -> list[tuple[str, str, str]]:
    return list(product(SCENES, LIGHTS, WEATHERS))


def _spec(condition: tuple[str, str, str], seed: int, seconds: float, rate: float) -> RecordingSpec:
    scene, light, weather = condition
    return RecordingSpec(scene, light, weather, seed, seconds, rate, SIZE, SIZE)
