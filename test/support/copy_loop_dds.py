"""The plainest host over DDS: `python copy_loop_dds.py DOMAIN [cloud]` copies and computes nothing.

What perception costs is measured against it. It pairs pictures by arrival and publishes messages
of the sizes that perception publishes: depth, confidence, camera_info, status and, if asked for,
the cloud. Until its standard input closes; then it prints what it took, in JSON.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

import numpy as np

from rgbt_perception.frames import Mode
from rgbt_perception.hosting.interfaces import Qos, output_qos
from rgbt_perception.live.configuration import Network
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.outputs import TOPICS
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.sensing.decode import stamp_of
from rgbt_perception.sensing.encode import header, image_message
from rgbt_perception.sensing.encode_status import status_message

POINT_STEP = 28
_INPUT = Qos(reliable=False, depth=5)


class CopyLoop:
    """Copies in one worker thread, as the hosts compute in one."""

    def __init__(self, node: DdsNode, cloud: bool) -> None:
        self._factory = RosbagsFactory()
        topics = ["depth/image", "confidence/image", "depth/camera_info", "status"]
        self._writers = {
            topic: node.writer(f"/perception/{topic}", TOPICS[topic], output_qos(topic))
            for topic in (*topics, *(["points"] if cloud else []))
        }
        self._wake = threading.Condition()
        self._rgb: Any = None
        self._info: Any = None
        self._pair: tuple[Any, Any, int] | None = None
        self.ended = False
        self.latencies_ms: list[float] = []
        for topic, kind, take in (
            ("/rgb/image", "sensor_msgs/msg/Image", self._take_rgb),
            ("/thermal/image", "sensor_msgs/msg/Image", self._take_thermal),
            ("/thermal/camera_info", "sensor_msgs/msg/CameraInfo", self._take_info),
        ):
            node.reader(topic, kind, _INPUT, take)

    def _take_rgb(self, topic: str, message: Any, arrival_ns: int) -> None:
        self._rgb = message

    def _take_info(self, topic: str, message: Any, arrival_ns: int) -> None:
        self._info = message

    def _take_thermal(self, topic: str, message: Any, arrival_ns: int) -> None:
        with self._wake:
            if self._rgb is not None and self._info is not None:
                self._pair = (self._rgb, message, arrival_ns)
                self._wake.notify()

    def run(self) -> None:
        """Copy until it has ended."""
        while True:
            with self._wake:
                while self._pair is None and not self.ended:
                    self._wake.wait(0.1)
                if self._pair is None:
                    return
                (rgb, thermal, arrival_ns), self._pair = self._pair, None
            for topic, message in self._messages(rgb, thermal):
                self._writers[topic].publish(message)
            self.latencies_ms.append((time.monotonic_ns() - arrival_ns) / 1e6)

    def _messages(self, rgb: Any, thermal: Any) -> list[tuple[str, Any]]:
        make, stamp, frame = self._factory, stamp_of(thermal), thermal.header.frame_id
        size = (thermal.height, thermal.width)
        # The least that a host does with a picture is to read it once.
        color = rgb.data.copy()
        depth = thermal.data.view(np.uint16).reshape(size).astype(np.float32)
        messages = [
            ("depth/image", image_message(make, depth, "32FC1", stamp, frame)),
            ("confidence/image", image_message(make, depth, "32FC1", stamp, frame)),
            ("depth/camera_info", self._info),
            ("status", self._status(stamp, frame)),
        ]
        if "points" in self._writers:
            messages.append(("points", self._cloud(depth, color, stamp, frame)))
        return messages

    def _status(self, stamp: int, frame: str) -> Any:
        return status_message(
            self._factory,
            stamp_ns=stamp,
            frame_id=frame,
            mode=Mode.FULL,
            reasons=(),
            offset_ns=0,
            stages={},
            pairs=len(self.latencies_ms) + 1,
            dropped_rgb=0,
            dropped_thermal=0,
            rejected=0,
            mean_confidence=0.0,
            depth_model="",
            scene_model="",
            engine="",
        )

    def _cloud(self, depth: Any, color: Any, stamp: int, frame: str) -> Any:
        height, width = depth.shape
        data = np.zeros(height * width * POINT_STEP, np.uint8)
        data[: color.size] = color[: data.size]
        return self._factory.make(
            "sensor_msgs/msg/PointCloud2",
            header=header(self._factory, stamp, frame),
            height=height,
            width=width,
            fields=[],
            is_bigendian=False,
            point_step=POINT_STEP,
            row_step=width * POINT_STEP,
            data=data,
            is_dense=False,
        )


if __name__ == "__main__":
    network = Network(int(sys.argv[1]), local=True)
    with DdsNode("copy_loop", network=network) as node:
        loop = CopyLoop(node, "cloud" in sys.argv[2:])
        worker = threading.Thread(target=loop.run)
        worker.start()
        print("ready", flush=True)
        sys.stdin.read()
        loop.ended = True
        worker.join()
    taken = loop.latencies_ms
    p50, p99 = np.percentile(taken, (50, 99)) if taken else (0.0, 0.0)
    print(json.dumps({"pairs": len(taken), "p50": float(p50), "p99": float(p99)}))
