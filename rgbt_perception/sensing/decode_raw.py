"""Uncompressed sensor_msgs/Image to arrays, for every encoding that cameras send."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.frames import ColorImage
from rgbt_perception.sensing.image_layout import chroma_plane, first_plane

_TO_RGB = {
    "yuv422": cv2.COLOR_YUV2RGB_UYVY,
    "uyvy": cv2.COLOR_YUV2RGB_UYVY,
    "yuv422_yuy2": cv2.COLOR_YUV2RGB_YUY2,
    "yuyv": cv2.COLOR_YUV2RGB_YUY2,
}
for _bits in ("8", "16"):
    _TO_RGB[f"bgr{_bits}"] = cv2.COLOR_BGR2RGB
    _TO_RGB[f"rgba{_bits}"] = cv2.COLOR_RGBA2RGB
    _TO_RGB[f"bgra{_bits}"] = cv2.COLOR_BGRA2RGB
    _TO_RGB[f"{_bits}UC3"] = cv2.COLOR_BGR2RGB
    _TO_RGB[f"{_bits}UC4"] = cv2.COLOR_BGRA2RGB
    # OpenCV's older names for these (BayerBG for RGGB) spell the second row.
    _TO_RGB[f"bayer_rggb{_bits}"] = cv2.COLOR_BayerRGGB2RGB
    _TO_RGB[f"bayer_bggr{_bits}"] = cv2.COLOR_BayerBGGR2RGB
    _TO_RGB[f"bayer_gbrg{_bits}"] = cv2.COLOR_BayerGBRG2RGB
    _TO_RGB[f"bayer_grbg{_bits}"] = cv2.COLOR_BayerGRBG2RGB
_GREY = ("mono8", "mono16", "8UC1", "16UC1", "32FC1", "64FC1")


def decode_raw(message: Any) -> npt.NDArray[Any]:
    """Pixels of an uncompressed image.

    YUV is ITU-R BT.601 with limited range (16 to 235; what is darker is black), as V4L2 cameras
    send it.

    Args:
        message: sensor_msgs/Image.

    Returns:
        (H, W) uint8, uint16, float32 or float64 for encodings of one channel, else (H, W, 3)
        uint8 RGB. May be a read-only view of the message.

    Raises:
        InputError: the fields contradict each other or the encoding is unknown.
    """
    pixels = first_plane(message)
    encoding = message.encoding
    if encoding in _GREY:
        return pixels
    if encoding in ("nv12", "nv21"):
        height, width = pixels.shape
        code = cv2.COLOR_YUV2RGB_NV12 if encoding == "nv12" else cv2.COLOR_YUV2RGB_NV21
        chroma = chroma_plane(message, height // 2, width // 2)
        return np.asarray(cv2.cvtColorTwoPlane(pixels, chroma, code))
    if encoding == "nv24":
        return _from_nv24(pixels, chroma_plane(message, *pixels.shape))
    return to_rgb(pixels, encoding)


def to_rgb(pixels: npt.NDArray[Any], encoding: str) -> ColorImage:
    """Colour in one plane to RGB.

    Args:
        pixels: (H, W) or (H, W, channels) uint8 or uint16.
        encoding: one of sensor_msgs/image_encodings for colour.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    if encoding in _TO_RGB:
        pixels = cv2.cvtColor(pixels, _TO_RGB[encoding])
    return eight_bit(pixels)


def eight_bit(pixels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """uint16 to uint8 so that 65535 becomes 255, rounded; uint8 passes."""
    if pixels.dtype == np.uint8:
        return pixels
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=1.0 / 257.0))


def _from_nv24(luma: npt.NDArray[np.uint8], chroma: npt.NDArray[np.uint8]) -> ColorImage:
    """Full-resolution chroma: OpenCV has no code, so every pixel becomes a UYVY pair."""
    height, width = luma.shape
    pairs = np.empty((height, width, 2, 2), dtype=np.uint8)
    pairs[..., 0] = chroma
    pairs[..., 1] = luma[..., None]
    doubled = cv2.cvtColor(pairs.reshape(height, 2 * width, 2), cv2.COLOR_YUV2RGB_UYVY)
    return np.ascontiguousarray(doubled[:, ::2])
