"""The plainest ROS 2 node: `python copy_loop_ros.py [cloud]` copies pictures and computes nothing.

What perception costs on ROS 2 is measured against it. It uses nothing of this package: it pairs
pictures whose stamps are equal and publishes two pictures of 32 bits a pixel of the thermal size
and, if asked for, the bytes of an organised cloud, each copied once, in the callback. Until its
standard input closes; then it prints what it took, in JSON.
"""

from __future__ import annotations

import array
import json
import sys
import threading
import time
from contextlib import suppress
from typing import Any

import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from sensor_msgs.msg import Image, PointCloud2

POINT_STEP = 28


class CopyLoop(Node):
    """Subscribes, copies, publishes."""

    def __init__(self, cloud: bool) -> None:
        super().__init__("copy_loop")
        qos = QoSProfile(depth=2, reliability=ReliabilityPolicy.RELIABLE)
        self._depth = self.create_publisher(Image, "/perception/depth/image", qos)
        self._confidence = self.create_publisher(Image, "/perception/confidence/image", qos)
        self._points = self.create_publisher(PointCloud2, "/perception/points", qos)
        self._cloud = cloud
        self._rgb: Any = None
        self._thermal: Any = None
        self._filler = b""
        self.latencies_ms: list[float] = []
        for topic, take in (("/rgb/image", self._take_rgb), ("/thermal/image", self._take_thermal)):
            self.create_subscription(Image, topic, take, qos_profile_sensor_data)

    def _take_rgb(self, message: Any) -> None:
        began = time.monotonic()
        self._rgb = message
        self._copy(began)

    def _take_thermal(self, message: Any) -> None:
        began = time.monotonic()
        self._thermal = message
        self._copy(began)

    def _copy(self, began: float) -> None:
        rgb, thermal = self._rgb, self._thermal
        if rgb is None or thermal is None or rgb.header.stamp != thermal.header.stamp:
            return
        # The least that a host does with a picture is to read it once.
        color = bytes(rgb.data)
        counts = np.frombuffer(thermal.data, np.uint16)
        for publisher in (self._depth, self._confidence):
            publisher.publish(self._picture(thermal, counts.astype(np.float32)))
        if self._cloud:
            self._points.publish(self._points_of(thermal, color))
        self.latencies_ms.append((time.monotonic() - began) * 1e3)

    def _picture(self, thermal: Any, values: Any) -> Any:
        message = Image(header=thermal.header, height=thermal.height, width=thermal.width)
        message.encoding, message.step = "32FC1", 4 * thermal.width
        data = array.array("B")
        data.frombytes(values.view(np.uint8).data)
        message.data = data
        return message

    def _points_of(self, thermal: Any, color: bytes) -> Any:
        message = PointCloud2(header=thermal.header, height=thermal.height, width=thermal.width)
        message.point_step, message.row_step = POINT_STEP, POINT_STEP * thermal.width
        size = thermal.height * message.row_step
        # Joined and not made anew: the picture repeated is as good as any other bytes.
        if len(self._filler) != max(0, size - len(color)):
            self._filler = bytes(max(0, size - len(color)))
        data = array.array("B")
        data.frombytes(color[:size])
        data.frombytes(self._filler)
        message.data = data
        return message


def _spin(node: Node) -> None:
    with suppress(ExternalShutdownException):
        rclpy.spin(node)


if __name__ == "__main__":
    rclpy.init()
    loop = CopyLoop("cloud" in sys.argv[1:])
    worker = threading.Thread(target=_spin, args=(loop,))
    worker.start()
    print("ready", flush=True)
    sys.stdin.read()
    rclpy.shutdown()
    worker.join()
    taken = loop.latencies_ms
    p50, p99 = np.percentile(taken, (50, 99)) if taken else (0.0, 0.0)
    print(json.dumps({"pairs": len(taken), "p50": float(p50), "p99": float(p99)}))
