"""One shot as the messages of a recording."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from rgbt_perception.frames import Modality
from rgbt_perception.geometry.rig import Rig
from rgbt_perception.sensing.encode import (
    MessageFactory,
    camera_info_message,
    compressed_depth_message,
    compressed_image_message,
    image_message,
)
from rgbt_perception.simulation.camera_station import Shot

_IMAGE = "sensor_msgs/msg/Image"
_COMPRESSED = "sensor_msgs/msg/CompressedImage"
_INFO = "sensor_msgs/msg/CameraInfo"


class MessageSink(Protocol):
    """What takes the messages: the writer of a recording, or a stream."""

    def write(
        self, topic: str, message: Any, type_name: str, time_ns: int, latched: bool = False
    ) -> None:
        """Take one message; see ``RecordingWriter.write``."""


def write_shot(
    writer: MessageSink,
    factory: MessageFactory,
    rig: Rig,
    shot: Shot,
    compressed: bool,
    with_picture: bool = True,
) -> None:
    """Write picture, camera info, true depth and true labels, all with the shot's stamp.

    Args:
        writer: takes the messages.
        factory: makes the messages.
        rig: the cameras.
        shot: what was taken.
        compressed: JPEG (RGB), 16-bit PNG (thermal), compressedDepth and PNG (truth).
        with_picture: without it only the camera info and the truth are written.
    """
    modality = shot.exposure.modality
    is_rgb = modality is Modality.RGB
    camera = rig.rgb if is_rgb else rig.thermal
    name, stamp, frame = modality.value, shot.exposure.stamp_ns, camera.frame_id
    truth = f"/ground_truth/{name}"
    info = camera_info_message(factory, camera, stamp, frame)
    writer.write(f"/{name}/camera_info", info, _INFO, stamp)
    if compressed:
        picture = compressed_image_message(
            factory, shot.picture, "jpeg" if is_rgb else "png", stamp, frame
        )
        depth = compressed_depth_message(factory, shot.depth, stamp, frame)
        labels = compressed_image_message(factory, shot.labels, "png", stamp, frame)
        if with_picture:
            writer.write(f"/{name}/image/compressed", picture, _COMPRESSED, stamp)
        writer.write(f"{truth}/depth/image/compressedDepth", depth, _COMPRESSED, stamp)
        writer.write(f"{truth}/labels/image/compressed", labels, _COMPRESSED, stamp)
        return
    encoding = "rgb8" if is_rgb else "mono16"
    picture = image_message(factory, shot.picture, encoding, stamp, frame)
    depth = image_message(factory, shot.depth, "32FC1", stamp, frame)
    labels = image_message(factory, np.ascontiguousarray(shot.labels), "mono8", stamp, frame)
    if with_picture:
        writer.write(f"/{name}/image", picture, _IMAGE, stamp)
    writer.write(f"{truth}/depth/image", depth, _IMAGE, stamp)
    writer.write(f"{truth}/labels/image", labels, _IMAGE, stamp)
