"""Pairing when cameras stop, lag or jump."""

from __future__ import annotations

import random

import pytest
from pairing_streams import MS, PERIOD, RGB, THERMAL, Event, alone, feed, frames, pairs

from rgbt_perception.config import PairingConfig
from rgbt_perception.frames import Modality
from rgbt_perception.sensing.pairing import Match, Pairer


@pytest.fixture
def pairer() -> Pairer[int]:
    return Pairer(PairingConfig())


def test_a_delay_beyond_the_queue_falls_back_to_the_camera_in_time(pairer: Pairer[int]) -> None:
    steady = frames(RGB, 30) + frames(THERMAL, 30, stamp=5 * MS)
    assert len(pairs(feed(pairer, steady))) == 30
    begin = 30 * PERIOD
    lagging = frames(THERMAL, 150, stamp=begin + 5 * MS, arrival=begin + 5000 * MS)
    matches = feed(pairer, frames(RGB, 300, stamp=begin) + lagging)
    assert pairs(matches) == []
    # All but what came within the timeout goes on, also while delayed frames keep coming.
    assert len(alone(matches, RGB)) >= 300 - 9
    assert pairer.lost == (THERMAL,)
    assert pairer.counters.dropped[THERMAL]["late"] > 100
    # The delay goes away: pairs again.
    begin = 330 * PERIOD
    both = frames(RGB, 30, stamp=begin) + frames(THERMAL, 30, stamp=begin + 5 * MS)
    assert len(pairs(feed(pairer, both))) >= 29


@pytest.mark.parametrize("ahead", [RGB, THERMAL])
def test_clocks_that_disagree_do_not_silence_both(pairer: Pairer[int], ahead: Modality) -> None:
    hour = 3600 * 1000 * MS
    events = frames(ahead, 90, stamp=hour, arrival=0) + frames(ahead.other, 90, arrival=1)
    matches = feed(pairer, events)
    assert len(alone(matches, ahead)) > 70
    assert pairer.lost == (ahead.other,)


def test_a_partner_that_waits_is_found_although_stamps_come_in_bursts() -> None:
    """Two RGB pictures 5 ms apart, then 61 ms nothing; thermal 200 ms behind."""
    pairer: Pairer[int] = Pairer(PairingConfig())
    rgb = frames(RGB, 60, period=2 * PERIOD) + frames(RGB, 60, stamp=5 * MS, period=2 * PERIOD)
    thermal = frames(THERMAL, 60, stamp=MS, arrival=201 * MS, period=2 * PERIOD)
    matches = feed(pairer, rgb + thermal) + pairer.flush()
    assert pairs(matches) == [(i * 2 * PERIOD, i * 2 * PERIOD + MS) for i in range(60)]


# Lost cameras


@pytest.mark.parametrize("lost", [RGB, THERMAL])
def test_a_lost_camera_and_its_return(pairer: Pairer[int], lost: Modality) -> None:
    left = lost.other
    gone, back = 30 * PERIOD, 90 * PERIOD
    events = (
        frames(left, 120) + frames(lost, 30, stamp=2 * MS) + frames(lost, 30, stamp=back + 2 * MS)
    )
    released: list[tuple[int, Match[int]]] = []
    for now, modality, stamp in sorted(events):
        released += [(now, match) for match in pairer.add(modality, stamp, stamp, now)]
    singles = [(now, m) for now, m in released if m.lost]
    assert {m.lost for _, m in singles} == {(lost,)}
    # Within one period of the timeout, then every frame at once, until the return.
    last_seen = gone - PERIOD + 2 * MS
    assert 0 < singles[0][0] - last_seen - 250 * MS <= PERIOD
    stamps = alone([m for _, m in singles], left)
    assert stamps == [now for now, _ in singles]
    assert stamps == list(range(stamps[0], back + 1, PERIOD))
    # The first frame after the return has lost its partner to the release; the next has not.
    paired = pairs(m for _, m in released)
    assert len(paired) == 30 + 29
    assert pairer.lost == ()
    assert pairer.counters.singles[left] == len(singles)
    assert pairer.counters.dropped[left]["unmatched"] == 7


def test_a_camera_that_never_sent_is_lost_from_the_first_message_on(pairer: Pairer[int]) -> None:
    matches = feed(pairer, frames(THERMAL, 20, arrival=10**15))
    assert alone(matches, THERMAL) == list(range(8 * PERIOD, 20 * PERIOD, PERIOD))


