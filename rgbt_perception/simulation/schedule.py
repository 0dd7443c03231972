"""When each camera takes its pictures: free running, with an offset and jitter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rgbt_perception.frames import Modality
from rgbt_perception.simulation.randomness import generator

START_NS = 1_700_000_000_000_000_000
"""Stamp of time 0 of every simulated recording."""
MAX_OFFSET_S = 0.015
MAX_JITTER_S = 0.003
# From here on both cameras have begun: no stamp lies before time 0.
_LEAD_S = MAX_OFFSET_S + MAX_JITTER_S
_FREEZE_EVERY_S = 8.0


@dataclass(frozen=True)
class Exposure:
    """One picture to take.

    Attributes:
        modality: which camera.
        index: number of the frame in its stream.
        time_s: seconds since the start; the stamp is ``START_NS`` later.
        shown: index of the frame whose picture is sent: an earlier one while the shutter is shut.
        shown_time_s: when that picture was taken.
        since_shutter_s: seconds since the thermal camera's last shutter.
    """

    modality: Modality
    index: int
    time_s: float
    shown: int
    shown_time_s: float
    since_shutter_s: float

    @property
    def stamp_ns(self) -> int:
        """Acquisition time of the message."""
        return START_NS + round(self.time_s * 1e9)


def make_schedule(
    seed: int, seconds: float, rate_hz: float, shutter: bool, shutter_period_s: float
) -> list[Exposure]:
    """Every picture of a recording, in order of stamps.

    Args:
        seed: of the recording.
        seconds: length.
        rate_hz: of both cameras.
        shutter: let the thermal camera freeze for 0.3 to 0.6 s at random moments.
        shutter_period_s: time between the thermal camera's shutters when it never freezes.
    """
    count = max(1, round(seconds * rate_hz))
    rng = generator(seed, "schedule")
    offset = rng.uniform(-MAX_OFFSET_S, MAX_OFFSET_S)
    exposures: list[Exposure] = []
    for modality, delay in ((Modality.RGB, 0.0), (Modality.THERMAL, offset)):
        jitter = rng.uniform(-MAX_JITTER_S, MAX_JITTER_S, count)
        times = _LEAD_S + np.arange(count) / rate_hz + delay + jitter
        freezes = _freezes(seed, seconds) if shutter and modality is Modality.THERMAL else []
        last = 0
        for i, time in enumerate(times):
            shut = any(begin <= time < end for begin, end in freezes)
            if not shut or i == 0:
                last = i
            ends = [end for _, end in freezes if end <= times[last]]
            since = float(times[last]) % shutter_period_s if not freezes else float(times[last])
            if ends:
                since = float(times[last]) - max(ends)
            exposures.append(
                Exposure(modality, i, float(time), last, float(times[last]), float(since))
            )
    return sorted(exposures, key=lambda e: (e.stamp_ns, e.modality.value))


def _freezes(seed: int, seconds: float) -> list[tuple[float, float]]:
    """Begin and end of every shutter, at least one in each recording of over a second."""
    rng = generator(seed, "shutter")
    begins: list[float] = []
    time = float(rng.uniform(0.3, max(0.4, min(_FREEZE_EVERY_S, seconds) - 0.6)))
    while time < seconds:
        begins.append(time)
        time += float(rng.uniform(0.5, 1.5)) * _FREEZE_EVERY_S
    return [(begin, begin + float(rng.uniform(0.3, 0.6))) for begin in begins]
