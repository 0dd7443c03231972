from __future__ import annotations

import threading
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.errors import InputError
from rgbt_perception.geometry.rig import rig_from_yaml
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.recording.streaming import Pace, recorded_stream, rename_rig_frames, restamp
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.resources import share
from rgbt_perception.sensing.encode import (
    image_message,
    static_transform_message,
    string_message,
)

SAMPLE = share("samples/night_smoke.mcap")
FACTORY = RosbagsFactory()
SECOND = 1_000_000_000


class Steady:
    """A clock that a pace moves by waiting, and a test by hand."""

    def __init__(self) -> None:
        self.now_ns = 5 * SECOND
        self.waited: list[float] = []

    def __call__(self) -> int:
        return self.now_ns

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        self.now_ns += round(seconds * SECOND)
        return False


def pace(speed: float = 1.0) -> tuple[Pace, Steady]:
    clock = Steady()
    return Pace(speed, clock, clock), clock  # type: ignore[arg-type]


def test_a_recording_comes_in_its_own_time() -> None:
    items = list(recorded_stream(SAMPLE, loop=False))
    with RecordingReader(SAMPLE) as reader:
        assert len(items) == reader.count(reader.topics)
    assert items[0].due_ns == 0
    assert all(a.due_ns <= b.due_ns for a, b in pairwise(items))
    assert {i.topic for i in items if i.latched} == {"/tf_static", "/rig", "/ground_truth/scene"}


def test_a_loop_goes_on_one_frame_later() -> None:
    once = list(recorded_stream(SAMPLE, loop=False))
    twice = list(islice(recorded_stream(SAMPLE, loop=True), 2 * len(once)))
    begin = twice[len(once)].due_ns
    gap_s = (begin - once[-1].due_ns) / SECOND
    assert 0.09 < gap_s < 0.11  # 10 Hz
    assert [i.due_ns + begin for i in once] == [i.due_ns for i in twice[len(once) :]]
    assert [i.topic for i in once] == [i.topic for i in twice[len(once) :]]


def test_a_missing_recording_is_named() -> None:
    with pytest.raises(InputError, match=r"/none\.mcap"):
        next(recorded_stream(Path("/none.mcap"), loop=True))


def test_topics_of_no_use_are_left_out() -> None:
    asked = []

    def usable(topic: str, type_name: str) -> bool:
        asked.append((topic, type_name))
        return topic.startswith("/rgb/")

    items = list(recorded_stream(SAMPLE, False, usable))
    assert {item.topic for item in items} == {"/rgb/image/compressed", "/rgb/camera_info"}
    assert items[0].due_ns == 0
    assert ("/tf_static", "tf2_msgs/msg/TFMessage") in asked
    with pytest.raises(InputError, match="no topic of a type that is known here"):
        next(recorded_stream(SAMPLE, True, lambda topic, type_name: False))


def test_a_pace_waits_and_scales_with_the_speed() -> None:
    wait, clock = pace(speed=2.0)
    assert wait.wait(0) == 0
    assert wait.wait(SECOND) == SECOND // 2
    assert clock.waited == [0.5]


def test_a_slow_source_delays_what_follows_and_stamps_stay_of_the_present() -> None:
    wait, clock = pace()
    wait.wait(0)
    clock.now_ns += 3 * SECOND
    assert wait.wait(SECOND) == 3 * SECOND
    assert wait.slipped_ns == 2 * SECOND
    # The second camera's picture of that moment keeps its distance.
    assert wait.wait(SECOND + 10_000_000) == 3 * SECOND + 10_000_000
    assert clock.waited == [0.01]


def test_messages_of_one_moment_get_one_stamp_however_late() -> None:
    wait, clock = pace()
    wait.wait(0)
    first = wait.wait(SECOND)
    clock.now_ns += 10 * SECOND
    assert wait.wait(SECOND) == first


def test_waiting_ends_when_stopped() -> None:
    stopped = threading.Event()
    stopped.set()
    wait = Pace(1.0, stopped)
    wait.wait(0)
    wait.wait(3600 * SECOND)  # would be an hour


@given(st.integers(0, 2**31 * SECOND), st.integers(-(2**31) * SECOND, 2**31 * SECOND))
def test_restamping_adds(stamp_ns: int, shift_ns: int) -> None:
    message = image_message(FACTORY, np.zeros((1, 1), np.uint8), "mono8", stamp_ns, "camera")
    restamp(message, shift_ns, "front/")
    stamp = message.header.stamp
    assert stamp.sec * SECOND + stamp.nanosec == stamp_ns + shift_ns
    assert 0 <= stamp.nanosec < SECOND
    assert message.header.frame_id == "front/camera"


def test_both_frames_of_a_transform_are_renamed() -> None:
    message = static_transform_message(FACTORY, "base", "camera", np.eye(4), 7)
    restamp(message, 3, "rear/")
    (stamped,) = message.transforms
    assert (stamped.header.frame_id, stamped.child_frame_id) == ("rear/base", "rear/camera")
    assert stamped.header.stamp.nanosec == 10


def test_the_rig_follows_the_frames() -> None:
    with RecordingReader(SAMPLE) as reader:
        message = next(reader.messages(["/rig"])).value
    before = rig_from_yaml(message.data, "rig")
    rename_rig_frames(message, "front/")
    after = rig_from_yaml(message.data, "rig")
    assert after.rgb.frame_id == "front/" + before.rgb.frame_id
    assert after.thermal.frame_id == "front/" + before.thermal.frame_id
    assert after.thermal.raw == before.thermal.raw
    assert np.allclose(after.thermal_T_rgb, before.thermal_T_rgb)
    stranger = string_message(FACTORY, "left of the door")
    rename_rig_frames(stranger, "front/")
    assert stranger.data == "left of the door"
