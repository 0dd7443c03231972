import time

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from ros_bench import PATIENT, PERIOD_NS, SIZES

from rgbt_perception.frames import Mode
from rgbt_perception.hosting.interfaces import output_qos
from rgbt_perception.nodes.qos import profile
from rgbt_perception.nodes.rclpy_factory import message_class
from rgbt_perception.outputs import TOPICS
from rgbt_perception.sensing.decode import depth_picture, stamp_of


def send_settled(rig):
    """Send a pair that is certain at once: the next pictures are here, and wait in their turn."""
    stamp = rig.send()
    rig.send()
    return stamp


def test_every_output_comes_with_its_type_stamp_frame_encoding_and_size(bench):
    # A pair that stands for itself, however slow the machine is.
    rig = bench({**PATIENT, "watchdog.warn_ms": 60_000.0, "watchdog.error_ms": 60_000.0})
    rig.ready()
    stamp = send_settled(rig)
    rig.until(lambda: rig.both() and all(rig.got[topic] for topic in TOPICS))
    rig.got["status"] = [status for status in rig.got["status"] if status.mode != Mode.WAITING]
    width, height = SIZES["thermal"]
    for topic, kind in TOPICS.items():
        (message,) = rig.got[topic]
        assert isinstance(message, message_class(kind))
        assert stamp_of(message) == stamp, topic
        assert message.header.frame_id == "thermal_optical_frame", topic
        if kind == "sensor_msgs/msg/Image":
            assert message.encoding == "32FC1"
        if hasattr(message, "width") and topic != "points":
            assert (message.width, message.height) == (width, height), topic
    np.testing.assert_allclose(depth_picture(rig.got["depth/image"][0]), 10.0)
    (info,) = rig.got["depth/camera_info"]
    assert info.k[0] == pytest.approx(0.8 * width)
    assert info.distortion_model == "plumb_bob"
    assert not any(info.d)
    (status,) = rig.got["status"]
    assert (status.mode, status.reasons) == (Mode.FULL, [])
    assert status.pair_offset.nanosec == 4_000_000


def test_a_scene_network_adds_its_outputs(bench):
    rig = bench({**PATIENT, "scene.model": "any"})
    pictures = {"fused/image": "rgb8", "semantic/image": "mono8", "semantic/colored": "rgb8"}
    rig.ready("status", *pictures)
    # Sent when the node began, before anybody listened.
    rig.listen("semantic/label_info", qos=profile(output_qos("semantic/label_info")))
    rig.until(lambda: rig.got["semantic/label_info"])
    (info,) = rig.got["semantic/label_info"]
    assert [c.class_name for c in info.class_map][8] == "person"
    stamp = send_settled(rig)
    rig.until(lambda: all(rig.got[topic] for topic in pictures))
    for topic, encoding in pictures.items():
        (message,) = rig.got[topic]
        assert (message.encoding, stamp_of(message)) == (encoding, stamp)
        assert (message.width, message.height) == SIZES["thermal"]
    rig.until(lambda: any(s.mode == Mode.FULL for s in rig.got["status"]))
    assert rig.got["status"][-1].scene_model == "constant_scene"


def test_cloud_is_organised_and_reads_with_the_tools_of_ros(bench):
    point_cloud2 = pytest.importorskip("sensor_msgs_py.point_cloud2")
    rig = bench({**PATIENT, "output.cloud_stride": 2})
    rig.ready("points")
    send_settled(rig)
    rig.until(lambda: rig.got["points"])
    (cloud,) = rig.got["points"]
    assert (cloud.height, cloud.width, cloud.point_step) == (16, 20, 28)
    names = [field.name for field in cloud.fields]
    assert names == ["x", "y", "z", "rgb", "temperature", "confidence", "label"]
    points = point_cloud2.read_points(cloud).reshape(cloud.height, cloud.width)
    np.testing.assert_allclose(points["z"], 10.0)
    # x grows along the rows and y down the columns; a transposed cloud would mix them up.
    assert (np.diff(points["x"], axis=1) > 0).all()
    assert (np.diff(points["y"], axis=0) > 0).all()
    np.testing.assert_allclose(np.diff(points["x"], axis=0), 0, atol=1e-5)


def test_every_pair_gives_one_output(bench):
    rig = bench(PATIENT)
    rig.ready("depth/image", "status")
    # Until the rate is known, a pair may wait for the next pictures.
    rig.feed(12)
    rig.send()
    rig.until(lambda: stamp_of(newest(rig)) == rig.stamp("thermal", rig.index - 1))
    rig.got["depth/image"].clear()
    stamps = []
    for _ in range(30):
        stamps.append(rig.send())
        rig.until(lambda: rig.got["depth/image"] and stamp_of(newest(rig)) == stamps[-1])
    time.sleep(0.2)
    assert [stamp_of(message) for message in rig.got["depth/image"]] == stamps


def newest(rig):
    return rig.got["depth/image"][-1]


def test_outputs_are_reliable_and_sensors_are_heard_with_best_effort(bench):
    rig = bench()
    rig.ready("depth/image")
    node = rig.node
    (out,) = node.get_publishers_info_by_topic("/perception/depth/image")
    assert out.qos_profile.reliability.name == "RELIABLE"
    assert out.qos_profile.durability.name == "VOLATILE"
    for topic in ("/rgb/image", "/thermal/image", "/rgb/camera_info", "/thermal/camera_info"):
        (heard,) = node.get_subscriptions_info_by_topic(topic)
        assert heard.qos_profile.reliability.name == "BEST_EFFORT", topic


def test_nobody_subscribes_and_nothing_is_computed(bench):
    rig = bench()
    rig.extrinsics()
    rig.advertise()
    rig.start()
    rig.matched()
    runs = count_runs(rig)
    rig.feed(10)
    assert runs == []
    rig.listen("depth/image")
    rig.feed_until(lambda: rig.got["depth/image"])
    assert runs


def test_computes_without_a_subscriber_when_asked_to(bench):
    rig = bench({"host.always_compute": True})
    rig.extrinsics()
    rig.advertise()
    rig.start()
    rig.matched()
    runs = count_runs(rig)
    rig.feed_until(lambda: runs)


def test_compressed_pictures_where_only_these_are_published(bench):
    rig = bench()
    rig.listen("depth/image", "status")
    rig.extrinsics()
    kind = "sensor_msgs/msg/CompressedImage"
    for camera in SIZES:
        rig.publisher(f"{camera}/image/compressed", kind)
        rig.publisher(f"{camera}/camera_info", "sensor_msgs/msg/CameraInfo")
    rig.start()
    rig.matched()

    def send():
        for camera in SIZES:
            stamp = rig.stamp(camera, rig.index)
            rig.publishers[f"{camera}/camera_info"].publish(rig.info(camera, stamp))
            message = rig.compressed(camera, rig.index, stamp)
            rig.publishers[f"{camera}/image/compressed"].publish(message)
        rig.index += 1
        time.sleep(PERIOD_NS / 1e9)
        return rig.got["depth/image"]

    rig.until(send)
    rig.until(lambda: rig.both())


def test_namespace_moves_inputs_and_outputs(bench):
    rig = bench(namespace="/front")
    rig.start()
    names = dict(rig.node.get_topic_names_and_types())
    assert "/front/rgb/image" in names
    assert "/front/perception/depth/image" in names
    assert "/tf_static" in names


def count_runs(rig):
    runs = []
    engine = rig.perception._pipeline.engine
    run = engine.run

    def counted(inputs, outputs):
        runs.append(outputs)
        return run(inputs, outputs)

    engine.run = counted
    return runs
