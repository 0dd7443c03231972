"""sensor_msgs/CameraInfo to a camera model."""

from __future__ import annotations

from typing import Any

import numpy as np

from rgbt_perception.errors import InputError
from rgbt_perception.frames import Matrix
from rgbt_perception.geometry.camera import CameraModel, make_camera_model


def camera_model_from_message(message: Any, topic: str) -> CameraModel:
    """The camera of the pictures that come with a CameraInfo.

    K and P hold for the full sensor; a region of interest shifts and binning scales them (the
    order that CameraInfo.msg defines). A binned pixel is the mean of its pixels, so its centre
    moves by half a pixel (REP 104 leaves that out; at 2x2 it is a quarter of a new pixel).

    Args:
        message: sensor_msgs/CameraInfo.
        topic: for errors.

    Raises:
        InputError: zero, NaN or contradictory numbers; the line names the topic and the field.
    """
    binning_x, binning_y = max(int(message.binning_x), 1), max(int(message.binning_y), 1)
    left, top, width, height = _region(message, topic)
    k = np.array(message.k, dtype=np.float64)
    p = np.array(message.p, dtype=np.float64)
    if (binning_x, binning_y, left, top) != (1, 1, 0, 0):
        if k.size == 9:
            k = _on_grid(k.reshape(3, 3), left, top, binning_x, binning_y)
        if p.size == 12 and p.any():
            p = _on_grid(p.reshape(3, 4), left, top, binning_x, binning_y)
    return make_camera_model(
        name=topic,
        width=width // binning_x,
        height=height // binning_y,
        k=k,
        d=message.d,
        distortion_model=message.distortion_model,
        r=message.r,
        p=p,
        frame_id=message.header.frame_id,
    )


def _region(message: Any, topic: str) -> tuple[int, int, int, int]:
    """Left, top, width and height of the picture on the sensor, pixels before binning."""
    roi = message.roi
    left, top = int(roi.x_offset), int(roi.y_offset)
    width, height = int(roi.width), int(roi.height)
    full_width, full_height = int(message.width), int(message.height)
    if (left, top, width, height) == (0, 0, 0, 0):
        return 0, 0, full_width, full_height
    if not (0 < width <= full_width - left and 0 < height <= full_height - top):
        raise InputError(
            f"{topic}: roi is {width}x{height} at ({left}, {top}), "
            f"expected a part of {full_width}x{full_height}"
        )
    return left, top, width, height


def _on_grid(matrix: Matrix, left: int, top: int, binning_x: int, binning_y: int) -> Matrix:
    """K or P of the pixels that remain."""
    result: Matrix = matrix.copy()
    result[0] /= binning_x
    result[1] /= binning_y
    result[0, 2] = (matrix[0, 2] - left + 0.5) / binning_x - 0.5
    result[1, 2] = (matrix[1, 2] - top + 0.5) / binning_y - 0.5
    return result
