"""Bring a picture to the network's size with one scale on both axes, and back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.frames import Pinhole

T = TypeVar("T", bound=np.generic)


def resample(picture: npt.NDArray[T], width: int, height: int) -> npt.NDArray[T]:
    """Resize without aliasing; the picture itself when it has that size.

    Args:
        picture: (H, W) or (H, W, C) of any dtype of ``cv2.resize``.
        width, height: pixels.

    Returns:
        (height, width[, C]) of the same dtype.
    """
    if picture.shape[1::-1] == (width, height):
        return picture
    smaller = width < picture.shape[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    resized: npt.NDArray[T] = cv2.resize(picture, (width, height), interpolation=method)
    return resized


@dataclass(frozen=True)
class Letterbox:
    """Where a picture lies on the network's canvas.

    Attributes:
        source: camera of the full picture.
        canvas: camera of the canvas; its K follows the scale and the padding.
        left, top, width, height: area of the picture on the canvas, pixels.
    """

    source: Pinhole
    canvas: Pinhole
    left: int
    top: int
    width: int
    height: int

    @property
    def area(self) -> tuple[slice, slice]:
        """Rows and columns of the picture on the canvas."""
        return (
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )

    def shrink(self, picture: npt.NDArray[T]) -> npt.NDArray[T]:
        """Resample a full picture, (H, W) or (H, W, C), to its area on the canvas."""
        return resample(picture, self.width, self.height)


@lru_cache(maxsize=16)
def letterbox(source: Pinhole, width: int, height: int) -> Letterbox:
    """Fit a camera's picture centred onto a canvas of ``width`` x ``height`` pixels."""
    scale = min(width / source.width, height / source.height)
    inner_width = max(1, min(width, round(source.width * scale)))
    inner_height = max(1, min(height, round(source.height * scale)))
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    inner = source.resized(inner_width, inner_height)
    canvas = Pinhole(width, height, inner.fx, inner.fy, inner.cx + left, inner.cy + top)
    return Letterbox(source, canvas, left, top, inner_width, inner_height)
