from __future__ import annotations

import time

import numpy as np
import pytest

from rgbt_perception.config import Config, with_values
from rgbt_perception.errors import InputError
from rgbt_perception.hosting.graph import Endpoint
from rgbt_perception.hosting.interfaces import INPUT_TYPES, input_topics
from rgbt_perception.live.readiness import readiness
from rgbt_perception.live.sampling import Sampler
from rgbt_perception.recording.types import RosbagsFactory, typestore
from rgbt_perception.resources import share
from rgbt_perception.sensing.encode import (
    camera_info_message,
    image_message,
    static_transform_message,
)
from rgbt_perception.session import Stream

NAMES = input_topics()
FACTORY = RosbagsFactory()
TF = INPUT_TYPES[Stream.TF_STATIC]


class Graph:
    """Topics on which one message came each."""

    def __init__(self, recording_maker):
        self.samplers, self.offered = {}, {}
        for camera, size in (("rgb", (64, 48)), ("thermal", (40, 32))):
            frame, now = f"{camera}_optical_frame", time.time_ns()
            info = camera_info_message(FACTORY, recording_maker.camera(camera, size), now, frame)
            self.add(f"/{camera}/camera_info", "sensor_msgs/msg/CameraInfo", info)
            picture = recording_maker.picture(camera, 0)
            encoding = "rgb8" if camera == "rgb" else "mono16"
            image = image_message(FACTORY, picture, encoding, now, frame)
            self.add(f"/{camera}/image", "sensor_msgs/msg/Image", image)

    def add(self, topic, kind, message, *, reliable=True, latched=False):
        sampler = self.samplers.setdefault(topic, Sampler(kind))
        data = memoryview(bytes(typestore().serialize_cdr(message, kind)))
        sampler.take(topic, data, time.monotonic_ns())
        self.offered[topic] = [Endpoint("/somebody", kind, reliable, latched)]

    def connect(self, topic, parent, child, **offered):
        transform = static_transform_message(FACTORY, parent, child, np.eye(4), time.time_ns())
        self.add(topic, TF, transform, **offered)

    def judge(self, config=None):
        config = config or Config()
        return readiness(config, NAMES, self.samplers, lambda topic: self.offered.get(topic, []))


@pytest.fixture
def graph(recording_maker):
    # Made at its first use; the stamps of the first messages would be old by then.
    typestore()
    return Graph(recording_maker)


def test_everything_is_there(graph):
    for child in ("rgb_optical_frame", "thermal_optical_frame"):
        graph.connect("/tf_static", "base_link", child, latched=True)
    found = graph.judge()
    assert (found.missing, found.notes) == ((), ())
    assert found.frames == ("base_link", "rgb_optical_frame", "thermal_optical_frame")


def test_transforms_that_do_not_serve(graph):
    start = "/tf_static: nothing connects 'rgb_optical_frame' and 'thermal_optical_frame'; frames"
    assert graph.judge().missing == (f"{start} seen: none",)
    graph.connect("/tf", "rgb_optical_frame", "thermal_optical_frame")
    assert graph.judge().missing == (
        f"{start} seen: none; /tf connects them, but it has to be static",
    )
    graph.connect("/tf_static", "rgb_optical_frame", "thermal_optical_frame", latched=False)
    (line,) = graph.judge().missing
    assert line.startswith("/tf_static: incompatible QoS; offered ")


def test_a_rig_file_replaces_camera_info_and_transforms(graph):
    del graph.samplers["/rgb/camera_info"], graph.offered["/rgb/camera_info"]
    assert len(graph.judge().missing) == 1
    string = "std_msgs/msg/String"
    graph.add("/rig", string, FACTORY.make(string, data="not: a rig"), latched=True)
    assert any(line.startswith("/rig: ") for line in graph.judge().missing)
    text = next(share("config/rigs").glob("*.yaml")).read_text(encoding="utf-8")
    graph.add("/rig", string, FACTORY.make(string, data=text), latched=True)
    assert graph.judge().missing == ()


