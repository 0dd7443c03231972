"""A rig of real size over DDS: `python full_rig.py DOMAIN SECONDS`, 30 Hz, prints the pairs sent.

RGB 1280 x 720 rgb8 and thermal 640 x 512 mono16, ready as bytes: only the stamps are new, so that
what the sender costs does not hide what is measured. Waits for its pictures to be subscribed to.
"""

from __future__ import annotations

import struct
import sys
import time

import numpy as np

from rgbt_perception.geometry.camera import make_camera_model
from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.live.configuration import Network
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.recording.types import RosbagsFactory, typestore
from rgbt_perception.sensing.encode import (
    camera_info_message,
    image_message,
    static_transform_message,
)

RATE_HZ = 30
SIZES = {"rgb": (1280, 720), "thermal": (640, 512)}
IMAGE, INFO = "sensor_msgs/msg/Image", "sensor_msgs/msg/CameraInfo"
_PATIENCE_S = 120
_PICTURES = 8


def pictures(camera: str) -> list[bytearray]:
    """Serialised pictures that differ, or a shutter would be suspected."""
    width, height = SIZES[camera]
    made = []
    for number in range(_PICTURES):
        random = np.random.default_rng(number)
        if camera == "rgb":
            array = random.integers(0, 256, (height, width, 3), np.uint8)
        else:
            array = random.integers(29000, 30000, (height, width), np.uint16)
        encoding = "rgb8" if camera == "rgb" else "mono16"
        message = image_message(RosbagsFactory(), array, encoding, 0, f"{camera}_optical_frame")
        made.append(bytearray(typestore().serialize_cdr(message, IMAGE)))
    return made


def stamped(data: bytearray, stamp_ns: int) -> bytes:
    """The header's stamp follows the four bytes of the CDR header."""
    struct.pack_into("<iI", data, 4, *divmod(stamp_ns, 1_000_000_000))
    return bytes(data)


def main(domain: int, seconds: float) -> int:
    """Send; the number of pairs."""
    factory = RosbagsFactory()
    with DdsNode("rig", network=Network(domain, local=True)) as node:
        images = {c: node.writer(f"/{c}/image", IMAGE, Qos(False)) for c in SIZES}
        infos = {c: node.writer(f"/{c}/camera_info", INFO, Qos(False)) for c in SIZES}
        tf = node.writer("/tf_static", "tf2_msgs/msg/TFMessage", Qos(True, True, 1))
        frames = [f"{camera}_optical_frame" for camera in ("thermal", "rgb")]
        tf.publish(static_transform_message(factory, *frames, np.eye(4), 1))
        ready = {camera: pictures(camera) for camera in SIZES}
        end = time.monotonic() + _PATIENCE_S
        while not all(writer.subscribers for writer in images.values()):
            if time.monotonic() > end:
                raise SystemExit("nobody subscribes")
            time.sleep(0.1)
        for camera, (width, height) in SIZES.items():
            k = [0.8 * width, 0, (width - 1) / 2, 0, 0.8 * width, (height - 1) / 2, 0, 0, 1]
            model = make_camera_model(
                name=camera, width=width, height=height, k=k, frame_id=f"{camera}_optical_frame"
            )
            for _ in range(10):
                infos[camera].publish(
                    camera_info_message(factory, model, 1, f"{camera}_optical_frame")
                )
                time.sleep(0.05)
        begin, count = time.monotonic(), round(seconds * RATE_HZ)
        for index in range(count):
            time.sleep(max(0.0, begin + index / RATE_HZ - time.monotonic()))
            stamp_ns = time.time_ns()
            for camera in SIZES:
                data = ready[camera][index % _PICTURES]
                images[camera].publish_cdr(stamped(data, stamp_ns))
        time.sleep(1.0)
    return count


if __name__ == "__main__":
    print(main(int(sys.argv[1]), float(sys.argv[2])))
