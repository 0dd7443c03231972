"""The worker: never in the way of receiving, always at the newest pair, not to be stopped."""

from __future__ import annotations

import random
import threading
import time

import pytest
from live_rig import (
    IMAGE_STREAMS,
    INFO_STREAMS,
    MS,
    START,
    Published,
    TrialEngine,
    info,
    make_session,
    picture,
    transforms,
)

from rgbt_perception.config import Config, with_values
from rgbt_perception.frames import Modality, Mode
from rgbt_perception.hosting.runner import Runner
from rgbt_perception.sensing.match import Match
from rgbt_perception.session import Stream

NOW = START // MS


class Host:
    """A runner with its surroundings."""

    def __init__(self, config=None, delay_s=0.0, select=None, known=True):
        self.session, self.engine = make_session(config, TrialEngine(delay_s), select)
        self.published = Published()
        self.faults = []
        self.runner = Runner(self.session, self.published, on_fault=self.faults.append)
        self.runner.start()
        if known:
            self.learn()

    def learn(self):
        for name, stream in INFO_STREAMS.items():
            self.runner.offer(stream, info(name))
        self.runner.offer(Stream.TF_STATIC, transforms())

    def pair(self, ms):
        self.runner.offer(Stream.RGB_IMAGE, picture("rgb", ms))
        self.runner.offer(Stream.THERMAL_IMAGE, picture("thermal", ms))

    def results(self, count, seconds=5.0):
        self.published.wait(lambda: len(self.published.depths()) >= count, seconds)
        return self.published.depths()


@pytest.fixture
def host():
    made = []

    def make(**options):
        made.append(Host(**options))
        return made[-1]

    yield make
    for one in made:
        one.engine.delay_s = 0.0
        one.runner.stop()


def match(ms):
    stamp = START + ms * MS
    return Match(picture("rgb", ms), stamp, picture("thermal", ms), stamp)


def test_every_pair_gives_a_result_on_the_workers_own_thread(host):
    h = host()
    for index in range(5):
        h.pair(1000 + 100 * index)
        assert h.results(index + 1)[-1] == 1000 + 100 * index
    assert h.published.modes() == [Mode.FULL] * 5
    assert h.engine.threads.isdisjoint({threading.get_ident()})
    counters = h.runner.counters
    assert (counters.matches, counters.processed, counters.overrun) == (5, 5, 0)
    assert counters.busy_ms > 0
    assert h.session.dropped == {"rgb": 0, "thermal": 0}
    assert {"queue", "publish", "total"} <= h.session.statistics.snapshot().latencies.keys()


def test_receiving_never_waits_and_the_newest_pair_is_taken(host):
    h = host(delay_s=0.3)
    h.pair(0)
    while h.engine.runs == 0:
        time.sleep(0.005)
    started = time.monotonic()
    for ms in range(33, 33 * 6, 33):
        h.pair(ms)
    assert time.monotonic() - started < 0.2
    assert h.results(2) == [0, 165]
    assert h.runner.counters.overrun == 4
    assert h.session.dropped == {"rgb": 4, "thermal": 4}
    status = h.published.of("status")[-1].message
    assert (status.dropped_rgb, status.dropped_thermal) == (4, 4)


def test_a_host_that_stays_too_slow_is_degraded_and_recovers(host):
    h = host(delay_s=0.05)
    for index in range(40):
        h.runner.offer_match(match(index * 10))
        time.sleep(0.01)
    h.published.wait(lambda: Mode.DEGRADED in h.published.modes())
    status = next(o.message for o in h.published.of("status") if o.message.mode == Mode.DEGRADED)
    assert list(status.reasons) == ["slow"]
    h.engine.delay_s = 0.0
    for index in range(30):
        h.runner.offer_match(match(1000 + index * 100))
        time.sleep(0.1)
    assert h.published.modes()[-1] is Mode.FULL


def test_late_results_are_degraded(host):
    values = {"watchdog.warn_ms": 20.0, "watchdog.warn_consecutive": 2}
    h = host(config=with_values(Config(), values), delay_s=0.04)
    for index in range(4):
        h.pair(index * 100)
        h.results(index + 1)
    assert h.published.modes() == [Mode.FULL] * 2 + [Mode.DEGRADED] * 2
    assert list(h.published.of("status")[-1].message.reasons) == ["late"]
    h.engine.delay_s = 0.0
    for index in range(4, 6):
        h.pair(index * 100)
        h.results(index + 1)
    assert h.published.modes()[-1] is Mode.FULL


