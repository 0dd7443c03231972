"""Regular streams of stamps and what a pairer makes of them."""

from __future__ import annotations

from collections.abc import Iterable

from rgbt_perception.frames import Modality
from rgbt_perception.sensing.pairing import Match, Pairer

RGB, THERMAL = Modality.RGB, Modality.THERMAL
MS = 1_000_000
PERIOD = 33 * MS
Event = tuple[int, Modality, int]  # arrival on the host, camera, stamp


def frames(
    modality: Modality,
    count: int,
    *,
    stamp: int = 0,
    arrival: int | None = None,
    period: int = PERIOD,
) -> list[Event]:
    """A perfectly regular stream; ``arrival`` is when the first frame comes."""
    start = stamp if arrival is None else arrival
    return [(start + i * period, modality, stamp + i * period) for i in range(count)]


def feed(pairer: Pairer[int], events: Iterable[Event]) -> list[Match[int]]:
    """Frames in order of arrival; the item is the stamp."""
    matches: list[Match[int]] = []
    for now, modality, stamp in sorted(events, key=lambda event: event[0]):
        matches += pairer.add(modality, stamp, stamp, now)
    return matches


def pairs(matches: Iterable[Match[int]]) -> list[tuple[int, int]]:
    return [(m.rgb, m.thermal) for m in matches if m.rgb is not None and m.thermal is not None]


def alone(matches: Iterable[Match[int]], modality: Modality) -> list[int]:
    items = [m.rgb if modality is RGB else m.thermal for m in matches if m.lost]
    return [item for item in items if item is not None]
