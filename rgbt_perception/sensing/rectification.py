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


class Rectifier:
    """Rectifies the pictures of one camera, bilinearly, with 0 where there is no source.

    Attributes:
        camera: the geometry.
        valid: (H, W) bool, whether a rectified pixel's source lies inside the raw picture.
    """

    def __init__(self, camera: CameraModel, name: str = "picture") -> None:
        """Take a geometry; the maps are computed with the first picture.

        Args:
            camera: raw and rectified geometry.
            name: what the pictures are, for errors (a topic).
        """
        self.camera = camera
        self._name = name

    def apply(self, picture: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Rectify a picture.

        Args:
            picture: (H, W) or (H, W, C), uint8, uint16 or float32, raw camera.

        Returns:
            The same dtype and channels in the rectified pinhole; the picture itself, not a copy,
            when the camera is rectified already.

        Raises:
            InputError: the picture has not the size that the geometry is for.
        """
        height, width = picture.shape[:2]
        raw = self.camera.raw
        if (width, height) != (raw.width, raw.height):
            raise InputError(
                f"{self._name}: the picture is {width}x{height}, "
                f"but its camera_info is for {raw.width}x{raw.height}"
            )
        if self.camera.is_rectified:
            return picture
        rectified: npt.NDArray[Any] = cv2.remap(
            picture, *self._fixed_maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
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
