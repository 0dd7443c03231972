"""Processing time and silence by the steady clock: numbers, thresholds, consecutive counts."""

from __future__ import annotations

import pytest

from rgbt_perception.config import WatchdogConfig
from rgbt_perception.hosting.pace import Pace
from rgbt_perception.hosting.watchdog import Level, Watchdog

S = 1_000_000_000
CONFIG = WatchdogConfig(
    warn_ms=200.0, error_ms=1000.0, warn_consecutive=3, error_consecutive=2, timeout_s=2.0
)


@pytest.fixture
def watchdog():
    made = Watchdog(0)
    made.configure(CONFIG)
    return made


def test_before_the_first_result_there_is_no_number(watchdog):
    verdict = watchdog.verdict(S)
    assert (verdict.level, verdict.latency_ms) == (Level.OK, None)
    assert "n/a" in verdict.message
    verdict = watchdog.verdict(3 * S)
    assert verdict.level is Level.ERROR
    assert verdict.message == "no result for 3.0 s exceeded 2.0 s (n/a, no result yet)"
    assert verdict.since_ns == 0


def test_single_late_results_are_forgiven(watchdog):
    for index, latency in enumerate((250, 250, 190, 250, 250)):
        watchdog.result(latency, index * S)
        assert watchdog.verdict(index * S).level is Level.OK


def test_warned_of_after_its_count_with_number_and_threshold_and_ended_at_once(watchdog):
    for index in range(4):
        watchdog.result(243.15, index * S)
    verdict = watchdog.verdict(3 * S)
    assert verdict.level is Level.WARN
    assert verdict.late
    assert verdict.message == "latency 243.2 ms exceeded 200.0 ms, 4 times in a row"
    assert verdict.since_ns == 0
    watchdog.result(150.0, 4 * S)
    verdict = watchdog.verdict(4 * S)
    assert (verdict.level, verdict.since_ns) == (Level.OK, None)
    assert verdict.message == "latency 150.0 ms within 200.0 ms"


def test_an_error_after_its_own_count_and_back_to_a_warning(watchdog):
    watchdog.result(1500.0, 0)
    watchdog.result(1500.0, S)
    assert watchdog.verdict(S).level is Level.ERROR
    assert "exceeded 1000.0 ms, 2 times in a row" in watchdog.verdict(S).message
    watchdog.result(500.0, 2 * S)
    assert watchdog.verdict(2 * S).level is Level.WARN


def test_silence_is_an_error_unless_nobody_wants_results(watchdog):
    watchdog.result(10.0, 0)
    assert watchdog.verdict(2 * S).level is Level.OK
    verdict = watchdog.verdict(5 * S)
    assert verdict.level is Level.ERROR
    assert verdict.message == "no result for 5.0 s exceeded 2.0 s (last latency 10.0 ms)"
    watchdog.wanted(False, 5 * S)
    assert watchdog.is_idle
    assert watchdog.verdict(100 * S).level is Level.OK
    assert "nobody subscribes" in watchdog.verdict(100 * S).message
    watchdog.wanted(True, 100 * S)
    assert watchdog.verdict(101 * S).level is Level.OK
    assert watchdog.verdict(103 * S).level is Level.ERROR


def test_lateness_ends_with_the_last_subscriber(watchdog):
    for index in range(4):
        watchdog.result(1500.0, index * S)
    assert watchdog.verdict(3 * S).late
    watchdog.wanted(False, 4 * S)
    verdict = watchdog.verdict(60 * S)
    assert (verdict.level, verdict.late) == (Level.OK, False)
    watchdog.wanted(True, 60 * S)
    assert not watchdog.verdict(60 * S).late


def test_a_host_that_starts_again_has_time(watchdog):
    watchdog.result(10.0, 0)
    watchdog.restart(50 * S)
    assert watchdog.verdict(51 * S).level is Level.OK


def test_other_thresholds_hold_from_the_next_question_on(watchdog):
    for index in range(3):
        watchdog.result(100.0, index * S)
    watchdog.configure(WatchdogConfig(warn_ms=50.0))
    for index in range(3, 8):
        watchdog.result(100.0, index * S)
    assert watchdog.verdict(7 * S).message.endswith("exceeded 50.0 ms, 5 times in a row")


# Pace


def run(pace, replaced, start=0, period=S // 20):
    for index, count in enumerate(replaced):
        pace.note(count, start + index * period)
    return pace.slow


def test_hiccups_are_not_slow():
    assert not run(Pace(), [0] * 20 + [2] + [0] * 20)
    assert not run(Pace(), [0] * 30 + [1, 1] + [0] * 30)


def test_every_other_pair_replaced_is_slow_until_none_was_for_two_seconds():
    pace = Pace()
    assert run(pace, [0, 1] * 10)
    assert run(pace, [0] * 30, start=S)
    assert not run(pace, [0] * 20, start=S + 30 * S // 20)


def test_a_slow_engine_is_slow_at_one_result_a_second():
    assert run(Pace(), [29, 29, 29], period=S)
