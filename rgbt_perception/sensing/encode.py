"""Arrays to ROS messages: headers, pictures, camera info, static transforms and strings.

Messages are made by a factory, so that the same code serves recordings (rosbags dataclasses) and
ROS nodes (rclpy classes).
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.frames import ColorImage, FloatImage, Matrix, Pinhole
from rgbt_perception.geometry.camera import CameraModel
from rgbt_perception.geometry.transforms import quaternion_from_rotation

NS_PER_S = 1_000_000_000

Picture = ColorImage | npt.NDArray[np.uint16] | FloatImage

_LAYOUTS: dict[str, tuple[type, int]] = {
    "rgb8": (np.uint8, 3),
    "mono8": (np.uint8, 1),
    "mono16": (np.uint16, 1),
    "16UC1": (np.uint16, 1),
    "32FC1": (np.float32, 1),
}


class MessageFactory(Protocol):
    """Makes messages of one ROS implementation."""

    def make(self, type_name: str, **fields: Any) -> Any:
        """A message such as ``std_msgs/msg/Header`` from all of its fields."""

    def data(self, array: npt.NDArray[Any]) -> Any:
        """A one-dimensional uint8 or float64 array as value of an unbounded sequence field."""

    def room(self, size: int) -> npt.NDArray[np.uint8]:
        """(size,) uint8 to be filled and given to ``data``, which need not copy it then.

        What a factory made earlier may lie there: fill all of it.
        """


def time_message(factory: MessageFactory, stamp_ns: int) -> Any:
    """builtin_interfaces/Time; seconds round down, so nanoseconds are never negative."""
    sec, nanosec = divmod(int(stamp_ns), NS_PER_S)
    return factory.make("builtin_interfaces/msg/Time", sec=sec, nanosec=nanosec)


def header(factory: MessageFactory, stamp_ns: int, frame_id: str) -> Any:
    """std_msgs/Header.

    Args:
        factory: makes the messages.
        stamp_ns: nanoseconds.
        frame_id: optical frame.
    """
    return factory.make(
        "std_msgs/msg/Header", stamp=time_message(factory, stamp_ns), frame_id=frame_id
    )


def image_message(
    factory: MessageFactory, array: Picture, encoding: str, stamp_ns: int, frame_id: str
) -> Any:
    """sensor_msgs/Image, little endian, without row padding.

    Args:
        factory: makes the messages.
        array: (H, W, 3) uint8 for rgb8; (H, W) uint8 for mono8, uint16 for mono16 and 16UC1,
            float32 for 32FC1. A contiguous array is not copied.
        encoding: one of these five.
        stamp_ns: nanoseconds.
        frame_id: optical frame.
    """
    kind, channels = _LAYOUTS[encoding]
    if array.dtype != kind or array.shape[2:] != ((channels,) if channels > 1 else ()):
        raise ValueError(f"{encoding} picture from a {array.dtype} array of shape {array.shape}")
    rows = np.ascontiguousarray(array, dtype=np.dtype(kind).newbyteorder("<"))
    height, width = rows.shape[:2]
    return factory.make(
        "sensor_msgs/msg/Image",
        header=header(factory, stamp_ns, frame_id),
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=0,
        step=width * channels * rows.itemsize,
        data=factory.data(rows.reshape(-1).view(np.uint8)),
    )


def compressed_image_message(
    factory: MessageFactory,
    array: Picture,
    codec: Literal["jpeg", "png"],
    stamp_ns: int,
    frame_id: str,
    quality: int = 90,
) -> Any:
    """sensor_msgs/CompressedImage with the format text that image_transport writes.

    Args:
        factory: makes the messages.
        array: (H, W, 3) uint8 RGB, (H, W) uint8, or with png also (H, W) uint16.
        codec: ``jpeg`` or ``png``.
        stamp_ns: nanoseconds.
        frame_id: optical frame.
        quality: of jpeg, 1 to 100.
    """
    if array.dtype == np.uint16 and codec == "jpeg":
        raise ValueError("jpeg holds 8 bits a channel; a 16-bit picture needs png")
    if array.ndim == 3:
        pixels = cv2.cvtColor(array, cv2.COLOR_RGB2BGR)
        text = f"rgb8; {codec} compressed bgr8"
    else:
        pixels = np.ascontiguousarray(array)
        text = f"mono{8 * array.itemsize}; {codec} compressed "
    if codec == "jpeg":
        _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    else:
        _, data = cv2.imencode(".png", pixels)
    return _compressed(factory, text, data.reshape(-1), stamp_ns, frame_id)


def compressed_depth_message(
    factory: MessageFactory, depth: FloatImage, stamp_ns: int, frame_id: str
) -> Any:
    """sensor_msgs/CompressedImage as image_transport's compressedDepth writes 32FC1.

    16-bit PNG of ``A / depth + B`` after a header of int32 1, float32 Z0, float32 depth_max with
    ``A = Z0 (Z0 + 1)``, ``B = 1 - A / depth_max``; 0 is unknown. The range of every picture is
    spread over all 65535 steps (ours), so the error at depth z is z^2 / (2 A), e.g. 4 cm at 100 m
    when the nearest pixel is at 2 m.

    Args:
        factory: makes the messages.
        depth: (H, W) float32, metres; what is not finite and positive becomes unknown.
        stamp_ns: nanoseconds.
        frame_id: optical frame.
    """
    known = np.isfinite(depth) & (depth > 0)
    near = float(depth.min(where=known, initial=np.inf))
    near = near if np.isfinite(near) else 1.0
    far = np.float32(max(float(depth.max(where=known, initial=0.0)), 2.0 * near))
    # Z0 (Z0 + 1) = A, solved for Z0; A puts `near` on the last step.
    quantum = 65534.0 / (1.0 / near - 1.0 / float(far))
    z0 = np.float32((np.sqrt(1.0 + 4.0 * quantum) - 1.0) / 2.0)
    a = float(z0) * (float(z0) + 1.0)
    b = 1.0 - a / float(far)
    inverse = a / np.where(known, depth, far).astype(np.float64) + b
    steps = np.where(known, np.clip(np.rint(inverse), 1, 65535), 0).astype(np.uint16)
    _, png = cv2.imencode(".png", steps)
    head = np.int32(1).tobytes() + z0.tobytes() + far.tobytes()
    data = np.concatenate([np.frombuffer(head, dtype=np.uint8), png.reshape(-1)])
    return _compressed(factory, "32FC1; compressedDepth png", data, stamp_ns, frame_id)


def camera_info_message(
    factory: MessageFactory, camera: CameraModel | Pinhole, stamp_ns: int, frame_id: str
) -> Any:
    """sensor_msgs/CameraInfo.

    Args:
        factory: makes the messages.
        camera: a raw camera, or a pinhole whose pictures are rectified (D zero, R identity).
        stamp_ns: nanoseconds.
        frame_id: optical frame.
    """
    if isinstance(camera, Pinhole):
        raw = rectified = camera
        distortion: tuple[float, ...] = (0.0,) * 5
        model, rotation = "plumb_bob", np.eye(3)
    else:
        raw, rectified = camera.raw, camera.rectified
        distortion, rotation = camera.distortion, camera.rotation
        model = camera.distortion_model
    roi = factory.make(
        "sensor_msgs/msg/RegionOfInterest",
        x_offset=0,
        y_offset=0,
        height=0,
        width=0,
        do_rectify=False,
    )
    return factory.make(
        "sensor_msgs/msg/CameraInfo",
        header=header(factory, stamp_ns, frame_id),
        height=raw.height,
        width=raw.width,
        distortion_model=model,
        d=factory.data(np.array(distortion, dtype=np.float64)),
        k=raw.matrix.reshape(-1),
        r=np.array(rotation, dtype=np.float64).reshape(-1),
        p=np.hstack([rectified.matrix, np.zeros((3, 1))]).reshape(-1),
        binning_x=0,
        binning_y=0,
        roi=roi,
    )


def static_transform_message(
    factory: MessageFactory, parent: str, child: str, parent_T_child: Matrix, stamp_ns: int
) -> Any:
    """tf2_msgs/TFMessage with one transform.

    Args:
        factory: makes the messages.
        parent, child: frames.
        parent_T_child: (4, 4) float64, metres.
        stamp_ns: nanoseconds.
    """
    tx, ty, tz = (float(v) for v in parent_T_child[:3, 3])
    qx, qy, qz, qw = quaternion_from_rotation(parent_T_child[:3, :3])
    pose = factory.make(
        "geometry_msgs/msg/Transform",
        translation=factory.make("geometry_msgs/msg/Vector3", x=tx, y=ty, z=tz),
        rotation=factory.make("geometry_msgs/msg/Quaternion", x=qx, y=qy, z=qz, w=qw),
    )
    stamped = factory.make(
        "geometry_msgs/msg/TransformStamped",
        header=header(factory, stamp_ns, parent),
        child_frame_id=child,
        transform=pose,
    )
    return factory.make("tf2_msgs/msg/TFMessage", transforms=[stamped])


def string_message(factory: MessageFactory, text: str) -> Any:
    """std_msgs/String."""
    return factory.make("std_msgs/msg/String", data=text)


def _compressed(
    factory: MessageFactory,
    text: str,
    data: npt.NDArray[np.uint8],
    stamp_ns: int,
    frame_id: str,
) -> Any:
    return factory.make(
        "sensor_msgs/msg/CompressedImage",
        header=header(factory, stamp_ns, frame_id),
        format=text,
        data=factory.data(data),
    )
