"""Our cloud as a node of its own: `python cloud_node_ros.py xyz`, depth picture in, cloud out.

Takes what ``depth_image_proc`` takes, by the same names: `image_rect` and `camera_info`; its points
have places only, or with `all` every field. Until its standard input closes.
"""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from typing import Any

import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image, PointCloud2

from rgbt_perception.frames import Mode, Perception, Pinhole
from rgbt_perception.geometry.cloud import POINT, POINT_XYZ
from rgbt_perception.hosting.freed_memory import keep_freed_memory
from rgbt_perception.nodes.rclpy_factory import RclpyFactory
from rgbt_perception.sensing.decode import depth_picture, stamp_of
from rgbt_perception.sensing.encode_cloud import cloud_message


class CloudNode(Node):
    """The cloud of every depth picture; flying points stay, as they do with the other node."""

    def __init__(self, fields: str) -> None:
        super().__init__("cloud")
        self._point = {"all": POINT, "xyz": POINT_XYZ}[fields]
        self._factory = RclpyFactory(reuse=True)
        self._camera: Pinhole | None = None
        self._confidence = np.zeros((0, 0), np.float32)
        # Loops are compiled or loaded before the first picture comes, as the perception node does.
        self._cloud(Pinhole(64, 48, 50.0, 50.0, 31.5, 23.5), 0, "", np.ones((48, 64), np.float32))
        qos = QoSProfile(depth=2, reliability=ReliabilityPolicy.RELIABLE)
        self._points = self.create_publisher(PointCloud2, "points", qos)
        for name, kind, take in (
            ("camera_info", CameraInfo, self._take_info),
            ("image_rect", Image, self._take),
        ):
            self.create_subscription(kind, name, take, qos_profile_sensor_data)

    def _take_info(self, message: Any) -> None:
        p = message.p
        self._camera = Pinhole(message.width, message.height, p[0], p[5], p[2], p[6])

    def _take(self, message: Any) -> None:
        if self._camera is None or not self._points.get_subscription_count():
            return
        depth, header = depth_picture(message), message.header
        self._points.publish(self._cloud(self._camera, stamp_of(message), header.frame_id, depth))

    def _cloud(self, camera: Pinhole, stamp_ns: int, frame: str, depth: Any) -> Any:
        if self._confidence.shape != depth.shape:
            self._confidence = np.ones(depth.shape, np.float32)
        result = Perception(camera, stamp_ns, frame, Mode.FULL, (), 0, depth, self._confidence)
        return cloud_message(self._factory, result, 1, 0.0, point=self._point)


def _spin(node: Node) -> None:
    with suppress(ExternalShutdownException):
        rclpy.spin(node)


if __name__ == "__main__":
    keep_freed_memory()
    rclpy.init(args=sys.argv)
    worker = threading.Thread(target=_spin, args=(CloudNode(sys.argv[1]),))
    worker.start()
    sys.stdin.read()
    rclpy.try_shutdown()
    worker.join()