def test_a_wrong_type_and_a_frame_without_name(graph, recording_maker):
    graph.offered["/rgb/image"] = [Endpoint("/x", "std_msgs/msg/String", True, False)]
    del graph.samplers["/rgb/image"]
    info = camera_info_message(FACTORY, recording_maker.camera("rgb", (64, 48)), 1, "")
    graph.add("/rgb/camera_info", "sensor_msgs/msg/CameraInfo", info)
    found = graph.judge()
    assert len(found.missing) == 2
    assert found.missing[0].startswith("/rgb/image: wrong type; offered std_msgs/msg/String")
    assert found.missing[1] == "/rgb/camera_info: frame_id is empty"
    assert "/rgb/camera_info: stamps are " in found.notes[0]


def test_a_camera_info_of_another_size_is_told(graph, recording_maker):
    model = recording_maker.camera("thermal", (64, 48))
    info = camera_info_message(FACTORY, model, time.time_ns(), "thermal_optical_frame")
    graph.add("/thermal/camera_info", "sensor_msgs/msg/CameraInfo", info)
    graph.connect("/tf_static", "rgb_optical_frame", "thermal_optical_frame", latched=True)
    line = "/thermal/image: the picture is 40x32, but its camera_info is for 64x48"
    assert graph.judge().missing == (line,)


def test_what_perception_asks_for_decides_about_qos(graph):
    graph.connect("/tf_static", "rgb_optical_frame", "thermal_optical_frame", latched=True)
    graph.offered["/rgb/image"] = [Endpoint("/camera", "sensor_msgs/msg/Image", False, False)]
    assert graph.judge().missing == ()
    (line,) = graph.judge(with_values(Config(), {"qos.rgb_image": "reliable"})).missing
    assert line.startswith("/rgb/image: incompatible QoS; offered sensor_msgs/msg/Image, best")
    assert "by /camera; wanted sensor_msgs/msg/Image, reliable" in line


def test_a_rig_file_of_the_parameters_counts(graph):
    del graph.samplers["/rgb/camera_info"], graph.offered["/rgb/camera_info"]
    rig = next(share("config/rigs").glob("*.yaml"))
    assert graph.judge(with_values(Config(), {"rig": str(rig)})).missing == ()
    with pytest.raises(InputError, match=r"none\.yaml"):
        graph.judge(with_values(Config(), {"rig": "none.yaml"}))


def test_stamps_that_never_pair_are_told(graph, recording_maker):
    graph.connect("/tf_static", "rgb_optical_frame", "thermal_optical_frame", latched=True)
    # A thermal camera that is 0.33 s late by its own clock.
    for index in range(20):
        for camera, late_ms, encoding in (("rgb", 0, "rgb8"), ("thermal", 330, "mono16")):
            stamp = time.time_ns() + (index * 1000 + late_ms) * 1_000_000
            picture = recording_maker.picture(camera, index)
            message = image_message(FACTORY, picture, encoding, stamp, f"{camera}_optical_frame")
            graph.add(f"/{camera}/image", "sensor_msgs/msg/Image", message)
    (line,) = graph.judge().missing
    assert line.startswith("/rgb/image and /thermal/image: only 10 % of the pictures find one")
    assert "the thermal stamps are 0.3" in line
    assert "s ahead of the RGB ones" in line
    assert graph.judge(with_values(Config(), {"pairing.thermal_offset_s": 0.33})).missing == ()


def test_a_clock_that_is_ahead(graph, recording_maker):
    info = recording_maker.camera("rgb", (64, 48))
    stamp = time.time_ns() + 5_000_000_000
    for _ in range(3):
        message = camera_info_message(FACTORY, info, stamp, "rgb_optical_frame")
        graph.add("/rgb/camera_info", "sensor_msgs/msg/CameraInfo", message)
    assert graph.judge().notes[0].startswith("/rgb/camera_info: stamps are ")
    assert graph.judge().notes[0].endswith(" s ahead of this machine's clock")
