"""What the naive peer does to pictures: everything anew for every frame."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.frames import Pinhole
from rgbt_perception.geometry.camera import CameraModel

Picture = npt.NDArray[Any]


def undistort(picture: Picture, camera: CameraModel) -> tuple[Picture, Picture]:
    """The picture in the rectified pinhole, and where it has a source, (H, W) bool."""
    maps = camera.rectification_maps()
    inside = np.full(picture.shape[:2], 255, np.uint8)
    valid = cv2.remap(inside, *maps, cv2.INTER_LINEAR) == 255
    return cv2.remap(picture, *maps, cv2.INTER_LINEAR), valid


def placed(camera: Pinhole, network: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, width and height of a camera's picture in the middle of the network's."""
    scale = min(network[0] / camera.width, network[1] / camera.height)
    width, height = round(camera.width * scale), round(camera.height * scale)
    return (network[0] - width) // 2, (network[1] - height) // 2, width, height


def shrink(
    picture: Picture, camera: Pinhole, network: tuple[int, int]
) -> tuple[Picture, npt.NDArray[np.float64]]:
    """The picture on the network's canvas, padded with zeros, and the camera matrix there."""
    left, top, width, height = placed(camera, network)
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    canvas = np.zeros((network[1], network[0], *picture.shape[2:]), small.dtype)
    canvas[top : top + height, left : left + width] = small
    sx, sy = width / camera.width, height / camera.height
    cx, cy = (camera.cx + 0.5) * sx - 0.5 + left, (camera.cy + 0.5) * sy - 0.5 + top
    return canvas, np.array([[camera.fx * sx, 0, cx], [0, camera.fy * sy, cy], [0, 0, 1]])


def enlarge(small: Picture, camera: Pinhole, network: tuple[int, int]) -> Picture:
    """A picture of the network's at the camera's size, without the padding."""
    left, top, width, height = placed(camera, network)
    inner = small[top : top + height, left : left + width]
    return cv2.resize(inner, (camera.width, camera.height), interpolation=cv2.INTER_LINEAR)


def jumps(z: Picture, threshold: float) -> Picture:
    """Where the depth of a neighbour differs by more than a share of it, (H, W) bool."""
    found = np.zeros(z.shape, bool)
    across = np.abs(np.diff(z, axis=1)) > threshold * np.minimum(z[:, 1:], z[:, :-1])
    down = np.abs(np.diff(z, axis=0)) > threshold * np.minimum(z[1:], z[:-1])
    found[:, 1:] |= across
    found[:, :-1] |= across
    found[1:] |= down
    found[:-1] |= down
    return found
