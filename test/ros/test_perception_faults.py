import time

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from rclpy._rclpy_pybind11 import RCLError
from rclpy.publisher import Publisher
from ros_bench import PATIENT, PERIOD_NS, RELIABLE, SECOND, SIZES, Spinner

from rgbt_perception.frames import Mode
from rgbt_perception.nodes.rclpy_factory import message_class
from rgbt_perception.sensing.decode import stamp_of


def modes_after(rig, count):
    return {mode for mode in rig.modes[count:] if mode != Mode.WAITING}


def test_each_camera_drops_out_and_returns(bench):
    rig = bench()
    rig.ready("depth/image", "status")
    rig.feed_until(lambda: rig.both())
    rig.feed_until(lambda: rig.modes[-1] == Mode.THERMAL_ONLY, cameras=("thermal",))
    assert "rgb_lost" in rig.got["status"][-1].reasons
    count = len(rig.modes)
    rig.feed_until(lambda: rig.both(count))
    rig.feed_until(lambda: rig.modes[-1] == Mode.RGB_ONLY, cameras=("rgb",))
    # The reference camera is gone: its frame and size stay, the stamp is the colour picture's.
    rig.until(lambda: stamp_of(rig.got["depth/image"][-1]) == stamp_of(rig.got["status"][-1]))
    message = rig.got["depth/image"][-1]
    assert message.header.frame_id == "thermal_optical_frame"
    assert (message.width, message.height) == SIZES["thermal"]
    assert (stamp_of(message) - rig.start_ns) % PERIOD_NS == 0
    count = len(rig.modes)
    rig.feed_until(lambda: rig.both(count))


def test_both_cameras_drop_out_and_return(bench):
    rig = bench({"host.status_period_s": 0.2})
    rig.ready("depth/image", "status")
    rig.feed_until(lambda: rig.both())
    outputs = len(rig.got["depth/image"])
    rig.until(lambda: Mode.WAITING in rig.modes[-1:])
    rig.until(lambda: {"no_rgb", "no_thermal"} <= set(rig.got["status"][-1].reasons))
    assert len(rig.got["depth/image"]) - outputs <= 2
    count = len(rig.modes)
    assert rig.feed_until(lambda: rig.both(count)) <= SECOND


def test_frozen_thermal_is_not_used(bench):
    rig = bench()
    rig.ready("status")
    rig.feed_until(lambda: rig.both())
    still = rig.image("thermal", 0, 0)

    def freeze(camera, message):
        if camera == "thermal":
            message.data = still.data
        return message

    rig.feed_until(lambda: "thermal_frozen" in rig.got["status"][-1].reasons, edit=freeze)
    assert rig.modes[-1] == Mode.RGB_ONLY
    count = len(rig.modes)
    rig.feed_until(lambda: rig.both(count))


@pytest.mark.parametrize("delay_s", [0.1, 0.5])
def test_stream_that_comes_late_is_paired_by_its_stamps(bench, delay_s):
    rig = bench()
    rig.ready("depth/image", "status")
    late = round(delay_s * 1e9 / PERIOD_NS)
    infos = [rig.publishers[f"{camera}/camera_info"] for camera in SIZES]
    for index in range(30 + late):
        for camera, publisher, shift in zip(SIZES, infos, (0, late), strict=True):
            if index >= shift:
                stamp = rig.stamp(camera, index - shift)
                publisher.publish(rig.info(camera, stamp))
                message = rig.image(camera, index - shift, stamp)
                rig.publishers[f"{camera}/image"].publish(message)
        time.sleep(PERIOD_NS / 1e9)
    full = [s for s in rig.got["status"] if s.mode in (Mode.FULL, Mode.DEGRADED)]
    assert full  # how many is up to the machine
    assert {s.pair_offset.nanosec for s in full} == {4_000_000}


