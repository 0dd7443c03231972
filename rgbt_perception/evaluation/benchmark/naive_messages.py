"""Arrays and messages the way cv_bridge and sensor_msgs_py convert them: by copies, by rows.

Written for this comparison; what is imitated is the course of the work, copy by copy.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.frames import Pinhole
from rgbt_perception.geometry.cloud import POINT
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.sensing.encode import camera_info_message

_TYPES: dict[str, tuple[type, int]] = {
    "rgb8": (np.uint8, 3),
    "mono8": (np.uint8, 1),
    "mono16": (np.uint16, 1),
    "32FC1": (np.float32, 1),
}
_UINT8, _FLOAT32 = 2, 7  # of PointField


def imgmsg_to_array(message: Any) -> npt.NDArray[Any]:
    """sensor_msgs/Image to an array of its own: (H, W) or (H, W, 3)."""
    kind, channels = _TYPES[message.encoding]
    shape = (message.height, message.width, channels)[: 2 if channels == 1 else 3]
    return np.ndarray(shape, kind, buffer=message.data).copy()


class NaiveMessages:
    """Makes messages with ``array.array`` data, as rclpy's classes hold them."""

    def __init__(self, header: Any) -> None:
        """Take the header of all of them."""
        self._factory = RosbagsFactory()
        self._header = header

    def image(self, picture: npt.NDArray[Any], encoding: str) -> Any:
        """sensor_msgs/Image."""
        return self._factory.make(
            "sensor_msgs/msg/Image",
            header=self._header,
            height=picture.shape[0],
            width=picture.shape[1],
            encoding=encoding,
            is_bigendian=0,
            step=picture.strides[0],
            data=_bytes(picture),
        )

    def camera_info(self, camera: Pinhole) -> Any:
        """sensor_msgs/CameraInfo."""
        stamp = self._header.stamp.sec * 1_000_000_000 + self._header.stamp.nanosec
        return camera_info_message(self._factory, camera, stamp, self._header.frame_id)

    def cloud_from_rows(self, rows: Sequence[Sequence[float]], height: int, width: int) -> Any:
        """sensor_msgs/PointCloud2 of seven numbers a point: a tuple of each, then records."""
        return self.cloud(np.array(list(map(tuple, rows)), dtype=POINT), height, width)

    def cloud(self, records: npt.NDArray[np.void], height: int, width: int) -> Any:
        """sensor_msgs/PointCloud2 of finished records, (N,) of ``POINT``."""
        fields = [
            self._factory.make(
                "sensor_msgs/msg/PointField",
                name=name,
                offset=offset,
                datatype=_UINT8 if kind == np.uint8 else _FLOAT32,
                count=1,
            )
            for name, (kind, offset, *_) in (POINT.fields or {}).items()
        ]
        return self._factory.make(
            "sensor_msgs/msg/PointCloud2",
            header=self._header,
            height=height,
            width=width,
            fields=fields,
            is_bigendian=False,
            point_step=POINT.itemsize,
            row_step=POINT.itemsize * width,
            data=_bytes(records),
            is_dense=False,
        )


def _bytes(values: npt.NDArray[Any]) -> array[int]:
    data = array("B")
    data.frombytes(values.tobytes())
    return data
