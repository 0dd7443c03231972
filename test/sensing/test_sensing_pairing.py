"""Pairing: which frames, when, within which bounds."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pairing_streams import MS, PERIOD, RGB, THERMAL, feed, frames, pairs

from rgbt_perception.config import PairingConfig
from rgbt_perception.frames import Modality
from rgbt_perception.sensing.pairing import Match, Pairer


@pytest.fixture
def pairer() -> Pairer[int]:
    return Pairer(PairingConfig())


def test_every_frame_of_equal_streams_is_paired(pairer: Pairer[int]) -> None:
    events = frames(RGB, 50) + frames(THERMAL, 50, stamp=7 * MS)
    matches = feed(pairer, events) + pairer.flush()
    assert pairs(matches) == [(i * PERIOD, i * PERIOD + 7 * MS) for i in range(50)]
    assert matches[0] == Match(0, 0, 7 * MS, 7 * MS)
    assert pairer.counters.matched == 50
    assert pairer.counters.dropped_total(RGB) == pairer.counters.dropped_total(THERMAL) == 0


def test_equal_stamps_are_released_with_the_first_frame(pairer: Pairer[int]) -> None:
    assert pairer.add(RGB, 5, 0, 0) == []
    assert pairs(pairer.add(THERMAL, 5, 1, 0)) == [(0, 1)]


def test_a_close_partner_is_released_at_once_when_the_period_is_known(pairer: Pairer[int]) -> None:
    feed(pairer, frames(RGB, 10) + frames(THERMAL, 10, stamp=8 * MS))
    start = 10 * PERIOD
    assert pairer.add(RGB, start, start, start) == []
    stamp = start + 8 * MS
    assert pairs(pairer.add(THERMAL, stamp, stamp, stamp)) == [(start, stamp)]


def test_an_ambiguous_partner_waits_for_the_next_frame(pairer: Pairer[int]) -> None:
    feed(pairer, frames(RGB, 10) + frames(THERMAL, 10, stamp=8 * MS))
    start = 10 * PERIOD
    pairer.add(RGB, start, start, start)
    late = start + 16 * MS
    assert pairer.add(THERMAL, late, late, late) == []
    # 26 ms after the frame before it, and nearer: it wins.
    nearer = start + 26 * MS
    assert pairs(pairer.add(RGB, nearer, nearer, nearer)) == [(nearer, late)]
    assert pairer.counters.dropped[RGB]["unmatched"] == 1


def test_a_chain_of_shrinking_differences_gives_its_first_frame_a_partner_too() -> None:
    pairer: Pairer[int] = Pairer(PairingConfig())
    stamps = [(RGB, 0), (THERMAL, 20), (RGB, 39), (THERMAL, 57), (RGB, 90)]
    matches = feed(pairer, [(t * MS, m, t * MS) for m, t in stamps])
    assert pairs(matches) == [(0, 20 * MS), (39 * MS, 57 * MS)]


def test_half_a_period_apart_most_frames_find_a_partner() -> None:
    rng = random.Random(1)
    pairer: Pairer[int] = Pairer(PairingConfig())
    events = []
    for i in range(300):
        for modality, phase in ((RGB, 0), (THERMAL, PERIOD // 2)):
            stamp = i * PERIOD + phase + rng.randint(-3, 3) * MS
            events.append((stamp, modality, stamp))
    matches = feed(pairer, events) + pairer.flush()
    # Pairing only frames that are each other's nearest of all would leave a third unused.
    assert len(pairs(matches)) > 250


def test_the_known_delay_of_a_sensor_is_subtracted() -> None:
    config = PairingConfig(thermal_offset_s=0.5, rgb_offset_s=-0.2)
    pairer: Pairer[int] = Pairer(config)
    events = frames(RGB, 20) + frames(THERMAL, 20, stamp=700 * MS, arrival=0)
    matches = feed(pairer, events) + pairer.flush()
    assert pairs(matches) == [(i * PERIOD, i * PERIOD + 700 * MS) for i in range(20)]
    assert matches[3].thermal_stamp_ns == 3 * PERIOD + 700 * MS


def test_nothing_outside_the_tolerance_is_paired() -> None:
    pairer: Pairer[int] = Pairer(PairingConfig(tolerance_s=0.010))
    events = frames(RGB, 30) + frames(THERMAL, 30, stamp=11 * MS)
    assert feed(pairer, events) + pairer.flush() == []
    assert pairer.counters.dropped[RGB]["unmatched"] == 30


def test_tolerance_zero_pairs_equal_stamps_only() -> None:
    pairer: Pairer[int] = Pairer(PairingConfig(tolerance_s=0.0))
    events = frames(RGB, 10) + frames(THERMAL, 5) + frames(THERMAL, 5, stamp=5 * PERIOD + 1)
    matches = feed(pairer, events) + pairer.flush()
    assert pairs(matches) == [(i * PERIOD, i * PERIOD) for i in range(5)]


@pytest.mark.parametrize("known", [True, False], ids=["known delay", "unknown delay"])
@given(
    delay_us=st.integers(-3000, 3000),
    jitter_us=st.lists(st.integers(-900, 900), min_size=200, max_size=200),
    transport_us=st.lists(st.integers(0, 8000), min_size=200, max_size=200),
)
@settings(max_examples=25)
def test_at_100_hz_no_pair_is_lost_although_the_tolerance_spans_several_periods(
    known: bool, delay_us: int, jitter_us: list[int], transport_us: list[int]
) -> None:
    # A delay that is told may lie anywhere, also half a period away, where all is ambiguous.
    delay_us += 5000 if known else 0
    config = PairingConfig(thermal_offset_s=delay_us / 1e6 if known else 0.0)
    us, period, count = 1000, 10 * MS, 100
    stamps, arrivals = {}, {}
    for modality, shift in ((RGB, 0), (THERMAL, delay_us)):
        part = slice(0, count) if modality is RGB else slice(count, None)
        stamps[modality] = [
            i * period + (shift + jitter) * us for i, jitter in enumerate(jitter_us[part])
        ]
        came = [s + t * us for s, t in zip(stamps[modality], transport_us[part], strict=True)]
        # A connection delivers in order.
        arrivals[modality] = list(accumulate(came, max))
    events = [
        (now, modality, stamp)
        for modality in stamps
        for now, stamp in zip(arrivals[modality], stamps[modality], strict=True)
    ]
    pairer = Pairer[int](config)
    matches = feed(pairer, events)
    matches += pairer.flush()
    assert pairs(matches) == list(zip(stamps[RGB], stamps[THERMAL], strict=True))
    assert not any(pairer.counters.dropped_total(modality) for modality in Modality)


@pytest.mark.parametrize("fast", [RGB, THERMAL])
def test_streams_of_different_rates_take_the_nearest(fast: Modality) -> None:
    pairer: Pairer[int] = Pairer(PairingConfig())
    slow = fast.other
    events = frames(fast, 120, period=10 * MS) + frames(slow, 11, period=110 * MS, stamp=4 * MS)
    matches = feed(pairer, events) + pairer.flush()
    expected = [(i * 110 * MS, i * 110 * MS + 4 * MS) for i in range(11)]
    if fast is THERMAL:
        expected = [(b, a) for a, b in expected]
    assert pairs(matches) == expected


@pytest.mark.parametrize("delay_ms", [100, 300, 600])
def test_a_transport_delay_within_the_queue_costs_no_pair(delay_ms: int) -> None:
    pairer: Pairer[int] = Pairer(PairingConfig(timeout_s=1.0))
    events = frames(RGB, 90) + frames(THERMAL, 90, stamp=5 * MS, arrival=delay_ms * MS)
    matches = feed(pairer, events) + pairer.flush()
    late = delay_ms * MS // PERIOD
    # At the end the delayed camera still sends while the other has stopped.
    assert len(pairs(matches)) == 90
    assert pairer.counters.waiting == {RGB: 0, THERMAL: 0}
    assert late <= 20


@pytest.mark.parametrize("queue_size", [1, 2, 5])
def test_memory_is_bounded(queue_size: int) -> None:
    config = replace(PairingConfig(), queue_size=queue_size, timeout_s=60.0)
    pairer: Pairer[int] = Pairer(config)
    for now, modality, stamp in frames(RGB, 100):
        pairer.add(modality, stamp, stamp, now)
        assert pairer.counters.waiting[RGB] <= queue_size
    assert pairer.counters.dropped[RGB]["overflow"] == 100 - queue_size
    # What waits is what came last, and a full queue does not keep new frames from pairing.
    stamp = 99 * PERIOD
    assert pairer.add(THERMAL, stamp, stamp, stamp)[-1].rgb == stamp


def test_adding_takes_less_than_a_tenth_of_a_millisecond() -> None:
    pairer: Pairer[int] = Pairer(PairingConfig(queue_size=100))
    events = frames(RGB, 3000, period=10 * MS) + frames(
        THERMAL, 1000, stamp=14 * MS, period=30 * MS
    )
    taken = []
    for now, modality, stamp in sorted(events, key=lambda event: event[0]):
        start = time.thread_time_ns()
        pairer.add(modality, stamp, stamp, now)
        taken.append(time.thread_time_ns() - start)
    taken.sort()
    assert taken[len(taken) * 99 // 100] < 0.1 * MS
