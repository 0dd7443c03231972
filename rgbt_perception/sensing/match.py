"""What the pairer gives: matches and counters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from rgbt_perception.frames import Modality

T = TypeVar("T")


@dataclass(frozen=True)
class Match(Generic[T]):
    """A pair, or one frame alone while the other camera is lost.

    Attributes:
        rgb, thermal: the frames; None where that camera is lost.
        rgb_stamp_ns, thermal_stamp_ns: their stamps as given, nanoseconds.
        lost: the camera that is lost; empty for a pair.
    """

    rgb: T | None
    rgb_stamp_ns: int | None
    thermal: T | None
    thermal_stamp_ns: int | None
    lost: tuple[Modality, ...] = ()


@dataclass(frozen=True)
class PairingCounters:
    """What became of the frames: received = matched + singles + all dropped + waiting.

    Attributes:
        received: frames taken in, by camera.
        matched: pairs released.
        singles: frames released alone, by camera.
        dropped: frames dropped, by camera and reason (the values of ``Drop``).
        waiting: frames in the queue now, by camera.
    """

    received: Mapping[Modality, int]
    matched: int
    singles: Mapping[Modality, int]
    dropped: Mapping[Modality, Mapping[str, int]]
    waiting: Mapping[Modality, int]

    def dropped_total(self, modality: Modality) -> int:
        """Frames of one camera that were dropped for any reason."""
        return sum(self.dropped[modality].values())
