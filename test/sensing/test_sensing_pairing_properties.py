"""Pairing against an exhaustive reference, and what must hold for any stream whatever."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from rgbt_perception.config import PairingConfig
from rgbt_perception.frames import Modality
from rgbt_perception.sensing.pairing import Match, Pairer

RGB, THERMAL = Modality.RGB, Modality.THERMAL
MS = 1_000_000
Stamps = dict[Modality, list[int]]


def nearest_assignment(rgb: list[int], thermal: list[int], tolerance: int) -> list[tuple[int, int]]:
    """All pairs within the tolerance, nearest first, if both are free and no taken one is crossed.

    Slow and plain: every candidate is looked at, the earlier of two equal ones first.
    """
    candidates = sorted(
        (abs(a - b), min(a, b), a, b) for a in rgb for b in thermal if abs(a - b) <= tolerance
    )
    taken: list[tuple[int, int]] = []
    for _, _, a, b in candidates:
        if all((a - c) * (b - d) > 0 for c, d in taken):
            taken.append((a, b))
    return sorted(taken)


@dataclass(frozen=True)
class Streams:
    """Stamps of both cameras and when each frame reaches the host."""

    stamps: Stamps
    arrivals: Stamps

    def events(self) -> list[tuple[int, Modality, int]]:
        rows = [
            (now, modality, stamp)
            for modality in Modality
            for now, stamp in zip(self.arrivals[modality], self.stamps[modality], strict=True)
        ]
        return sorted(rows, key=lambda row: row[0])


@st.composite
def streams(draw: st.DrawFn, *, regular: bool) -> Streams:
    """Two cameras of any rate, phase, transport delay and jitter."""
    stamps: Stamps = {}
    arrivals: Stamps = {}
    same_rate = draw(st.booleans())
    shared = draw(st.integers(10, 100))
    for modality in Modality:
        period = shared if same_rate else draw(st.integers(10, 100))
        low, high = (800, 1200) if regular else (20, 5000)
        count = draw(st.integers(1, 40))
        intervals = draw(st.lists(st.integers(low, high), min_size=count, max_size=count))
        start = draw(st.integers(0, 100)) * MS
        times = list(accumulate((i * period * 1000 for i in intervals), initial=start))
        delay = draw(st.integers(0, 80))
        late = draw(st.lists(st.integers(0, 40), min_size=count + 1, max_size=count + 1))
        stamps[modality] = times
        # Within a stream the order is kept, as every transport does.
        due = (t + (delay + x) * MS for t, x in zip(times, late, strict=True))
        arrivals[modality] = list(accumulate(due, max))
    return Streams(stamps, arrivals)


def run(pairer: Pairer[int], given_streams: Streams) -> list[Match[int]]:
    matches: list[Match[int]] = []
    for now, modality, stamp in given_streams.events():
        matches += pairer.add(modality, stamp, stamp, now)
    return matches + pairer.flush()


def pairs(matches: list[Match[int]]) -> list[tuple[int, int]]:
    return [(m.rgb, m.thermal) for m in matches if m.rgb is not None and m.thermal is not None]


@settings(max_examples=250, deadline=None)
@given(
    given_streams=streams(regular=True),
    tolerance=st.sampled_from([0.0, 0.003, 0.01, 0.025, 0.1]),
    offset=st.integers(-50, 50),
)
def test_regular_streams_get_the_nearest_assignment(
    given_streams: Streams, tolerance: float, offset: int
) -> None:
    """Intervals within 20 %: what is released early is never wrong."""
    config = PairingConfig(
        tolerance_s=tolerance, rgb_offset_s=offset / 1e3, queue_size=1000, timeout_s=60.0
    )
    matches = run(Pairer(config), given_streams)
    rgb = [stamp - offset * MS for stamp in given_streams.stamps[RGB]]
    expected = nearest_assignment(rgb, given_streams.stamps[THERMAL], round(tolerance * 1e9))
    assert [(a - offset * MS, b) for a, b in pairs(matches)] == expected


@settings(max_examples=150, deadline=None)
@given(given_streams=streams(regular=False))
def test_frames_that_are_nearest_to_each_other_are_paired(given_streams: Streams) -> None:
    """Also in streams without a rate, as long as nothing is predicted from a rate."""
    first = {m: given_streams.stamps[m][:3] for m in Modality}
    few = Streams(first, {m: given_streams.arrivals[m][:3] for m in Modality})
    config = PairingConfig(tolerance_s=0.05, timeout_s=60.0)
    matches = run(Pairer(config), few)
    assert pairs(matches) == nearest_assignment(first[RGB], first[THERMAL], 50 * MS)


def nearest(values: list[int], target: int) -> int:
    at = bisect.bisect_left(values, target)
    return min(values[max(at - 1, 0) : at + 1], key=lambda value: abs(value - target))


@settings(max_examples=150, deadline=None)
@given(given_streams=streams(regular=True), data=st.data())
def test_dropped_frames_cost_no_pair_of_nearest_frames(
    given_streams: Streams, data: st.DataObject
) -> None:
    """One frame in three lost at random: frames nearest to each other by far still meet."""
    kept: dict[Modality, list[int]] = {}
    for modality in Modality:
        count = len(given_streams.stamps[modality])
        mask = data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
        kept[modality] = [i for i in range(count) if mask[i] or i < 4]
    thinned = Streams(
        {m: [given_streams.stamps[m][i] for i in kept[m]] for m in Modality},
        {m: [given_streams.arrivals[m][i] for i in kept[m]] for m in Modality},
    )
    config = PairingConfig(queue_size=1000, timeout_s=60.0)
    found = set(pairs(run(Pairer(config), thinned)))
    rgb, thermal = thinned.stamps[RGB], thinned.stamps[THERMAL]
    for a in rgb:
        b = nearest(thermal, a)
        gap = abs(a - b)
        others = [abs(x - b) for x in rgb if x != a] + [abs(a - y) for y in thermal if y != b]
        if gap <= 25 * MS and all(other > 2 * gap for other in others):
            assert (a, b) in found


wild_stamps = st.one_of(
    st.integers(0, 500).map(lambda t: t * MS),
    st.integers(0, 200).map(lambda t: 10_000 * MS + t * MS),
    st.sampled_from([0, -5 * MS, 3600 * 1000 * MS, 2**62]),
)
wild_events = st.lists(
    st.tuples(st.sampled_from(list(Modality)), wild_stamps, st.integers(0, 120), st.booleans()),
    max_size=120,
)


@settings(max_examples=300, deadline=None)
@given(
    events=wild_events,
    queue_size=st.sampled_from([1, 2, 3, 20]),
    tolerance=st.sampled_from([0.0, 0.025, 0.3]),
)
def test_whatever_comes_the_rules_hold_and_pairing_resumes(
    events: list[tuple[Modality, int, int, bool]], queue_size: int, tolerance: float
) -> None:
    pairer: Pairer[tuple[Modality, int]] = Pairer(
        PairingConfig(tolerance_s=tolerance, queue_size=queue_size)
    )
    stamps: list[int] = []
    matches: list[Match[tuple[Modality, int]]] = []

    def check_counters() -> None:
        counters = pairer.counters
        for modality in Modality:
            assert counters.waiting[modality] <= queue_size
            assert counters.received[modality] == (
                counters.matched
                + counters.singles[modality]
                + counters.dropped_total(modality)
                + counters.waiting[modality]
            )

    now = 0
    for modality, stamp, wait, idle in events:
        now += wait * MS
        matches += pairer.add(modality, stamp, (modality, len(stamps)), now)
        stamps.append(stamp)
        if idle:
            now += wait * MS
            matches += pairer.advance(now)
        check_counters()
    matches += pairer.flush()
    assert set(pairer.counters.waiting.values()) == {0}

    used = [item for m in matches for item in (m.rgb, m.thermal) if item is not None]
    assert len(used) == len(set(used))
    for m in matches:
        for modality, item, stamp in (
            (RGB, m.rgb, m.rgb_stamp_ns),
            (THERMAL, m.thermal, m.thermal_stamp_ns),
        ):
            if item is not None:
                assert item[0] is modality
                assert stamps[item[1]] == stamp
            else:
                assert m.lost == (modality,)
                assert stamp is None
        if not m.lost:
            assert m.rgb_stamp_ns is not None
            assert m.thermal_stamp_ns is not None
            assert abs(m.rgb_stamp_ns - m.thermal_stamp_ns) <= tolerance * 1e9
    # Frames of one camera leave in the order in which they came.
    for modality in Modality:
        order = [item[1] for item in used if item[0] is modality]
        assert order == sorted(order)

    # Two good streams at last: within a second every frame is used again.
    period, phase = 30 * MS, 2 * MS if tolerance else 0
    released: list[int] = []
    for i in range(100):
        for modality, late in ((RGB, 0), (THERMAL, phase)):
            arrival = now + i * period + late
            stamp = 77_000 * MS + i * period + late
            for m in pairer.add(modality, stamp, (modality, i), arrival):
                if not m.lost and m.rgb_stamp_ns is not None:
                    released.append((m.rgb_stamp_ns - 77_000 * MS) // period)
    assert [i for i in released if i >= 33] == list(range(33, 100))
