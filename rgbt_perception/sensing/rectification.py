"""From raw pictures to the rectified pinhole."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.errors import InputError
from rgbt_perception.frames import Mask
from rgbt_perception.geometry.camera import CameraModel

# Places in the raw picture are rounded to 1/32 pixel, the grid of OpenCV's fixed-point maps.
_GRID = 32


def check_size(picture: npt.NDArray[Any], camera: CameraModel, name: str) -> None:
    """Refuse a picture that has not the size its raw geometry is for.

    Args:
        picture: (H, W) or (H, W, C).
        camera: its geometry.
        name: what the picture is, for the error (a topic).

    Raises:
        InputError: the line names both sizes.
    """
    height, width = picture.shape[:2]
    if (width, height) != (camera.raw.width, camera.raw.height):
        raise InputError(
            f"{name}: the picture is {width}x{height}, "
            f"but its camera_info is for {camera.raw.width}x{camera.raw.height}"
        )


class Rectifier:
    """Rectifies one camera's pictures, bilinearly; where there is no source the border repeats.

    Attributes:
        camera: the geometry.
        valid: (H, W) bool, whether a rectified pixel's source lies inside the raw picture.
    """

    def __init__(self, camera: CameraModel) -> None:
        """Take a geometry; the maps are computed with the first picture."""
        self.camera = camera

    def prepare(self) -> None:
        """Compute the maps now."""
        if not self.camera.is_rectified:
            _ = self._fixed_maps

    def apply(self, picture: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Rectify a picture.

        Args:
            picture: (H, W) or (H, W, C), uint8, uint16 or float32, of the raw camera's size.

        Returns:
            The same dtype and channels in the rectified pinhole; the picture itself, not a copy,
            when the camera is rectified already.
        """
        if self.camera.is_rectified:
            return picture
        rectified: npt.NDArray[Any] = cv2.remap(
            picture, *self._fixed_maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return rectified

    @cached_property
    def valid(self) -> Mask:
        """(H, W) bool, whether a rectified pixel's source lies inside the raw picture."""
        rectified, raw = self.camera.rectified, self.camera.raw
        if self.camera.is_rectified:
            return np.ones((rectified.height, rectified.width), dtype=np.bool_)
        maps = self.camera.rectification_maps()
        columns, rows = (np.rint(places * _GRID) / _GRID for places in maps)
        inside: Mask = (
            (columns >= 0) & (columns <= raw.width - 1) & (rows >= 0) & (rows <= raw.height - 1)
        )
        return inside

    @cached_property
    def _fixed_maps(self) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint16]]:
        places, fractions = cv2.convertMaps(*self.camera.rectification_maps(), cv2.CV_16SC2)
        return places, fractions
