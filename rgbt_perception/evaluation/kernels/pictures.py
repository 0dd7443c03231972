"""A scene for timing: ground with boxes on it, as two cameras and the networks show it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.frames import ColorImage, FloatImage, LabelImage, Mask, Matrix, Pinhole
from rgbt_perception.geometry.camera import CameraModel, make_camera_model
from rgbt_perception.scene.classes import SCENE_CLASSES

_HEIGHT_M = 1.5
_FARTHEST_M = 80.0
_BOXES = 8
_BLOTCH = 128  # pixels of the network that a patch of one class is wide, about
_DEGREES = 0.8  # focal length over width
_BASELINE_M = 0.1


@dataclass(frozen=True)
class Pictures:
    """Everything that a kernel may ask for.

    Attributes:
        rgb_camera, thermal_camera: with lens distortion.
        thermal_T_rgb: (4, 4), metres.
        rgb: (H, W, 3) uint8.
        counts: (H, W) uint16 of the thermal camera.
        thermal: the same as (H, W) float32, 0 to 1.
        small_depth, depth: float32, metres, at the network's and at the thermal picture's size.
        fused, weight: (h, w) float32, 0 to 1, at the network's size.
        logits: (classes, h, w) float32.
        labels: (H, W) uint8.
        seen: (H, W) bool, where the colour camera sees what the thermal one does.
    """

    rgb_camera: CameraModel
    thermal_camera: CameraModel
    thermal_T_rgb: Matrix
    rgb: ColorImage
    counts: npt.NDArray[np.uint16]
    thermal: FloatImage
    small_depth: FloatImage
    depth: FloatImage
    fused: FloatImage
    weight: FloatImage
    logits: FloatImage
    labels: LabelImage
    seen: Mask


def make_pictures(
    rgb_size: tuple[int, int], thermal_size: tuple[int, int], network: tuple[int, int]
) -> Pictures:
    """Draw the scene; sizes are width and height, pixels."""
    random = np.random.default_rng(0)
    rgb_camera, thermal_camera = _camera("rgb", rgb_size), _camera("thermal", thermal_size)
    thermal_T_rgb = np.eye(4)
    thermal_T_rgb[0, 3] = _BASELINE_M
    depth = _depth(thermal_camera.rectified, random)
    small_depth = cv2.resize(depth, network, interpolation=cv2.INTER_NEAREST)
    rgb = np.stack([_smooth(random, rgb_size) for _ in range(3)], axis=-1)
    thermal = _smooth(random, thermal_size)
    logits = np.stack([10 * _smooth(random, network, _BLOTCH) for _ in SCENE_CLASSES])
    labels = cv2.resize(logits.argmax(0).astype(np.uint8), thermal_size)
    seen = np.ones(depth.shape, np.bool_)
    seen[:, : max(1, thermal_size[0] // 32)] = False
    return Pictures(
        rgb_camera,
        thermal_camera,
        thermal_T_rgb,
        (255 * rgb).astype(np.uint8),
        (29_000 + 4_000 * thermal).astype(np.uint16),
        thermal,
        small_depth,
        depth,
        _smooth(random, network),
        _smooth(random, network),
        logits,
        labels,
        seen,
    )


def _camera(name: str, size: tuple[int, int]) -> CameraModel:
    width, height = size
    focal = _DEGREES * width
    return make_camera_model(
        name=name,
        width=width,
        height=height,
        k=[focal, 0, (width - 1) / 2, 0, focal, (height - 1) / 2, 0, 0, 1],
        d=[-0.1, 0.02, 0.0005, -0.0005, 0.0],
        frame_id=f"{name}_optical_frame",
    )


def _depth(camera: Pinhole, random: np.random.Generator) -> FloatImage:
    """(H, W) float32, metres: flat ground, and boxes that stand on it."""
    rows = np.arange(camera.height, dtype=np.float32)[:, None] - np.float32(camera.cy)
    ground = _HEIGHT_M * camera.fy / np.maximum(rows, _HEIGHT_M * camera.fy / _FARTHEST_M)
    depth = np.repeat(ground, camera.width, axis=1).astype(np.float32)
    for distance in sorted(random.uniform(3, 40, _BOXES), reverse=True):
        bottom = camera.cy + _HEIGHT_M * camera.fy / distance
        top = bottom - random.uniform(0.5, 2.0) * camera.fy / distance
        left = random.uniform(0, camera.width)
        right = left + random.uniform(0.3, 2.0) * camera.fx / distance
        depth[max(0, int(top)) : int(bottom), int(left) : int(right)] = distance
    return depth


def _smooth(random: np.random.Generator, size: tuple[int, int], blotch: int = 8) -> FloatImage:
    """(H, W) float32, 0 to 1, without sharp edges."""
    small = random.random((size[1] // blotch + 2, size[0] // blotch + 2), np.float32)
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR))