@pytest.mark.parametrize("delay_s", [1, 2, 5])
def test_stream_seconds_late_never_silences_the_other(bench, delay_s):
    rig = bench()
    rig.ready("depth/image", "status")
    rig.feed_until(lambda: rig.both())

    def delay(camera, message):
        if camera == "rgb":
            message.header.stamp.sec -= delay_s
        return message

    begin, first = rig.index, rig.stamp("thermal", rig.index)

    def after():
        stamps = [stamp_of(message) for message in rig.got["depth/image"]]
        return [stamp for stamp in stamps if stamp >= first]

    # Alone, or at the edge of the queue still paired: a second later at most.
    while not after():
        rig.send(edit=delay)
        time.sleep(PERIOD_NS / 1e9)
        assert rig.index - begin < 4 * SECOND
    rig.feed(20, edit=delay)
    assert len(after()) >= 10
    assert after() == sorted(after())
    # In time again, it is used again.
    count = len(rig.modes)
    rig.feed_until(lambda: rig.both(count))


@pytest.mark.parametrize("jump_s", [-10, 3600])
def test_seek_interrupts_for_less_than_a_second(bench, jump_s):
    rig = bench()
    rig.ready("status")
    rig.feed_until(lambda: rig.both())
    count = len(rig.modes)
    rig.start_ns += jump_s * 1_000_000_000
    assert rig.feed_until(lambda: rig.both(count)) <= SECOND


def test_pictures_without_a_stamp_are_refused_and_told(bench):
    rig = bench({"host.status_period_s": 0.1})
    rig.listen_diagnostics()
    rig.ready("status")
    rig.feed_until(lambda: rig.both())

    def unstamp(camera, message):
        if camera == "thermal":
            message.header.stamp.sec = message.header.stamp.nanosec = 0
        return message

    def told():
        found = [s.message for s in rig.statuses("thermal/image") if s.level > b"\0"]
        return any("stamp is 0 ns" in message for message in found)

    rig.feed_until(lambda: Mode.RGB_ONLY in rig.modes and told(), edit=unstamp)
    assert rig.got["status"][-1].rejected >= 1
    count = len(rig.modes)
    rig.feed_until(lambda: rig.both(count))


def test_encoding_may_change_while_it_runs(bench):
    rig = bench()
    rig.ready("status")
    rig.feed_until(lambda: rig.both())

    def flip(camera, message):
        if camera == "rgb":
            message.encoding = "bgr8"
        else:
            message.encoding = "mono8"
            message.step = message.width
            message.data = message.data[: message.width * message.height]
        return message

    count = len(rig.modes)
    rig.feed_until(lambda: len(rig.modes) >= count + 5, edit=flip)
    assert modes_after(rig, count + 1) <= {Mode.FULL, Mode.DEGRADED}


@pytest.mark.parametrize(
    ("fault", "word"),
    [("short", "data"), ("step", "step"), ("encoding", "rgb9"), ("size", "64x46")],
)
def test_corrupt_pictures_are_refused_told_and_recovered_from(bench, fault, word):
    rig = bench({"host.status_period_s": 0.1})
    rig.ready("status")
    rig.listen_diagnostics()
    rig.feed_until(lambda: rig.both())

    def corrupt(camera, message):
        if camera == "rgb":
            if fault == "short":
                message.data = message.data[:-7]
            elif fault == "step":
                message.step = 0
            elif fault == "encoding":
                message.encoding = "rgb9"
            else:
                message.height -= 2
                message.data = message.data[: message.height * message.step]
        return message

    def refused():
        return any("rgb_rejected" in s.reasons and s.mode == Mode.THERMAL_ONLY for s in statuses)

    def told():
        found = [s.message for s in rig.statuses("rgb/image") if s.level > b"\0"]
        return any(message.startswith("/rgb/image: ") and word in message for message in found)

    statuses = rig.got["status"]
    rig.feed_until(lambda: refused() and told(), edit=corrupt)
    assert rig.got["status"][-1].rejected >= 1
    count = len(rig.modes)
    rig.feed_until(lambda: rig.both(count))


