"""What goes wrong on a robot, and that output goes on: the cameras are in another process."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from itertools import pairwise

import pytest

pytest.importorskip("cyclonedds", reason="needs the extra [live]")

from cyclonedds.core import DDSException
from cyclonedds.pub import DataWriter
from host_bench import NETWORK, SOON
from rig_peer import SIZES, START_NS

from rgbt_perception.frames import Mode
from rgbt_perception.live.overview import overview
from rgbt_perception.live.play import PlayOptions, PlayReport, play
from rgbt_perception.sensing.decode import stamp_of


@pytest.mark.parametrize(
    ("silent", "mode"), [("rgb", Mode.THERMAL_ONLY), ("thermal", Mode.RGB_ONLY)]
)
def test_a_camera_drops_out_and_returns(start, cameras, feed, inbox, ready, until, silent, mode):
    host = start(**SOON)
    ready(host, inbox)
    feed(host, first_ms=0, count=5)
    left = "rgb" if silent == "thermal" else "thermal"
    feed(host, first_ms=200, count=25, cameras_that_send=[left])
    until(lambda: mode in inbox.modes())
    assert next(s.reasons for s in inbox["status"] if s.mode == mode) == [f"{silent}_lost"]
    feed(host, first_ms=1200, count=5)
    until(lambda: inbox.modes()[-1] == Mode.FULL)
    assert set(inbox.modes()) == {Mode.FULL, mode}


def test_both_cameras_stop_and_return(start, cameras, feed, inbox, ready, until):
    host = start()
    ready(host, inbox)
    feed(host, first_ms=0, count=3)
    until(lambda: inbox.said("no_rgb", "no_thermal"), "waiting is said again")
    assert host.mode()[0] == Mode.WAITING
    feed(host, first_ms=3000, count=3)
    until(lambda: inbox.modes() == [Mode.FULL] * 6)


def test_a_clock_that_jumps_back(start, cameras, feed, inbox, ready, until):
    host = start()
    ready(host, inbox)
    feed(host, first_ms=60_000, count=4)
    feed(host, first_ms=0, count=8)

    def at_the_end():
        full = [stamp_of(s) - START_NS for s in inbox["status"] if s.mode == Mode.FULL]
        return full and full[-1] == (4 + 7 * 40) * 1_000_000

    until(at_the_end)
    assert len(inbox.modes()) >= 10


def test_a_frozen_thermal_camera(start, cameras, feed, inbox, ready, until):
    host = start()
    ready(host, inbox)
    feed(host, first_ms=0, count=10, frozen=True)
    until(lambda: inbox.modes() and inbox.modes()[-1] == Mode.RGB_ONLY)
    assert list(inbox.last().reasons) == ["thermal_frozen"]
    feed(host, first_ms=1000, count=3)
    until(lambda: inbox.modes()[-1] == Mode.FULL)


def test_a_late_thermal_stream_does_not_silence_rgb(start, cameras, inbox, ready, until):
    host = start(**SOON)
    ready(host, inbox)
    cameras("pictures", first_ms=0, count=5)
    cameras("pictures", first_ms=6000, count=25, behind_ms=5000)
    until(lambda: Mode.RGB_ONLY in inbox.modes())
    stamps = [stamp_of(s) for s in inbox["status"] if s.mode == Mode.FULL]
    # What is stamped as fused was seen by both at that moment.
    assert all(stamp - START_NS < 300_000_000 for stamp in stamps)


@pytest.mark.parametrize("late", [3, 12])
def test_pictures_that_come_late_are_paired_by_their_stamps(
    start, cameras, inbox, ready, until, late
):
    """By 0.12 and 0.48 s, while the other camera goes on."""
    host = start()
    ready(host, inbox)
    cameras("pictures", first_ms=0, count=15, late=late)
    until(lambda: host.runner.counters.processed == host.runner.counters.matches >= 15)
    until(lambda: len(inbox.modes()) + host.session.dropped["rgb"] >= 15)
    full = [status for status in inbox["status"] if status.mode in (Mode.FULL, Mode.DEGRADED)]
    assert len(full) + host.session.dropped["rgb"] == 15
    assert full
    assert {status.pair_offset.nanosec for status in full} == {4_000_000}


def test_a_recording_in_a_loop(start, recording_maker, inbox, until):
    """What `rgbt play --loop` does: the stamps jump back at every start."""
    host = start(**SOON)
    inbox.subscribe("status")
    enough = threading.Event()

    def show(done, total):
        if enough.is_set():
            raise KeyboardInterrupt

    def run():
        with suppress(KeyboardInterrupt):
            play(recording_maker(), NETWORK, PlayOptions(loop=True), PlayReport(), show)

    playing = threading.Thread(target=run)
    playing.start()

    def passes():
        stamps = [stamp_of(status) for status in inbox["status"] if status.mode == Mode.FULL]
        return sum(later < earlier for earlier, later in pairwise(stamps))

    try:
        until(lambda: passes() >= 3)
    finally:
        enough.set()
        playing.join()
    assert host.runner.counters.faults == 0


def test_camera_info_absent_late_zero_and_resized(start, cameras, feed, inbox, until):
    host = start()
    inbox.subscribe("status", "depth/image")
    for camera in SIZES:
        cameras("advertise", topic=f"/{camera}/image")
    cameras("tf")

    def absence_is_told():
        cameras("pictures", first_ms=absence_is_told.ms, count=1)
        absence_is_told.ms += 40
        return inbox.said("no_camera_info_rgb", "no_camera_info_thermal")

    absence_is_told.ms = 0
    until(absence_is_told)
    assert inbox["depth/image"] == []
    cameras("info", camera="rgb", zero=True)
    until(lambda: len(host.node.endpoints("/rgb/camera_info")) == 1)

    def zero_is_refused():
        cameras("info", camera="rgb", zero=True)
        cameras("info", camera="thermal")
        feed(host, first_ms=zero_is_refused.ms, count=2)
        zero_is_refused.ms += 80
        host.monitor.check(host.inputs.offers())
        return any("rgb/camera_info" in problem.text for problem in host.monitor.problems)

    # Stamps go on from where they are: on a fast machine that is far.
    zero_is_refused.ms = absence_is_told.ms + 10_000
    until(zero_is_refused)
    assert Mode.FULL not in inbox.modes()

    def full_after_info():
        # Both: the thermal one's first message may have been sent before it was found.
        for camera in SIZES:
            cameras("info", camera=camera)
        feed(host, first_ms=full_after_info.ms, count=2)
        full_after_info.ms += 80
        return Mode.FULL in inbox.modes()

    full_after_info.ms = zero_is_refused.ms + 10_000
    until(full_after_info)
    # The size of the info no longer fits the pictures.
    seen = len(inbox["status"])

    def resized():
        cameras("info", camera="rgb", size=(32, 24))
        feed(host, first_ms=full_after_info.ms, count=2)
        full_after_info.ms += 80
        return any("rgb_rejected" in s.reasons for s in inbox["status"][seen:])

    until(resized)


def test_transforms_that_come_late(start, cameras, feed, inbox, until):
    host = start()
    inbox.subscribe("status")
    for camera in SIZES:
        cameras("advertise", topic=f"/{camera}/image")

    def waits_for_tf():
        for camera in SIZES:
            cameras("info", camera=camera)
        return inbox.said("no_rgb", "no_thermal", "no_extrinsics")

    until(waits_for_tf)
    feed(host, first_ms=0, count=3)
    until(lambda: Mode.THERMAL_ONLY in inbox.modes())
    assert Mode.FULL not in inbox.modes()
    cameras("tf")

    def full():
        feed(host, first_ms=full.ms, count=2)
        full.ms += 80
        return Mode.FULL in inbox.modes()

    full.ms = 1000
    until(full)
    assert host.runner.counters.faults == 0


def test_broken_pictures_other_encodings_and_recovery(start, cameras, feed, inbox, ready, until):
    host = start()
    ready(host, inbox)
    feed(host, first_ms=0, count=3)
    feed(host, first_ms=120, count=3, broken=True)
    feed(host, first_ms=240, count=3, thermal="mono8")
    until(lambda: inbox.modes() == [Mode.FULL] * 6)
    assert host.session.statistics.snapshot().rejected == {"rgb": 3, "thermal": 3}
    host.monitor.check(host.inputs.offers())
    assert any("image" in problem.text for problem in host.monitor.problems)
    assert host.runner.counters.faults == 0


def test_what_is_no_message_is_refused_like_a_broken_picture(
    start, cameras, feed, inbox, ready, until, caplog
):
    host = start()
    ready(host, inbox)
    feed(host, first_ms=0, count=2)
    rejected = host.session.statistics.rejected
    for count in range(1, 6):
        cameras("unreadable", camera="rgb")
        until(lambda: rejected["rgb"] == count)  # noqa: B023
    assert rejected["thermal"] == 0
    for _ in range(3):
        host.monitor.check(host.inputs.offers())
    (problem,) = host.monitor.problems
    assert problem.text.startswith("/rgb/image: ")
    assert "bytes are not a readable sensor_msgs/msg/Image" in problem.text
    assert sum("not a readable" in record.message for record in caplog.records) == 1
    feed(host, first_ms=120, count=2)
    until(lambda: inbox.modes() == [Mode.FULL] * 4)
    assert inbox.last().rejected == 5


def test_a_subscriber_that_stands_still_holds_up_nobody(start, feed, inbox, ready, until, peer):
    host = start()
    ready(host, inbox)
    inbox.subscribe("depth/image")
    slow = peer("listens", "/perception/depth/image", at=NETWORK)
    until(lambda: host.publishers.subscribers()["/perception/depth/image"] == 2)
    feed(host, first_ms=0, count=3)
    os.kill(slow.pid, signal.SIGSTOP)
    try:
        feed(host, first_ms=120, count=20)
        until(lambda: len(inbox["depth/image"]) == 23)
        assert host.session.statistics.snapshot().latencies["publish"]["p99"] < 500
    finally:
        os.kill(slow.pid, signal.SIGCONT)
    feed(host, first_ms=920, count=3)
    until(lambda: len(inbox["depth/image"]) == 26)
    out, _ = slow.communicate(timeout=60)
    count, last = map(int, out.split())
    # It missed what it could not take, and has the newest.
    assert 6 <= count < 26
    assert last == START_NS + 1_004_000_000


def test_an_exception_in_the_engine_is_told_and_the_next_pair_is_computed(
    start, cameras, feed, inbox, ready, until, caplog
):
    host = start()
    ready(host, inbox)
    host.engine.failures = 1
    feed(host, first_ms=0, count=4)
    until(lambda: inbox.modes().count(Mode.FULL) == 3)
    fault = next(s for s in inbox["status"] if s.mode == Mode.FAULT)
    assert list(fault.reasons) == ["exception"]
    assert stamp_of(fault) == START_NS + 4_000_000
    assert sum("told to fail" in record.message for record in caplog.records) == 1


def test_a_slow_engine_takes_the_newest_pair_and_counts(start, cameras, inbox, ready, until):
    host = start()
    ready(host, inbox)
    enough = threading.Event()
    host.engine.before = lambda: enough.wait(60)
    # The first pair is certain when the second one comes.
    cameras("pictures", first_ms=0, count=2)
    until(lambda: host.engine.runs == 1)
    cameras("pictures", first_ms=80, count=10)
    until(lambda: host.runner.counters.matches == 12)
    enough.set()
    until(lambda: len(inbox.modes()) == 2)
    first, second = (status for status in inbox["status"] if status.mode != Mode.WAITING)
    assert (stamp_of(first) - START_NS, first.mode) == (4_000_000, Mode.FULL)
    assert stamp_of(second) - START_NS == (4 + 11 * 40) * 1_000_000
    assert (second.mode, list(second.reasons)) == (Mode.DEGRADED, ["slow"])
    assert second.dropped_rgb == second.dropped_thermal == 10


def test_what_a_subscriber_does_not_keep_up_with_is_counted(
    start, feed, inbox, ready, until, monkeypatch, caplog
):
    host = start()
    ready(host, inbox)
    inbox.subscribe("depth/image")
    until(lambda: "depth/image" in host.publishers.wanted(), "discovery")
    write = DataWriter.write

    def full(writer, sample):
        if writer.topic.name.endswith("depth/image"):
            raise DDSException(DDSException.DDS_RETCODE_TIMEOUT)
        write(writer, sample)

    monkeypatch.setattr(DataWriter, "write", full)
    feed(host, first_ms=0, count=3)
    until(lambda: inbox.modes() == [Mode.FULL] * 3)
    host.monitor.check(host.inputs.offers())
    findings = {found.name: found for found in host.monitor.findings}
    values = findings["pipeline"].values
    assert (values["unsent"], values["faults"]) == ("3", "0")
    slow = "/perception/depth/image: a reliable subscriber does not keep up"
    assert findings["outputs"].message.startswith(f"{slow}; 3 messages not sent so far")
    assert list(inbox.last().reasons) == ["unsent"]
    assert overview(host).counters["not sent"] == 3
    assert sum(slow in record.message for record in caplog.records) == 1
    assert inbox["depth/image"] == []