def test_an_exception_in_the_engine_is_told_and_output_resumes(host):
    h = host()
    h.pair(0)
    h.results(1)
    h.engine.fault = RuntimeError("out of memory")
    h.pair(100)
    h.published.wait(lambda: Mode.FAULT in h.published.modes())
    fault = h.published.of("status")[-1]
    assert fault.stamp_ns == START + 100 * MS
    assert list(fault.message.reasons) == ["exception"]
    h.engine.fault = None
    started = time.monotonic()
    h.pair(200)
    assert h.results(2) == [0, 200]
    assert time.monotonic() - started < 1.0
    assert [str(fault) for fault in h.faults] == ["out of memory"]
    assert h.runner.counters.last_fault == "RuntimeError: out of memory"


def test_an_exception_while_publishing_or_reporting_ends_nothing(host):
    h = host()
    h.published.fault = ConnectionError("gone")
    h.runner._on_fault = lambda fault: 1 / 0
    h.pair(0)
    while h.runner.counters.faults < 1:
        time.sleep(0.005)
    h.published.fault = None
    h.pair(100)
    assert h.results(1) == [100]


def test_a_message_that_is_none_is_a_fault_and_not_the_end(host):
    h = host()
    h.runner.offer(Stream.RGB_IMAGE, object())
    h.runner.offer(Stream.RGB_INFO, object())
    h.runner.offer(Stream.TF_STATIC, object())
    h.pair(0)
    assert h.results(1) == [0]
    assert len(h.faults) == 3


def test_a_silent_camera_becomes_a_lost_one_without_further_messages_of_it(host):
    h = host()
    for index in range(4):
        h.pair(index * 50)
        time.sleep(0.05)
    started = time.monotonic()
    for index in range(20):
        h.runner.offer(Stream.THERMAL_IMAGE, picture("thermal", 200 + index * 50))
        time.sleep(0.05)
        if Mode.THERMAL_ONLY in h.published.modes():
            break
    # The timeout is 0.25 s.
    assert time.monotonic() - started < 0.25 + 0.2
    h.pair(2000)
    h.pair(2050)
    h.pair(2100)
    h.published.wait(lambda: h.published.modes()[-1] is Mode.FULL)


@pytest.mark.parametrize(("count", "kept"), [(2, [0, 33]), (4, [66, 99])])
def test_two_that_come_at_once_are_both_taken_by_an_idle_worker(host, count, kept):
    h = host()
    while not h.session.extrinsics_known:
        time.sleep(0.005)
    with h.runner._wake:  # not yet awake
        for index in range(count):
            h.runner.offer_match(match(33 * index))
    assert h.results(2) == kept
    assert h.runner.counters.overrun == count - 2
    assert h.session.dropped == {"rgb": count - 2, "thermal": count - 2}


def test_a_backward_jump_resumes_within_a_second(host):
    h = host()
    for index in range(3):
        h.pair(100_000 + index * 50)
        h.results(index + 1)
    h.runner.offer(Stream.RGB_IMAGE, picture("rgb", 100_150))
    h.runner.reset()
    started = time.monotonic()
    for index in range(3):
        h.pair(index * 50)
        time.sleep(0.05)
    assert h.results(6)[3:] == [0, 50, 100]
    assert time.monotonic() - started < 1.0
    assert h.session.dropped["rgb"] == 1


def test_parameters_change_before_the_next_result(host):
    h = host()
    h.pair(0)
    h.results(1)
    h.runner.reconfigure(with_values(Config(), {"output.max_depth_m": 4.0}))
    h.pair(100)
    h.results(2)
    depths = [output.message for output in h.published.of("depth/image")]
    first, second = (depth.data.view("float32") for depth in depths)
    assert first[0] == pytest.approx(5.0, rel=1e-3)
    assert second[0] == float("inf")  # 5 m are beyond 4 m now


def test_while_waiting_a_status_a_period_says_why(host):
    config = with_values(Config(), {"host.status_period_s": 0.1})
    h = host(config=config, known=False)
    missing = {"no_rgb", "no_thermal", "no_camera_info_rgb", "no_camera_info_thermal"}
    h.published.wait(lambda: len(h.published.of("status")) >= 2)
    for output in h.published.of("status"):
        assert output.message.mode == Mode.WAITING
        assert set(output.message.reasons) == missing
        assert abs(output.stamp_ns - time.time_ns()) < 10_000 * MS
    h.runner.offer(Stream.RGB_INFO, info("rgb"))
    h.runner.offer(Stream.THERMAL_INFO, info("thermal"))
    h.pair(0)
    h.published.wait(lambda: h.published.of("status")[-1].message.mode == Mode.THERMAL_ONLY)
    assert list(h.published.of("status")[-1].message.reasons) == ["no_extrinsics"]
    count = len(h.published.of("status"))
    h.published.wait(lambda: len(h.published.of("status")) > count)
    assert list(h.published.of("status")[-1].message.reasons) == ["no_extrinsics"]