def test_exception_inside_is_reported_and_output_resumes_within_a_second(bench):
    rig = bench()
    rig.ready("depth/image", "status")
    rig.feed_until(lambda: rig.both())
    engine = rig.perception._pipeline.engine
    run = engine.run

    def broken(inputs, outputs):
        raise MemoryError("no room")

    engine.run = broken
    rig.feed_until(lambda: Mode.FAULT in rig.modes)
    engine.run = run
    count = len(rig.got["depth/image"])
    assert rig.feed_until(lambda: len(rig.got["depth/image"]) > count) <= SECOND


def test_a_message_that_cannot_be_sent_is_counted_and_the_others_go_out(bench, monkeypatch, capfd):
    rig = bench({**PATIENT, "host.status_period_s": 0.1})
    rig.listen_diagnostics()
    rig.ready("depth/image", "confidence/image", "status")
    publish = Publisher.publish

    def full(publisher, message):
        if publisher.topic_name.endswith("depth/image"):
            raise RCLError("Failed to publish: cannot publish data")
        publish(publisher, message)

    monkeypatch.setattr(Publisher, "publish", full)

    def values():
        found = rig.statuses("perception: pipeline")
        return {v.key: v.value for v in found[-1].values} if found else {}

    def told():
        return [s for s in rig.statuses("perception: outputs") if s.level == b"\1"]

    rig.feed_until(lambda: rig.both() and int(values().get("unsent", 0)) > 1 and told())
    assert "/perception/depth/image: cannot be published (Failed to publish" in told()[-1].message
    assert values()["faults"] == "0"
    assert Mode.FAULT not in rig.modes
    assert "unsent" in rig.got["status"][-1].reasons
    assert rig.got["confidence/image"]
    assert not rig.got["depth/image"]
    assert capfd.readouterr().err.count("cannot be published") == 1
    monkeypatch.undo()
    rig.feed_until(lambda: rig.got["depth/image"])


def test_engine_slower_than_the_cameras_drops_old_pairs_and_stays_on_time(bench):
    rig = bench({"watchdog.warn_ms": 60_000.0, "watchdog.error_ms": 60_000.0})
    rig.ready("depth/image", "status")
    engine = rig.perception._pipeline.engine
    run = engine.run
    engine.run = lambda inputs, outputs: (time.sleep(0.2), run(inputs, outputs))[1]
    ages = []
    for _ in range(60):
        rig.send()
        time.sleep(PERIOD_NS / 1e9)
        if rig.got["depth/image"]:
            newest = stamp_of(rig.got["depth/image"][-1])
            ages.append((rig.stamp("thermal", rig.index - 1) - newest) / PERIOD_NS)
    last = rig.got["status"][-1]
    assert last.dropped_rgb > 20
    assert last.mode == Mode.DEGRADED
    assert "slow" in last.reasons
    # Two results' time, in frames, and what the loop itself takes.
    assert np.median(ages[20:]) <= 0.4e9 / PERIOD_NS + 3


def test_slow_subscriber_holds_up_nobody(bench):
    rig = bench(PATIENT)
    rig.ready("depth/image", "status")
    seen = []

    def slow(message):
        seen.append(message)
        time.sleep(0.5)

    other = type(rig.node)("slow", context=rig.context)
    other.create_subscription(
        message_class("sensor_msgs/msg/PointCloud2"), "/perception/points", slow, RELIABLE
    )
    spinner = Spinner(other, rig.context)
    rig.until(lambda: other.count_publishers("/perception/points"))
    count = len(rig.got["depth/image"])
    sent = rig.index
    rig.feed(40)
    time.sleep(0.2)
    sent = rig.index - sent
    spinner.close()
    other.destroy_node()
    dropped = rig.got["status"][-1].dropped_rgb  # by a machine that is busy elsewhere
    assert len(rig.got["depth/image"]) - count + dropped >= sent - 2
    assert 0 < len(seen) < sent
