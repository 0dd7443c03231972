"""The simulator and the evaluation as processes of their own."""

import json
import signal
import time

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from ros_launch import LATCHED
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage

from rgbt_perception.frames import Mode
from rgbt_perception.nodes.rclpy_factory import RclpyFactory
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.sensing.decode import depth_picture, stamp_of
from rgbt_perception.sensing.encode import image_message, string_message
from rgbt_perception.sensing.encode_status import status_message

FACTORY = RclpyFactory()


def test_the_sample_is_a_live_rig(start, ear):
    node = start("simulator", "frame_prefix:=front/")
    pictures = {
        camera: ear.hear(CompressedImage, f"/{camera}/image/compressed")
        for camera in ("rgb", "thermal")
    }
    infos = ear.hear(CameraInfo, "/thermal/camera_info")
    truth = ear.hear(CompressedImage, "/ground_truth/thermal/depth/image/compressedDepth")
    ear.wait(lambda: all(map(len, (*pictures.values(), infos, truth))))
    # Stamped with the present, and the two cameras as far apart as they were recorded.
    latest = {camera: stamp_of(found[-1]) for camera, found in pictures.items()}
    assert abs(latest["rgb"] - time.time_ns()) < 20e9
    assert stamp_of(infos[0]) == stamp_of(pictures["thermal"][0]) == stamp_of(truth[0])
    assert infos[0].header.frame_id == "front/thermal_optical_frame"
    assert np.isfinite(depth_picture(truth[0])).any()
    # Who comes late still gets what is said once.
    transforms = ear.hear(TFMessage, "/tf_static", LATCHED)
    rig = ear.hear(String, "/rig", LATCHED)
    ear.wait(lambda: len(transforms) >= 2 and rig)
    assert {t.child_frame_id for m in transforms for t in m.transforms} == {
        "front/rgb_optical_frame",
        "front/thermal_optical_frame",
    }
    assert "front/thermal_optical_frame" in rig[0].data
    assert node.end(signal.SIGINT) == 0, node.text
    assert "Traceback" not in node.text


def test_without_a_loop_the_simulator_ends_with_the_recording(start):
    node = start("simulator", "loop:=false", "speed:=50.0")
    assert node.end() == 0, node.text
    assert "Traceback" not in node.text


def test_topics_of_foreign_types_are_left_out_with_a_warning_each(start, recording_maker):
    store = get_typestore(Stores.ROS2_JAZZY)
    store.register(get_types_from_msg("uint8 x", "acme_msgs/msg/Thing"))
    thing = store.types["acme_msgs/msg/Thing"]
    path = recording_maker.folder / "bag"
    recording_maker("plain.mcap")
    with (
        Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer,
        RecordingReader(recording_maker.folder / "plain.mcap") as reader,
    ):
        known = {
            topic: writer.add_connection(topic, info.type, typestore=store)
            for topic, info in reader.topics.items()
        }
        foreign = writer.add_connection("/acme", "acme_msgs/msg/Thing", typestore=store)
        for item in reader.raw_messages():
            data = store.serialize_cdr(thing(x=1), "acme_msgs/msg/Thing")
            writer.write(foreign, item.time_ns, bytes(data))
            writer.write(known[item.topic], item.time_ns, item.data)
    node = start("simulator", f"recording:={path}", "loop:=false", "speed:=50.0")
    assert node.end() == 0, node.text
    assert node.text.count("/acme: left out, type acme_msgs/msg/Thing") == 1
    assert "Traceback" not in node.text


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (("recording:=/none.mcap",), "/none.mcap"),
        (("source:=film",), "source"),
        (("speed:=0.0",), "speed"),
        (("source:=rendering", "rgb_size:=wide"), "rgb_size is 'wide'"),
        (("seed:=two",), "seed"),
    ],
)
def test_a_bad_parameter_is_one_line_and_an_exit_code(start, parameters, expected):
    node = start("simulator", *parameters)
    assert node.end() == 1, node.text
    assert expected in node.text
    assert "Traceback" not in node.text


