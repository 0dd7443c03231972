"""One recording through all three hosts: the same messages, to the bit."""

import os
import pickle
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

import host_outputs
from host_outputs import CONFIG, TOPICS, by_stamp, replayed
from rclpy.serialization import deserialize_message, serialize_message
from ros_bench import DOMAIN, LATCHED

from rgbt_perception.config import changed_values
from rgbt_perception.nodes.rclpy_factory import message_class
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.recording.types import typestore
from rgbt_perception.session import Session

# A skip while the file is imported would skip the whole folder: launch_testing's plugin is loaded.
pytestmark = pytest.mark.skipif(find_spec("cyclonedds") is None, reason="needs the extra [live]")

PROGRAM = Path(host_outputs.__file__).with_name("live_outputs.py")


def lived(bag, out):
    """By the host on DDS, in a process of its own: it brings its own Cyclone DDS."""
    words = [sys.executable, str(PROGRAM), str(bag), str(DOMAIN - 40), str(out)]
    own = {k: v for k, v in os.environ.items() if k != "CYCLONEDDS_URI"}
    subprocess.run(words, check=True, timeout=120, env=own)
    return pickle.loads(out.read_bytes())


def in_ros(message):
    data = typestore().serialize_cdr(message.value, message.type)
    return deserialize_message(bytes(data), message_class(message.type))


def out_of_ros(message, kind):
    return typestore().deserialize_cdr(serialize_message(message), kind)


def through_ros(bench, bag):
    """By the rclpy node, picture by picture: how fast the machine is decides nothing."""
    rig = bench({"engine.name": "auto", "output.cloud_stride": 1, **changed_values(CONFIG)})
    rig.listen(*TOPICS)
    with RecordingReader(bag) as reader:
        messages = list(reader.messages())
    for message in messages:
        latched = {"qos": LATCHED} if message.topic == "/tf_static" else {}
        rig.publisher(message.topic, message.type, **latched)
    rig.start()
    rig.matched()
    runner = rig.perception._active.runner
    assert type(runner.session) is Session
    for topic in ("/tf_static", "/rgb/camera_info", "/thermal/camera_info"):
        rig.publishers[topic].publish(in_ros(next(m for m in messages if m.topic == topic)))
    rig.until(lambda: runner.session.extrinsics_known)
    received, counters, pictures = runner.session.statistics.frames_in, runner.counters, 0
    for message in messages[1:]:
        rig.publishers[message.topic].publish(in_ros(message))
        if not message.topic.endswith("camera_info"):
            pictures += 1
            rig.until(lambda due=pictures: received.total() == due)
            rig.until(lambda: counters.processed == counters.matches)
    due = pictures // 2

    def results():
        return [
            (topic, message)
            for topic, got in rig.got.items()
            for message in list(got)
            if topic != "status" or message.mode
        ]

    rig.until(lambda: len(results()) == due * len(TOPICS))
    return by_stamp((topic, out_of_ros(message, TOPICS[topic])) for topic, message in results())


@pytest.mark.parametrize("compressed", [False, True])
def test_three_hosts_give_the_same(bench, recording_maker, tmp_path, compressed):
    recording_maker.compressed = compressed
    bag = recording_maker()
    expected = replayed(bag, tmp_path / "out")
    assert len(expected) == 5 * len(TOPICS)
    assert through_ros(bench, bag) == expected
    if not compressed:
        assert lived(bag, tmp_path / "lived") == expected
