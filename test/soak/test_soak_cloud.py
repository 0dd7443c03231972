"""The organised cloud against what ROS 2 has: building the message, and from node to node."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")
point_cloud2 = pytest.importorskip("sensor_msgs_py.point_cloud2", reason="needs sensor_msgs_py")

from rgbt_perception.frames import Mode, Perception, Pinhole
from rgbt_perception.geometry.cloud import POINT, organised_cloud
from rgbt_perception.nodes.rclpy_factory import RclpyFactory
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.resources import share
from rgbt_perception.sensing.decode import stamp_of
from rgbt_perception.sensing.encode import camera_info_message, image_message
from rgbt_perception.sensing.encode_cloud import cloud_message

pytestmark = pytest.mark.slow

NODE = Path(__file__).parents[1] / "support" / "cloud_node_ros.py"
DOMAIN = 1 + os.getpid() % 99
CAMERA = Pinhole(640, 512, 512.0, 512.0, 319.5, 255.5)
CLOUDS, RATE_HZ, WARM_UP = 100, 10, 10
EDGE_THRESHOLD = 0.08


def perception(camera):
    """A slanted ground with boxes in front of it."""
    random = np.random.default_rng(3)
    shape = (camera.height, camera.width)
    ground = np.broadcast_to(np.linspace(60, 4, shape[0], dtype=np.float32)[:, None], shape)
    boxes = random.uniform(2, 40, (8, 10)).astype(np.float32)
    boxes = cv2.resize(boxes, shape[::-1], interpolation=cv2.INTER_NEAREST)
    color = random.integers(0, 256, (*shape, 3), np.uint8)
    confidence = random.random(shape, np.float32)
    depth = np.minimum(ground, boxes)
    return Perception(camera, 1, "frame", Mode.FULL, (), 0, depth, confidence, color)


def median_ms(build, times):
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        build()
        taken.append((time.perf_counter() - began) * 1e3)
    return statistics.median(taken)


def test_building_the_message_against_create_cloud(capsys):
    result = perception(CAMERA)
    cloud = cloud_message(RclpyFactory(), result, 1, EDGE_THRESHOLD)
    points = organised_cloud(
        CAMERA, result.depth, result.color, None, result.confidence, None, 1, EDGE_THRESHOLD
    )
    # Its fields differ in type, so plain rows of numbers go the general way.
    rows = points.reshape(-1).tolist()
    arguments = (cloud.header, cloud.fields)
    times = {
        "ours, from pictures": median_ms(
            lambda: cloud_message(RclpyFactory(), result, 1, EDGE_THRESHOLD), 20
        ),
        "create_cloud, from rows": median_ms(
            lambda: point_cloud2.create_cloud(*arguments, rows, 28), 3
        ),
        "create_cloud, from finished records": median_ms(
            lambda: point_cloud2.create_cloud(*arguments, points, 28), 20
        ),
    }
    with capsys.disabled():
        print("\n" + "\n".join(f"  {name}: {taken:.1f} ms" for name, taken in times.items()))
    theirs = point_cloud2.create_cloud(*arguments, rows, 28)
    made = np.frombuffer(theirs.data, POINT)
    for name in POINT.names:
        np.testing.assert_array_equal(made[name], points.reshape(-1)[name], name)
    assert times["create_cloud, from rows"] >= 5 * times["ours, from pictures"]


def until(done, complaint):
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end, complaint
        time.sleep(0.1)


def node_to_node(command, name):
    """Time from a depth picture's sending to the arrival of the cloud: in words, milliseconds."""
    pytest.importorskip("cyclonedds", reason="needs the extra [live], which sends the pictures")
    from rgbt_perception.hosting.interfaces import Qos
    from rgbt_perception.live.configuration import Network
    from rgbt_perception.live.transport import DdsNode

    taken, sizes = [], []

    def take(topic, message, arrival_ns):
        taken.append((time.time_ns() - stamp_of(message)) / 1e6)
        sizes.append(len(message.data))

    environment = {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    ros = {
        "ROS_DOMAIN_ID": str(DOMAIN),
        "RMW_IMPLEMENTATION": "rmw_cyclonedds_cpp",
        "CYCLONEDDS_URI": share("config/cyclonedds.xml").as_uri(),
    }
    remaps = ["--ros-args", "-r", f"points:=/{name}/points"]
    with mock.patch.dict(os.environ, environment):
        os.environ.pop("CYCLONEDDS_URI", None)
        process = subprocess.Popen(
            [*command, *remaps], stdin=subprocess.PIPE, env={**os.environ, **ros}
        )
        try:
            with DdsNode("rig", network=Network(DOMAIN, local=True)) as node:
                image = node.writer("/image_rect", "sensor_msgs/msg/Image", Qos(True))
                info = node.writer("/camera_info", "sensor_msgs/msg/CameraInfo", Qos(True))
                points = f"/{name}/points"
                until(lambda: node.endpoints(points), f"{name} does not publish")
                reliable = node.endpoints(points)[0].reliable
                node.reader(points, "sensor_msgs/msg/PointCloud2", Qos(reliable, depth=5), take)
                # It subscribes when it is subscribed to.
                until(lambda: image.subscribers and info.subscribers, f"{name} does not subscribe")
                depth, factory = perception(CAMERA).depth, RosbagsFactory()
                for _ in range(WARM_UP + CLOUDS):
                    stamp = time.time_ns()
                    info.publish(camera_info_message(factory, CAMERA, stamp, "frame"))
                    image.publish(image_message(factory, depth, "32FC1", stamp, "frame"))
                    time.sleep(1 / RATE_HZ)
                time.sleep(0.5)
        finally:
            process.terminate()
            process.communicate(timeout=30)
    assert len(taken) >= 0.9 * CLOUDS, f"{name} gave {len(taken)} clouds"
    milliseconds = statistics.median(taken[WARM_UP:])
    return f"{name}: {milliseconds:.1f} ms, {max(sizes) / 1e6:.1f} MB", milliseconds


def depth_image_proc():
    """The folder of its programs; None where it is not installed."""
    if shutil.which("ros2") is None:
        return None
    words = ["ros2", "pkg", "prefix", "depth_image_proc"]
    asked = subprocess.run(words, capture_output=True, text=True)
    return Path(asked.stdout.strip(), "lib/depth_image_proc") if asked.returncode == 0 else None


def test_from_node_to_node_against_depth_image_proc(capsys):
    """Its points have 16 bytes and no more than a place; ours 12 then, with every field 28."""
    programs = depth_image_proc()
    if programs is None:
        pytest.skip("needs depth_image_proc (image_pipeline)")
    their_line, theirs = node_to_node([str(programs / "point_cloud_xyz_node")], "depth_image_proc")
    our_line, ours = node_to_node([sys.executable, str(NODE), "xyz"], "ours_xyz")
    whole_line, _ = node_to_node([sys.executable, str(NODE), "all"], "ours_all_fields")
    with capsys.disabled():
        print(f"\n  {their_line}\n  {our_line}\n  {whole_line}")
    assert ours <= 1.5 * theirs
