"""ROS picture messages to what the pipeline works with: colour, thermal counts, depth, labels."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.errors import InputError
from rgbt_perception.frames import ColorImage, FloatImage
from rgbt_perception.sensing.decode_compressed import decode_compressed
from rgbt_perception.sensing.decode_raw import decode_raw, eight_bit
from rgbt_perception.sensing.encode import NS_PER_S
from rgbt_perception.sensing.image_layout import image_name

Counts = npt.NDArray[np.uint8] | npt.NDArray[np.uint16] | FloatImage


def stamp_of(message: Any) -> int:
    """Acquisition time of a message with a header, nanoseconds."""
    stamp = message.header.stamp
    return int(stamp.sec) * NS_PER_S + int(stamp.nanosec)


def color_picture(message: Any) -> ColorImage:
    """Colour from an Image or CompressedImage.

    16 bits are scaled to 8 (65535 becomes 255); grey is repeated in all three channels.

    Returns:
        (H, W, 3) uint8 RGB; may be a read-only view of the message.

    Raises:
        InputError: bad message, or float pixels.
    """
    pixels = _pixels(message)
    if pixels.dtype.kind == "f":
        raise _wrong(message, pixels, "a colour or grey picture of 8 or 16 bits")
    if pixels.ndim == 2:
        return np.asarray(cv2.cvtColor(eight_bit(pixels), cv2.COLOR_GRAY2RGB))
    return pixels


def thermal_picture(message: Any) -> Counts:
    """Thermal counts from an Image or CompressedImage.

    A colour picture (a camera that sends a false-colour or grey video) becomes its luminance,
    0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).

    Returns:
        (H, W) uint8, uint16 or float32, counts as sent; may be a read-only view of the message.

    Raises:
        InputError: bad message.
    """
    pixels = _pixels(message)
    if pixels.ndim == 3:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
    return _single(pixels) if pixels.dtype == np.float64 else pixels


def depth_picture(message: Any) -> FloatImage:
    """Depth from an Image or CompressedImage (REP 118).

    Returns:
        (H, W) float32, metres along the optical axis, NaN where unknown (not finite, 0 or less).

    Raises:
        InputError: bad message, or neither float metres nor 16-bit millimetres.
    """
    pixels = _pixels(message)
    if pixels.ndim == 3 or pixels.dtype == np.uint8:
        raise _wrong(message, pixels, "32FC1 in metres or 16UC1 in millimetres")
    millimetres = pixels.dtype == np.uint16
    pixels = pixels * np.float32(0.001) if millimetres else _single(pixels)
    known = np.isfinite(pixels) & (pixels > 0)
    return np.where(known, pixels, np.float32(np.nan))


def label_picture(message: Any) -> npt.NDArray[np.uint8]:
    """Class ids from an Image or CompressedImage.

    Returns:
        (H, W) uint8; may be a read-only view of the message.

    Raises:
        InputError: bad message, or not one channel of 8 bits.
    """
    pixels = _pixels(message)
    if pixels.ndim == 3 or pixels.dtype != np.uint8:
        raise _wrong(message, pixels, "one channel of 8 bits (mono8)")
    return pixels


def _single(pixels: npt.NDArray[Any]) -> FloatImage:
    """As float32; what that cannot hold becomes infinite: no measurement."""
    with np.errstate(over="ignore"):
        return pixels.astype(np.float32, copy=False)


def _pixels(message: Any) -> npt.NDArray[Any]:
    if hasattr(message, "format"):
        return decode_compressed(message)
    return decode_raw(message)


def _wrong(message: Any, pixels: npt.NDArray[Any], expected: str) -> InputError:
    sent = message.format if hasattr(message, "format") else message.encoding
    channels = 3 if pixels.ndim == 3 else 1
    return InputError(
        f"{image_name(message)}: {sent!r} holds {channels} x {pixels.dtype} a pixel, "
        f"expected {expected}"
    )
