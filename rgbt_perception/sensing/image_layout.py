"""Check an uncompressed sensor_msgs/Image and view its bytes as rows of pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.errors import InputError


@dataclass(frozen=True)
class Layout:
    """How an encoding lays pixels into rows.

    Attributes:
        kind: NumPy type of one channel, without byte order (``u1``, ``u2``, ``f4``, ``f8``).
        channels: values per pixel in a row; 1 for planar encodings.
        planes: length of all planes over that of the first, times two (2 = one plane).
        even_width, even_height: pixels share colour, so the size must be even.
        smallest: fewest rows and columns that can be decoded.
    """

    kind: str
    channels: int
    planes: int = 2
    even_width: bool = False
    even_height: bool = False
    smallest: int = 1


def _layouts() -> dict[str, Layout]:
    layouts = {
        "nv12": Layout("u1", 1, planes=3, even_width=True, even_height=True),
        "nv21": Layout("u1", 1, planes=3, even_width=True, even_height=True),
        "nv24": Layout("u1", 1, planes=6),
        "32FC1": Layout("f4", 1),
        "64FC1": Layout("f8", 1),
    }
    for bits, kind in (("8", "u1"), ("16", "u2")):
        for name, channels in (("mono", 1), ("rgb", 3), ("bgr", 3), ("rgba", 4), ("bgra", 4)):
            layouts[name + bits] = Layout(kind, channels)
        for channels in (1, 3, 4):
            layouts[f"{bits}UC{channels}"] = Layout(kind, channels)
        for pattern in ("rggb", "bggr", "gbrg", "grbg"):
            layouts[f"bayer_{pattern}{bits}"] = Layout(kind, 1, smallest=3)
    for name in ("yuv422", "uyvy", "yuv422_yuy2", "yuyv"):
        layouts[name] = Layout("u1", 2, even_width=True)
    return layouts


LAYOUTS = _layouts()
"""Every encoding that can be decoded."""


def image_name(message: Any) -> str:
    """What to call a message in errors: its frame, if it names one."""
    frame = message.header.frame_id
    return f"image in frame {frame!r}" if frame else "image"


def message_bytes(message: Any) -> npt.NDArray[np.uint8]:
    """The data field as (N,) uint8 without a copy: an array, bytes or array.array."""
    data = message.data
    if isinstance(data, np.ndarray):
        return np.asarray(data.reshape(-1).view(np.uint8))
    if len(data) == 0:
        return np.zeros(0, dtype=np.uint8)
    return np.frombuffer(data, dtype=np.uint8)


def first_plane(message: Any) -> npt.NDArray[Any]:
    """Check an image and view its pixels.

    Args:
        message: sensor_msgs/Image.

    Returns:
        (H, W) or (H, W, channels) in the encoding's order, native byte order. A view of the
        message where the bytes allow it, so it may be read-only.

    Raises:
        InputError: the line names encoding, size, step and length and what was expected.
    """
    layout = _checked(message)
    height, width, step = int(message.height), int(message.width), int(message.step)
    kind = np.dtype(layout.kind)
    stored = kind.newbyteorder(">") if message.is_bigendian else kind.newbyteorder("<")
    shape: tuple[int, ...] = (height, width)
    strides: tuple[int, ...] = (step, layout.channels * kind.itemsize)
    if layout.channels > 1:
        shape, strides = (*shape, layout.channels), (*strides, kind.itemsize)
    pixels: npt.NDArray[Any] = np.ndarray(shape, stored, message_bytes(message), strides=strides)
    # OpenCV takes neither foreign byte order nor rows that start between two values.
    return pixels.astype(kind) if not (stored.isnative and pixels.flags.aligned) else pixels


def chroma_plane(message: Any, rows: int, columns: int) -> npt.NDArray[np.uint8]:
    """The interleaved colour plane of a checked nv12, nv21 or nv24 image.

    Args:
        message: sensor_msgs/Image that ``first_plane`` accepted.
        rows, columns: size of the plane.

    Returns:
        (rows, columns, 2) uint8, in the encoding's order; may be read-only.
    """
    luma = int(message.height) * int(message.step)
    chroma = message_bytes(message)[luma:]
    stride = chroma.size // rows
    plane: npt.NDArray[np.uint8] = np.ndarray(
        (rows, columns, 2), np.uint8, chroma, strides=(stride, 2, 1)
    )
    return plane


def _checked(message: Any) -> Layout:
    """The layout of an image whose size, step and length fit its encoding."""
    height, width, step = int(message.height), int(message.width), int(message.step)
    length = message_bytes(message).size
    said = (
        f"{image_name(message)}: encoding {message.encoding!r}, {width}x{height}, step {step}, "
        f"{length} bytes"
    )
    layout = LAYOUTS.get(message.encoding)
    if layout is None:
        raise InputError(f"{said}: unknown encoding, expected one of {', '.join(LAYOUTS)}")
    if width < layout.smallest or height < layout.smallest:
        raise InputError(f"{said}: expected at least {layout.smallest} rows and columns")
    if (layout.even_width and width % 2) or (layout.even_height and height % 2):
        even = "width and height" if layout.even_height else "width"
        raise InputError(f"{said}: expected an even {even}")
    row = width * layout.channels * np.dtype(layout.kind).itemsize
    if step < row:
        raise InputError(f"{said}: expected a step of at least {row} bytes")
    expected = height * step * layout.planes // 2
    if length != expected:
        raise InputError(f"{said}: expected {expected} bytes of data")
    return layout
