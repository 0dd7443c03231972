from __future__ import annotations

import threading
import time
from contextlib import suppress

import numpy as np
import pytest

from rgbt_perception.config import Config
from rgbt_perception.hosting.graph import Endpoint
from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.live import survey as survey_module
from rgbt_perception.live.play import PlayOptions, PlayReport, play
from rgbt_perception.live.survey import survey
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.sensing.encode import image_message

IMAGE = "sensor_msgs/msg/Image"
STRING = "std_msgs/msg/String"
SECONDS = 3.0


@pytest.fixture
def playing(network, recording_maker):
    """Plays a recording in a loop while the block runs."""
    threads = []
    begun, stop = threading.Event(), threading.Event()

    def start(**remade):
        for name, value in remade.items():
            setattr(recording_maker, name, value)

        path = recording_maker()

        def show(done, total):
            begun.set()
            if stop.is_set():
                raise KeyboardInterrupt

        def run():
            with suppress(KeyboardInterrupt):
                play(path, network, PlayOptions(loop=True, delay_s=0), PlayReport(), show)

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        assert begun.wait(60)

    yield start
    stop.set()
    for thread in threads:
        thread.join()


def look(network, **options):
    return survey(network, Config(), SECONDS, **options)


def test_a_complete_system_is_described_and_can_start(network, playing):
    playing()
    found = look(network)
    assert found.readiness.missing == ()
    assert found.readiness.inputs["rgb/image"] == "/rgb/image"
    assert found.readiness.frames == ("rgb_optical_frame", "thermal_optical_frame")
    assert found.nodes == ("/rgbt_play",)
    assert found.domain == network.domain
    topics = {topic.name: topic for topic in found.topics}
    assert set(topics) == {
        *("/rgb/image", "/rgb/camera_info", "/thermal/image", "/thermal/camera_info"),
        "/tf_static",
    }
    thermal = topics["/thermal/image"]
    assert thermal.type_names == (IMAGE,)
    assert thermal.publishers == (Endpoint("/rgbt_play", IMAGE, True, False),)
    assert (thermal.encoding, thermal.size) == ("mono16", (40, 32))
    assert thermal.frame_id == "thermal_optical_frame"
    assert thermal.received > 3
    # A loop of five pictures at 10 Hz leaves no pause between its passes.
    assert 2 < thermal.rate_hz < 20
    assert thermal.largest > 40 * 32 * 2
    # The recording is of November 2023.
    assert thermal.age_s > 86400
    assert any("recorded or simulated time" in note for note in found.readiness.notes)
    assert topics["/tf_static"].received >= 1


def test_what_is_missing_is_named(network, playing):
    playing(skip=lambda camera, index: camera == "thermal", extrinsics=False)
    lines = look(network).readiness.missing
    assert len(lines) == 2
    assert lines[0].startswith("/thermal/image: no publisher; wanted sensor_msgs/msg/Image")
    assert lines[1].startswith("/thermal/camera_info: no publisher; wanted")


def test_topics_under_other_names_are_offered_and_can_be_remapped(network, playing):
    playing(names={"rgb": "/left", "thermal": "/right"})
    line = look(network).readiness.missing[0]
    assert "then --remap rgb/image:=NAME" in line
    assert "/left/image, /right/image" in line
    remaps = {
        f"{camera}/{part}": f"{topic}/{part}"
        for camera, topic in (("rgb", "/left"), ("thermal", "/right"))
        for part in ("image", "camera_info")
    }
    assert look(network, remaps=remaps).readiness.missing == ()


def test_unusable_inputs_are_told(network, playing):
    def spoil(topic, index, message):
        if topic == "rgb/camera_info":
            message.k = np.zeros(9)
            message.p = np.zeros(12)
        if topic == "thermal/image":
            message.encoding = "no-such-encoding"
        if topic == "thermal/camera_info":
            message.header.frame_id = "elsewhere"
        return message

    playing(edit=spoil)
    lines = look(network).readiness.missing
    assert len(lines) == 3
    assert lines[0].startswith("/rgb/camera_info: ")
    assert lines[1].startswith("/thermal/image: ")
    assert "no-such-encoding" in lines[1]
    assert lines[2] == (
        "/tf_static: nothing connects 'rgb_optical_frame' and 'elsewhere'; "
        "frames seen: rgb_optical_frame, thermal_optical_frame"
    )


def test_mismatches_of_qos_and_type_are_told(network):
    with DdsNode("one", network=network) as one, DdsNode("two", network=network) as two:
        one.writer("/text", STRING, Qos(False, False, 5))
        two.reader("/text", STRING, Qos(True, False, 5), lambda *message: None)
        two.writer("/mixed", STRING, Qos(True, False, 5))
        one.writer("/mixed", IMAGE, Qos(True, False, 5))
        one.writer("/twice", IMAGE, Qos(True, False, 5))
        two.writer("/twice", IMAGE, Qos(True, False, 5))
        found = look(network)
    assert found.warnings == (
        "/mixed: has several types: sensor_msgs/msg/Image, std_msgs/msg/String",
        "/text: /one offers best effort, volatile, but /two wants reliable, volatile: "
        "it gets nothing from it",
        "/twice: has 2 publishers, whose messages mix: /one, /two",
    )


def test_messages_that_cannot_be_read_are_counted(network, peer):
    peer("bytes_only")
    found = look(network)
    (text,) = (topic for topic in found.topics if topic.name == "/text")
    assert (text.received, text.unreadable > 3) == (0, True)
    assert found.warnings == (f"/text: {text.unreadable} messages cannot be read as their type",)


def test_looking_does_not_make_perception_work(network):
    """Outputs are computed when somebody subscribes: none is looked at."""
    with DdsNode("perception", network=network) as node:
        reliable = Qos(True, False, 2)
        depth = node.writer("/perception/depth/image", IMAGE, reliable)
        status = node.writer("/perception/status", survey_module.STATUS, reliable)
        seen = {"depth": 0, "status": 0}
        running = threading.Event()

        def watch():
            while not running.wait(0.01):
                seen["depth"] = max(seen["depth"], depth.subscribers)
                seen["status"] = max(seen["status"], status.subscribers)

        watcher = threading.Thread(target=watch)
        watcher.start()
        topics = {topic.name: topic for topic in look(network).topics}
        running.set()
        watcher.join()
    assert seen == {"depth": 0, "status": 0}
    assert topics["/perception/depth/image"].received is None
    assert topics["/perception/status"].received is None


def test_large_messages_and_a_small_buffer_give_a_warning(network, monkeypatch):
    monkeypatch.setattr(survey_module, "allowed_bytes", lambda: 212_992)
    running = threading.Event()
    with DdsNode("camera", network=network) as node:
        writer = node.writer("/big", IMAGE, Qos(True, False, 1))
        picture = np.zeros((700, 500, 3), np.uint8)

        def send():
            while not running.wait(0.2):
                stamp = time.time_ns()
                writer.publish(image_message(RosbagsFactory(), picture, "rgb8", stamp, "camera"))

        sender = threading.Thread(target=send)
        sender.start()
        found = look(network)
        running.set()
        sender.join()
    assert found.warnings == (
        "the system allows receive buffers of 0.2 MB only, too small for messages of 1.1 MB on "
        "/big: sudo sysctl -w net.core.rmem_max=4194304",
    )
    (topic,) = found.topics
    assert 0 <= topic.age_s < 5