def test_a_lost_camera_that_returns_with_a_wrong_clock_does_not_disturb(
    pairer: Pairer[int],
) -> None:
    hour = 3600 * 1000 * MS
    events = frames(RGB, 120) + frames(THERMAL, 30, stamp=7 * MS)
    back = frames(THERMAL, 20, stamp=hour, arrival=60 * PERIOD + MS)
    matches = feed(pairer, events + back)
    stamps = alone(matches, RGB)
    assert stamps == list(range(stamps[0], 120 * PERIOD, PERIOD))
    assert pairer.counters.dropped[THERMAL]["late"] == 20


def test_time_alone_declares_a_camera_lost(pairer: Pairer[int]) -> None:
    feed(pairer, frames(RGB, 8))
    assert pairer.advance(250 * MS) == []
    assert alone(pairer.advance(251 * MS), RGB) == [7 * PERIOD]
    assert pairer.counters.dropped[RGB]["unmatched"] == 7


def test_the_last_pair_before_a_loss_is_not_torn(pairer: Pairer[int]) -> None:
    # 16 ms apart is ambiguous and waits for the next RGB frame, which never comes.
    feed(pairer, frames(RGB, 10) + frames(THERMAL, 10, stamp=16 * MS))
    tail = frames(THERMAL, 20, stamp=10 * PERIOD + 16 * MS)
    matches = feed(pairer, tail)
    assert pairs(matches) == [(9 * PERIOD, 9 * PERIOD + 16 * MS)]
    assert alone(matches, THERMAL)[-1] == 29 * PERIOD + 16 * MS


def test_both_silent_gives_nothing(pairer: Pairer[int]) -> None:
    feed(pairer, frames(RGB, 30) + frames(THERMAL, 30, stamp=9 * MS))
    pairer.add(RGB, 30 * PERIOD, 0, 30 * PERIOD)
    for now in range(30 * PERIOD, 30 * PERIOD + 5000 * MS, 10 * MS):
        assert pairer.advance(now) == []
    assert pairer.lost == ()


@pytest.mark.parametrize("first", [RGB, THERMAL])
@pytest.mark.parametrize("period_ms", [33, 100, 200])
def test_a_pause_of_both_is_no_loss(first: Modality, period_ms: int) -> None:
    pairer: Pairer[int] = Pairer(PairingConfig())
    period = period_ms * MS

    def both(stamp: int, arrival: int) -> list[Event]:
        return frames(first, 10, stamp=stamp, arrival=arrival, period=period) + frames(
            first.other, 10, stamp=stamp + 9 * MS, arrival=arrival + 9 * MS, period=period
        )

    matches = feed(pairer, both(0, 0) + both(10 * period, 60_000 * MS)) + pairer.flush()
    assert len(pairs(matches)) == 20
    assert len(matches) == 20


@pytest.mark.parametrize("rate", [1, 2, 3, 5])
def test_cameras_slower_than_the_timeout_are_paired(rate: int) -> None:
    pairer: Pairer[int] = Pairer(PairingConfig())
    period = 1000 * MS // rate
    events = frames(RGB, 20, period=period) + frames(THERMAL, 20, stamp=9 * MS, period=period)
    matches = feed(pairer, events) + pairer.flush()
    assert len(pairs(matches)) == len(matches) == 20


def test_a_slow_camera_alone_is_not_held_back() -> None:
    pairer: Pairer[int] = Pairer(PairingConfig())
    assert len(feed(pairer, frames(RGB, 10, period=500 * MS))) >= 9


def test_a_patchy_camera_alone_is_not_held_back() -> None:
    pairer: Pairer[int] = Pairer(PairingConfig())
    pairer.add(THERMAL, 0, 0, 0)
    stamps, now = [], 0
    for i in range(40):
        now += (100 if i % 2 else 500) * MS
        stamps.append(now)
    matches = feed(pairer, [(stamp, RGB, stamp) for stamp in stamps])
    assert len(alone(matches, RGB)) > 35


def test_a_single_picture_comes_out_at_the_end(pairer: Pairer[int]) -> None:
    assert pairer.add(RGB, 5, 5, 0) == []
    assert alone(pairer.flush(), RGB) == [5]
    assert pairer.flush() == []