def labels_message(stamp_ns, person_columns):
    """Road, and people in the first columns."""
    labels = np.ones((32, 40), np.uint8)
    labels[:, :person_columns] = 8
    return image_message(FACTORY, labels, "mono8", stamp_ns, "thermal")


def outputs(stamp_ns, truth, factor):
    """What a perception would publish for one moment."""

    def image(array):
        return image_message(FACTORY, array.astype(np.float32), "32FC1", stamp_ns, "thermal")

    status = status_message(
        FACTORY,
        stamp_ns=stamp_ns,
        frame_id="thermal",
        mode=Mode.FULL,
        reasons=(),
        offset_ns=0,
        stages={"depth_engine": 12.5},
        pairs=1,
        dropped_rgb=0,
        dropped_thermal=0,
        rejected=0,
        mean_confidence=0.5,
        depth_model="",
        scene_model="",
        engine="",
    )
    return {
        "depth/image": image(truth * factor),
        "confidence/image": image(np.full_like(truth, 0.5)),
        **{f"debug/depth/{name}": image(truth * 1.5) for name in ("rgb", "thermal", "ungated")},
        "semantic/image": labels_message(stamp_ns, 10),
        "status": status,
    }


def test_depth_and_labels_are_scored_against_the_truth_they_meet(start, ear, tmp_path):
    node = start("evaluation", f"out:={tmp_path}", "print_period_s:=0.5", "warn_abs_rel:=0.05")
    truth = np.linspace(2.0, 30.0, 32 * 40, dtype=np.float32).reshape(32, 40)
    first = outputs(1, truth, 1.1)
    senders = {
        t: ear.node.create_publisher(type(m), f"/perception/{t}", 10) for t, m in first.items()
    }
    truths = ear.node.create_publisher(Image, "/ground_truth/thermal/depth/image", 10)
    true_labels = ear.node.create_publisher(Image, "/ground_truth/thermal/labels/image", 10)
    scenes = ear.node.create_publisher(String, "/ground_truth/scene", LATCHED)
    scene = json.dumps({"scene": "street", "light": "day", "weather": "rain"})
    scenes.publish(string_message(FACTORY, scene))
    diagnostics = ear.hear(DiagnosticArray, "/diagnostics")
    ear.wait(
        lambda: all(
            s.get_subscription_count() for s in (*senders.values(), truths, true_labels, scenes)
        )
    )
    number = 0

    def send():
        nonlocal number
        number += 1
        stamp_ns = number * 100_000_000
        truths.publish(image_message(FACTORY, truth, "32FC1", stamp_ns, "thermal"))
        true_labels.publish(labels_message(stamp_ns, 20))
        for topic, message in outputs(stamp_ns, truth, 1.1).items():
            senders[topic].publish(message)

    def statuses():
        return [s for m in diagnostics for s in m.status if s.name.startswith("/evaluation")]

    def scored():
        # Again and again: the other end may not know all publishers yet.
        send()
        time.sleep(0.05)
        values = {v.key: v.value for s in statuses()[-1:] for v in s.values}
        return int(values.get("scored", 0)) >= 5

    ear.wait(scored)
    last = statuses()[-1]
    assert last.level == b"\x01"
    assert "abs_rel 0.100" in last.message
    assert "above 0.05" in last.message
    assert node.end(signal.SIGINT) == 0, node.text
    assert "Traceback" not in node.text
    assert "mIoU" in node.text
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    iou = metrics["conditions"]["street/day/rain"]["segmentation"]["fused"]["iou"]
    assert iou == pytest.approx({"road": 2 / 3, "person": 1 / 2})
    assert metrics["conditions"]["street/day/rain"]["depth"]["fused"]["abs_rel"] == pytest.approx(
        0.1
    )
    assert metrics["latency_ms"]["depth_engine"]["p50"] == pytest.approx(12.5, rel=0.02)


def test_the_evaluation_says_what_it_waits_for(start, ear):
    node = start("evaluation")
    diagnostics = ear.hear(DiagnosticArray, "/diagnostics")
    ear.wait(lambda: diagnostics)
    assert diagnostics[0].status[0].message == "nothing on /perception/depth/image yet"
    assert node.end(signal.SIGTERM) == 0, node.text
    assert "Traceback" not in node.text
