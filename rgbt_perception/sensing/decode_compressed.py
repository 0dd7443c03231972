"""sensor_msgs/CompressedImage to arrays: JPEG, PNG and image_transport's compressedDepth."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.errors import InputError
from rgbt_perception.frames import FloatImage
from rgbt_perception.sensing.decode_raw import eight_bit, to_rgb
from rgbt_perception.sensing.image_layout import LAYOUTS, image_name, message_bytes

_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_PNG_START = b"\x89PNG\r\n\x1a\n"
_DEPTH_HEADER = 12


def decode_compressed(message: Any) -> npt.NDArray[Any]:
    """Pixels of a compressed image.

    The format text is what image_transport writes (``rgb8; jpeg compressed bgr8``,
    ``mono16; png compressed``, ``32FC1; compressedDepth png``) or just ``jpeg`` or ``png``.

    Args:
        message: sensor_msgs/CompressedImage.

    Returns:
        (H, W) uint8, uint16 (16-bit PNG stays so) or float32 (metres), else (H, W, 3) uint8 RGB.

    Raises:
        InputError: broken data or a format that cannot be decoded.
    """
    text = str(message.format)
    data = message_bytes(message)
    name = f"{image_name(message)}: format {text!r}, {data.size} bytes"
    declared, _, transport = (part.strip() for part in text.rpartition(";"))
    if "compressedDepth" in text:
        return _decode_depth(data, declared, transport, name)
    pixels = _decode_picture(data, name)
    if pixels.ndim == 2:
        # A raw Bayer mosaic may be compressed as it is.
        is_mosaic = declared.startswith("bayer_") and declared in LAYOUTS and min(pixels.shape) >= 3
        return to_rgb(pixels, declared) if is_mosaic else pixels
    if pixels.shape[2] == 4:
        return to_rgb(pixels, "bgra8")
    # image_transport encodes "compressed rgb8" without swapping to OpenCV's order first.
    return eight_bit(pixels) if "compressed rgb" in transport else to_rgb(pixels, "bgr8")


def _decode_picture(data: npt.NDArray[np.uint8], name: str) -> npt.NDArray[Any]:
    """(H, W) or (H, W, 3 or 4) uint8, uint16, channels in OpenCV's order."""
    raw = data.tobytes()
    # OpenCV fills what is missing with grey or says so on stderr only, depending on its version.
    if raw.startswith(_JPEG_START):
        if raw.rfind(_JPEG_END) < 0:
            raise InputError(f"{name}: the JPEG picture is cut off")
    elif raw.startswith(_PNG_START):
        _check_png(raw, name)
    else:
        raise InputError(f"{name}: expected JPEG or PNG data")
    try:
        pixels = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise InputError(f"{name}: broken picture")
    if pixels.dtype not in (np.uint8, np.uint16):
        raise InputError(f"{name}: pixels are {pixels.dtype}, expected 8 or 16 bits")
    return np.asarray(pixels)


def _check_png(raw: bytes, name: str) -> None:
    """Walk the chunks (length, type, data, checksum) from IHDR to IEND."""
    place = len(_PNG_START)
    kind = b""
    while kind != b"IEND":
        if place + 12 > len(raw):
            raise InputError(f"{name}: the PNG picture is cut off")
        length, kind = struct.unpack_from(">I4s", raw, place)
        if place == len(_PNG_START) and kind != b"IHDR":
            raise InputError(f"{name}: broken PNG picture, it begins with {kind!r}")
        end = place + 8 + length
        if end + 4 > len(raw):
            raise InputError(f"{name}: the PNG picture is cut off")
        if zlib.crc32(memoryview(raw)[place + 4 : end]) != int.from_bytes(
            raw[end : end + 4], "big"
        ):
            raise InputError(f"{name}: broken PNG picture, wrong checksum in {kind!r}")
        place = end + 4


def _decode_depth(
    data: npt.NDArray[np.uint8], declared: str, transport: str, name: str
) -> npt.NDArray[Any]:
    """float32 metres of 32FC1, uint16 millimetres of 16UC1."""
    if declared not in ("32FC1", "16UC1"):
        raise InputError(f"{name}: expected '32FC1; compressedDepth' or '16UC1; compressedDepth'")
    codec = transport.removeprefix("compressedDepth").strip() or "png"
    if codec != "png":
        raise InputError(f"{name}: codec {codec!r} is not supported, expected png")
    if data.size <= _DEPTH_HEADER:
        raise InputError(f"{name}: expected a {_DEPTH_HEADER}-byte header and a picture")
    steps = _decode_picture(data[_DEPTH_HEADER:], name)
    if steps.dtype != np.uint16 or steps.ndim != 2:
        raise InputError(f"{name}: expected a PNG of one 16-bit channel")
    if declared == "16UC1":
        return steps
    z0, farthest = (float(v) for v in np.frombuffer(data[4:_DEPTH_HEADER].tobytes(), dtype="<f4"))
    if not (np.isfinite(z0) and np.isfinite(farthest) and z0 > 0 and farthest > 0):
        raise InputError(
            f"{name}: quantisation {z0:g} and depth_max {farthest:g}, expected positive numbers"
        )
    return _inverse_depth(steps, z0, farthest)


def _inverse_depth(steps: npt.NDArray[np.uint16], z0: float, farthest: float) -> FloatImage:
    """Depth = A / (step - B), A = Z0 (Z0 + 1), B = 1 - A / depth_max; step 0 is unknown.

    The quantisation of image_transport's compressed_depth plugin.
    """
    a = z0 * (z0 + 1.0)
    # step - B, in an order that cannot become zero: step - 1 is exact and A / depth_max positive.
    depth = a / ((np.maximum(steps, 1) - 1.0) + a / farthest)
    return np.where(steps > 0, depth, np.nan).astype(np.float32)