# Clock jumps


def loop_start(pairer: Pairer[int], now: int) -> list[Match[int]]:
    both = frames(RGB, 30, arrival=now) + frames(THERMAL, 30, stamp=7 * MS, arrival=now + 7 * MS)
    return feed(pairer, both)


def test_a_bag_loop_loses_no_pair(pairer: Pairer[int]) -> None:
    expected = [(i * PERIOD, i * PERIOD + 7 * MS) for i in range(30)]
    for lap in range(4):
        assert pairs(loop_start(pairer, lap * 30 * PERIOD)) == expected
    assert pairer.counters.dropped_total(RGB) == pairer.counters.dropped_total(THERMAL) == 0


@pytest.mark.parametrize("gap_ms", [0, 200, 1000])
@pytest.mark.parametrize("delay_ms", [0, 100, 200])
def test_a_loop_that_takes_a_moment_to_restart(gap_ms: int, delay_ms: int) -> None:
    pairer: Pairer[int] = Pairer(PairingConfig())
    events = []
    for lap in range(3):
        start = lap * (30 * PERIOD + gap_ms * MS)
        late = start + (7 + delay_ms) * MS
        events += frames(RGB, 30, arrival=start)
        events += frames(THERMAL, 30, stamp=7 * MS, arrival=late)
    matches = feed(pairer, events) + pairer.flush()
    assert len(matches) == len(pairs(matches))
    # Thermal pictures still under way when the RGB clock jumps lose their partners.
    under_way = delay_ms * MS // PERIOD + 1 if delay_ms > gap_ms else 0
    assert len(matches) >= 90 - 2 * under_way


@pytest.mark.parametrize("phase_ms", [7, 16])
def test_a_pair_still_open_at_the_jump_is_released(phase_ms: int) -> None:
    pairer: Pairer[int] = Pairer(PairingConfig())
    total = []
    for lap in range(3):
        start = lap * 30 * PERIOD
        total += feed(
            pairer,
            frames(RGB, 30, arrival=start)
            + frames(THERMAL, 30, stamp=phase_ms * MS, arrival=start + phase_ms * MS),
        )
    total += pairer.flush()
    assert len(pairs(total)) == len(total) == 90


def test_a_thermal_dropout_then_a_bag_loop_resumes_with_the_next_pair(
    pairer: Pairer[int],
) -> None:
    # The stock approximate synchroniser starves for ever here: its queue is full of newer stamps.
    feed(pairer, frames(RGB, 60) + frames(THERMAL, 30, stamp=7 * MS))
    assert pairer.lost == (THERMAL,)
    matches = loop_start(pairer, 60 * PERIOD)
    assert pairs(matches) == [(i * PERIOD, i * PERIOD + 7 * MS) for i in range(1, 30)]
    assert alone(matches, RGB) == [0]


def test_full_queues_then_a_bag_loop_resume_with_the_next_pair() -> None:
    pairer: Pairer[int] = Pairer(PairingConfig(timeout_s=60.0, queue_size=5))
    feed(pairer, frames(RGB, 60) + frames(THERMAL, 30, stamp=7 * MS))
    assert pairer.counters.waiting[RGB] == 5
    matches = loop_start(pairer, 60 * PERIOD)
    assert pairs(matches) == [(i * PERIOD, i * PERIOD + 7 * MS) for i in range(30)]
    assert pairer.counters.dropped[RGB] == {
        "unmatched": 0,
        "overflow": 25,
        "late": 0,
        "duplicate": 0,
        "clock_jump": 5,
    }


@pytest.mark.parametrize("back_ms", [50, 200, 500, 10_000])
@pytest.mark.parametrize("first", [RGB, THERMAL])
@pytest.mark.parametrize("follow_after", [0, 1, 3])
def test_both_clocks_jump_back(
    pairer: Pairer[int], back_ms: int, first: Modality, follow_after: int
) -> None:
    """The camera that jumps second still sends some frames of the old time."""
    lead, tail = [], []
    for i in range(40):
        stamp = i * PERIOD
        lead.append((stamp, first, stamp - (back_ms * MS if i >= 20 else 0)))
        late_jump = i >= 20 + follow_after
        tail.append((stamp + MS, first.other, stamp + MS - (back_ms * MS if late_jump else 0)))
    matches = feed(pairer, lead + tail) + pairer.flush()
    after = [p for p in pairs(matches[20:]) if abs(p[0] - p[1]) == MS]
    assert len(pairs(matches)) == len(matches)
    # 50 ms back is 17 ms before the frame before: that one is late, the next one is not.
    assert len(after) >= 20 - follow_after - (back_ms == 50)


