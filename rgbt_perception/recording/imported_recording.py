"""A recording made from files: the rig first, then pictures with their camera info and truth."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from rgbt_perception.frames import FloatImage, Modality
from rgbt_perception.geometry.rig import Rig, rig_to_yaml
from rgbt_perception.geometry.transforms import inverse, transform
from rgbt_perception.recording.pictures import Picture
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.recording.writer import RecordingWriter
from rgbt_perception.sensing.encode import (
    camera_info_message,
    compressed_image_message,
    image_message,
    static_transform_message,
    string_message,
)

_JPEG_QUALITY = 95
# REP 103: base_link looks along x with z up, an optical frame along z with y down.
_BASE_R_OPTICAL = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])


class ImportedRecording:
    """Writes the topics that every recording has; the writer stays the caller's."""

    def __init__(self, writer: RecordingWriter, rig: Rig) -> None:
        self._writer = writer
        self._factory = RosbagsFactory()
        self._rig = rig
        self._cameras = {Modality.RGB: rig.rgb, Modality.THERMAL: rig.thermal}
        self._frames = {
            modality: camera.frame_id or f"{modality.value}_optical_frame"
            for modality, camera in self._cameras.items()
        }

    def describe(self, stamp_ns: int, rig_text: str | None = None) -> None:
        """Write ``/tf_static`` and ``/rig``.

        Args:
            stamp_ns: of the recording's beginning, nanoseconds.
            rig_text: of the rig file; None = made from the rig.
        """
        rgb, thermal = self._frames[Modality.RGB], self._frames[Modality.THERMAL]
        base_T_rgb = transform(_BASE_R_OPTICAL, (0.0, 0.0, 0.0))
        for parent, child, pose in (
            ("base_link", rgb, base_T_rgb),
            (rgb, thermal, inverse(self._rig.thermal_T_rgb)),
        ):
            message = static_transform_message(self._factory, parent, child, pose, stamp_ns)
            self._writer.write("/tf_static", message, "tf2_msgs/msg/TFMessage", stamp_ns, True)
        text = rig_to_yaml(self._rig) if rig_text is None else rig_text
        self.add_text("/rig", text, stamp_ns)

    def add_text(self, topic: str, text: str, stamp_ns: int) -> None:
        """Write a latched std_msgs/String."""
        message = string_message(self._factory, text)
        self._writer.write(topic, message, "std_msgs/msg/String", stamp_ns, True)

    def add_picture(
        self, modality: Modality, picture: Picture, stamp_ns: int, codec: Literal["jpeg", "png"]
    ) -> None:
        """Write a picture and its camera info.

        Args:
            modality: of the camera.
            picture: (H, W) or (H, W, 3) in B G R order, uint8 or uint16.
            stamp_ns: nanoseconds.
            codec: ``png`` loses nothing.
        """
        name, frame = modality.value, self._frames[modality]
        info = camera_info_message(self._factory, self._cameras[modality], stamp_ns, frame)
        self._writer.write(f"/{name}/camera_info", info, "sensor_msgs/msg/CameraInfo", stamp_ns)
        pixels = _color(picture) if modality is Modality.RGB else _grey(picture)
        image = compressed_image_message(
            self._factory, pixels, codec, stamp_ns, frame, quality=_JPEG_QUALITY
        )
        topic = f"/{name}/image/compressed"
        self._writer.write(topic, image, "sensor_msgs/msg/CompressedImage", stamp_ns)

    def add_depth(self, modality: Modality, depth: FloatImage, stamp_ns: int) -> None:
        """Write true depth.

        Args:
            modality: of the camera whose rectified view it is in.
            depth: (H, W) float32, metres, NaN where unknown; stored without loss.
            stamp_ns: nanoseconds.
        """
        frame = self._frames[modality]
        message = image_message(self._factory, depth, "32FC1", stamp_ns, frame)
        topic = f"/ground_truth/{modality.value}/depth/image"
        self._writer.write(topic, message, "sensor_msgs/msg/Image", stamp_ns)


def _color(picture: Picture) -> Picture:
    """(H, W, 3) uint8 RGB of a picture as read."""
    if picture.dtype == np.uint16:
        picture = cv2.convertScaleAbs(picture, alpha=255.0 / 65535.0)
    code = cv2.COLOR_BGR2RGB if picture.ndim == 3 else cv2.COLOR_GRAY2RGB
    return np.asarray(cv2.cvtColor(picture, code))


def _grey(picture: Picture) -> Picture:
    """(H, W) of a picture as read: luminance, which of three equal channels is their value."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)) if picture.ndim == 3 else picture
