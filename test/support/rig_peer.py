"""Two cameras in a process of their own: `python rig_peer.py DOMAIN`, orders as lines of JSON.

Each line is answered with `done` when it has been done. See ``Cameras`` for what can be asked.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np

from rgbt_perception.geometry.camera import make_camera_model
from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.live.configuration import Network
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.recording.types import RosbagsFactory, typestore
from rgbt_perception.sensing.encode import (
    camera_info_message,
    compressed_image_message,
    image_message,
    static_transform_message,
)

START_NS = 1_700_000_000_000_000_000
SIZES = {"rgb": (64, 48), "thermal": (40, 32)}
_TYPES = {
    "image": "sensor_msgs/msg/Image",
    "image/compressed": "sensor_msgs/msg/CompressedImage",
    "camera_info": "sensor_msgs/msg/CameraInfo",
}
_PATIENCE_S = 30


class Cameras:
    """What the lines may ask for."""

    def __init__(self, node: DdsNode) -> None:
        self._node = node
        self._factory = RosbagsFactory()
        self._writers: dict[str, Any] = {}

    def advertise(self, topic: str, reliable: bool = False) -> None:
        """Publish a topic below the cameras' names with a chosen QoS."""
        kind = _TYPES[topic.split("/", 2)[2]]
        self._writers[topic] = self._node.writer(topic, kind, Qos(reliable=reliable))

    def offer(self, topic: str) -> None:
        """Publish a topic, unless that is done already."""
        self._writer(topic)

    def leave(self) -> None:
        """Take all topics back."""
        for writer in self._writers.values():
            self._node.remove(writer)
        self._writers.clear()

    def tf(self, parent: str = "thermal_optical_frame") -> None:
        """The extrinsics, latched."""
        if "/tf_static" not in self._writers:
            self._writers["/tf_static"] = self._node.writer(
                "/tf_static", "tf2_msgs/msg/TFMessage", Qos(True, True, 1)
            )
        matrix = np.eye(4)
        matrix[0, 3] = 0.1
        self._writers["/tf_static"].publish(
            static_transform_message(self._factory, parent, "rgb_optical_frame", matrix, START_NS)
        )

    def info(self, camera: str, size: tuple[int, int] | None = None, zero: bool = False) -> None:
        """A camera_info, or one whose K is zero, as drivers send it without calibration."""
        width, height = size or SIZES[camera]
        k = [0.8 * width, 0, (width - 1) / 2, 0, 0.8 * width, (height - 1) / 2, 0, 0, 1]
        model = make_camera_model(
            name=camera, width=width, height=height, k=k, frame_id=f"{camera}_optical_frame"
        )
        message = camera_info_message(self._factory, model, START_NS, f"{camera}_optical_frame")
        if zero:
            message.k[:] = 0.0
            message.p[:] = 0.0
        self._writer(f"/{camera}/camera_info").publish(message)

    def unreadable(self, camera: str) -> None:
        """A picture whose encoding is no text: bytes that are not UTF-8."""
        message = image_message(
            self._factory, np.zeros((48, 64), np.uint8), "mono8", START_NS, "frame"
        )
        data = bytearray(typestore().serialize_cdr(message, _TYPES["image"]))
        place = data.index(b"mono8")
        data[place] = 0xFF
        self._writer(f"/{camera}/image").publish_cdr(bytes(data))

    def pictures(
        self,
        first_ms: int,
        count: int,
        period_ms: int = 40,
        cameras: tuple[str, ...] = ("rgb", "thermal"),
        behind_ms: int = 0,
        late: int = 0,
        frozen: bool = False,
        broken: bool = False,
        codec: str = "",
        thermal: str = "mono16",
    ) -> None:
        """Pairs in real time, stamped from ``first_ms`` after the start of this world.

        None is sent before somebody subscribes.

        Args:
            first_ms, count, period_ms: stamps; thermal is 4 ms after RGB.
            cameras: which of the two send.
            behind_ms: how much older the thermal stamps are.
            late: how many periods later than RGB the thermal pictures come, with true stamps.
            frozen: the thermal picture does not change.
            broken: half of the bytes of the pictures are missing.
            codec: jpeg or png, on the compressed topics.
            thermal: encoding of the thermal pictures, mono16 or mono8.
        """
        for camera in cameras:
            self._wait_for_subscriber(f"/{camera}/image{'/compressed' if codec else ''}")
        for turn in range(count + late):
            began = time.monotonic()
            for camera in cameras:
                index = turn - late if camera == "thermal" else turn
                if not 0 <= index < count:
                    continue
                stamp = START_NS + (first_ms + index * period_ms) * 1_000_000
                number = first_ms + index
                if camera == "thermal":
                    stamp += (4 - behind_ms) * 1_000_000
                    number = 0 if frozen else number
                self._send(camera, number, stamp, broken, codec, thermal)
            time.sleep(max(0.0, began + period_ms / 1e3 - time.monotonic()))

    def _send(
        self, camera: str, number: int, stamp: int, broken: bool, codec: str, thermal: str
    ) -> None:
        random, frame = np.random.default_rng(number), f"{camera}_optical_frame"
        width, height = SIZES[camera]
        encoding, shape = (
            ("rgb8", (height, width, 3)) if camera == "rgb" else (thermal, (height, width))
        )
        if encoding == "mono16":
            array: Any = random.integers(29000, 30000, shape, np.uint16)
        else:
            array = random.integers(0, 256, shape, np.uint8)
        topic = f"/{camera}/image"
        if codec:
            topic += "/compressed"
            message = compressed_image_message(
                self._factory, array, "jpeg" if camera == "rgb" else "png", stamp, frame
            )
        else:
            message = image_message(self._factory, array, encoding, stamp, frame)
        if broken:
            message.data = message.data[: len(message.data) // 2]
        self._writer(topic).publish(message)

    def _wait_for_subscriber(self, topic: str) -> None:
        writer, end = self._writer(topic), time.monotonic() + _PATIENCE_S
        while not writer.subscribers:
            assert time.monotonic() < end, f"nobody subscribes to {topic}"
            time.sleep(0.005)

    def _writer(self, topic: str) -> Any:
        if topic not in self._writers:
            self.advertise(topic)
        return self._writers[topic]


if __name__ == "__main__":
    with DdsNode("cameras", network=Network(int(sys.argv[1]), local=True)) as node:
        world = Cameras(node)
        print("done", flush=True)
        for line in sys.stdin:
            order = json.loads(line)
            getattr(world, order.pop("do"))(**order)
            print("done", flush=True)