def test_results_slower_than_the_status_are_no_waiting(host):
    h = host(config=with_values(Config(), {"host.status_period_s": 0.1}))
    h.pair(0)
    h.results(1)
    count = len(h.published.of("status"))
    for index in range(1, 5):
        time.sleep(0.3)
        h.pair(index * 300)
        h.results(index + 1)
        if index == 1:
            count = len(h.published.of("status"))  # after two results the rate is known
    modes = {output.message.mode for output in h.published.of("status")[count:]}
    assert Mode.WAITING not in modes
    h.published.wait(lambda: h.published.of("status")[-1].message.mode == Mode.WAITING)


def test_nobody_subscribed_nothing_computed_unless_asked(host):
    h = host(select=lambda index: set())
    for index in range(3):
        h.pair(index * 100)
        time.sleep(0.02)
    while h.runner.counters.processed < 3:
        time.sleep(0.005)
    assert h.engine.runs == 0
    assert h.published.outputs == []
    h.runner.reconfigure(with_values(Config(), {"host.always_compute": True}))
    h.pair(300)
    while h.engine.runs < 1:
        time.sleep(0.005)
    time.sleep(0.05)
    assert h.published.outputs == []
    assert h.session.statistics.outputs == 1


def test_stopping_drops_what_waits_and_starting_goes_on(host):
    h = host(delay_s=0.1)
    h.pair(0)
    while h.engine.runs == 0:
        time.sleep(0.005)
    h.pair(100)
    h.runner.stop()
    h.runner.stop()
    assert h.published.depths() == [0]
    h.pair(200)
    assert h.session.dropped == {"rgb": 2, "thermal": 2}
    h.runner.start()
    h.runner.start()
    h.pair(300)
    assert h.results(2) == [0, 300]


def test_many_cycles_leave_no_thread(host):
    h = host()
    before = threading.active_count()
    for index in range(50):
        h.runner.stop()
        h.runner.start()
        h.pair(index * 100)
    h.results(1)
    assert threading.active_count() == before


def test_a_stop_from_the_publishing_thread_does_not_wait_for_itself(host):
    h = host()
    publish = h.published
    h.runner._publish = lambda outputs: (publish(outputs), h.runner.stop())
    h.pair(0)
    h.results(1)
    h.runner.stop()


@pytest.mark.parametrize("seed", range(4))
def test_random_interleavings_count_every_picture(host, seed):
    """Cameras, parameters, resets, faults and readers on threads of their own."""
    h = host(delay_s=0.002)
    stop = threading.Event()
    errors = []

    def camera(name):
        random_ = random.Random(f"{seed}{name}")
        ms = 1000
        for _ in range(120):
            h.runner.offer(IMAGE_STREAMS[name], picture(name, ms))
            ms += random_.choice((5, 5, 5, 20, -400))
            time.sleep(random_.choice((0, 0.001, 0.003)))

    def disturb():
        random_ = random.Random(seed)
        while not stop.is_set():
            step = random_.randrange(5)
            if step == 0:
                h.runner.reset()
            elif step == 1:
                size = random_.choice((5, 20))
                h.runner.reconfigure(with_values(Config(), {"pairing.queue_size": size}))
            elif step == 2:
                h.engine.fault = random_.choice((None, ValueError("now and then")))
            elif step == 3:
                h.runner.offer(Stream.TF_STATIC, transforms())
            time.sleep(0.004)

    def read():
        try:
            while not stop.is_set():
                h.session.statistics.snapshot()
                assert all(count >= 0 for count in h.session.dropped.values())
                h.session.assembly.frames  # noqa: B018
                h.runner.watchdog.verdict(time.monotonic_ns())
        except Exception as error:
            errors.append(error)

    cameras = [threading.Thread(target=camera, args=(name,)) for name in ("rgb", "thermal")]
    others = [threading.Thread(target=target) for target in (disturb, read, read)]
    for thread in cameras + others:
        thread.start()
    for thread in cameras:
        thread.join()
    stop.set()
    for thread in others:
        thread.join()
    h.engine.fault = None
    h.runner.reset()
    h.runner.stop()
    assert errors == []
    assert {str(fault) for fault in h.faults} <= {"now and then"}
    # Every picture ended in a processed match or was counted as dropped.
    counters, statistics = h.runner.counters, h.session.statistics
    assert statistics.frames_in == {"rgb": 120, "thermal": 120}
    used = counters.processed
    for camera_ in Modality:
        assert 120 - h.session.dropped[camera_.value] <= used
    singles = 240 - sum(h.session.dropped.values()) - 2 * statistics.pairs
    assert singles == used - statistics.pairs
    # And it still works.
    count = len(h.published.depths())
    h.runner.start()
    for index in range(3):
        h.pair(500_000 + 50 * index)
        time.sleep(0.02)
    h.results(count + 1)