@pytest.mark.parametrize("first", [RGB, THERMAL])
def test_both_clocks_jump_an_hour_ahead(pairer: Pairer[int], first: Modality) -> None:
    hour = 3600 * 1000 * MS
    now = 30 * PERIOD
    feed(pairer, frames(RGB, 30) + frames(THERMAL, 30, stamp=7 * MS))
    matches = feed(
        pairer,
        frames(first, 30, stamp=hour, arrival=now)
        + frames(first.other, 30, stamp=hour + 7 * MS, arrival=now + 7 * MS),
    )
    assert len(pairs(matches)) == len(matches) == 30


def test_one_wild_stamp_does_not_cost_more_than_a_few_pairs(pairer: Pairer[int]) -> None:
    for wild in (-3600 * 1000 * MS, 3600 * 1000 * MS):
        start = pairer.counters.received[RGB] * PERIOD
        rgb = frames(RGB, 60, stamp=start)
        rgb[30] = (rgb[30][0], RGB, rgb[30][2] + wild)
        matches = feed(pairer, rgb + frames(THERMAL, 60, stamp=start + 7 * MS)) + pairer.flush()
        assert len(pairs(matches)) >= 57
        assert len(matches) == len(pairs(matches))


@pytest.mark.parametrize("back_ms", [100, 10_000])
def test_a_jump_of_one_clock_only_leaves_one_camera_running(
    pairer: Pairer[int], back_ms: int
) -> None:
    feed(pairer, frames(RGB, 30) + frames(THERMAL, 30, stamp=7 * MS))
    now = 30 * PERIOD
    matches = feed(
        pairer,
        frames(RGB, 150, stamp=now - back_ms * MS, arrival=now)
        + frames(THERMAL, 150, stamp=now + 7 * MS),
    )
    if back_ms > 1000:
        assert len(alone(matches, THERMAL)) > 120
    # 100 ms: pictures of the same moment are still at hand, with a delay.
    else:
        assert len(pairs(matches)) > 120


def test_seeking_to_and_fro_ends_in_pairs(pairer: Pairer[int]) -> None:
    rng = random.Random(3)
    now = 0
    for _ in range(40):
        for _ in range(rng.randint(1, 6)):
            now += 5 * MS
            pairer.add(rng.choice((RGB, THERMAL)), rng.randint(0, 100_000) * MS, 0, now)
    stamp = 50_000 * MS
    both = frames(RGB, 60, stamp=stamp, arrival=now) + frames(
        THERMAL, 60, stamp=stamp + 7 * MS, arrival=now + 80 * MS
    )
    matches = feed(pairer, both)
    assert len(pairs(matches)) >= 45


# Bad stamps


def test_a_repeated_stamp_is_dropped(pairer: Pairer[int]) -> None:
    pairer.add(RGB, 10 * MS, 1, 0)
    pairer.add(RGB, 10 * MS, 2, 0)
    assert pairs(pairer.add(THERMAL, 10 * MS, 3, 0)) == [(1, 3)]
    assert pairer.counters.dropped[RGB]["duplicate"] == 1


def test_a_small_step_back_is_a_late_frame(pairer: Pairer[int]) -> None:
    pairer.add(RGB, 10 * MS, 1, 0)
    pairer.add(RGB, 5 * MS, 2, 0)
    assert pairs(pairer.add(THERMAL, 10 * MS, 3, 0)) == [(1, 3)]
    assert pairer.counters.dropped[RGB]["late"] == 1


def test_a_camera_that_repeats_one_stamp_is_lost(pairer: Pairer[int]) -> None:
    stuck = [(i * PERIOD + MS, THERMAL, 0) for i in range(60)]
    matches = feed(pairer, frames(RGB, 60) + stuck)
    assert len(alone(matches, RGB)) > 50
    assert pairer.counters.dropped[THERMAL]["duplicate"] == 59
