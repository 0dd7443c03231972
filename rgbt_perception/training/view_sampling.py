"""Random views of a cached pair: zoom and crop, mirror, calibration errors; geometry follows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.frames import FloatImage, Matrix, Pinhole
from rgbt_perception.geometry.letterbox import resample
from rgbt_perception.geometry.transforms import transform
from rgbt_perception.training.depth_resampling import nearest, sparse_depth
from rgbt_perception.training.pair_cache import CachedRecording
from rgbt_perception.training.recipe import AugmentationConfig

Array = npt.NDArray[Any]

_LARGEST_ZOOM = 2.0
_SMALLEST_PICTURE = 0.75


@dataclass(frozen=True)
class PairView:
    """One pair on the network's canvas.

    Attributes:
        rgb: (H, W, 3) float32, 0 to 1.
        thermal: (H, W) float32, counts.
        rgb_mask, thermal_mask: (H, W) float32, 1 where there is a picture.
        rgb_depth, thermal_depth: (H, W) float32, metres in that camera's view, NaN unknown (also
            outside the picture), Inf sky.
        rgb_camera, thermal_camera: pinholes of the canvas.
        thermal_T_rgb: (4, 4) float64, metres.
    """

    rgb: FloatImage
    thermal: FloatImage
    rgb_mask: FloatImage
    thermal_mask: FloatImage
    rgb_depth: FloatImage
    thermal_depth: FloatImage
    rgb_camera: Pinhole
    thermal_camera: Pinhole
    thermal_T_rgb: Matrix


@dataclass(frozen=True)
class Placement:
    """Where a source picture lies on the canvas: ``width`` x ``height`` pixels at (left, top)."""

    left: int
    top: int
    width: int
    height: int


def full_view(recording: CachedRecording, index: int, width: int, height: int) -> PairView:
    """The whole pictures, centred on the canvas, as the pipeline places them."""
    return _view(
        recording,
        index,
        width,
        height,
        centred(recording.rgb_camera, width, height, 1.0),
        centred(recording.thermal_camera, width, height, 1.0),
    )


def random_view(
    recording: CachedRecording,
    index: int,
    width: int,
    height: int,
    config: AugmentationConfig,
    random: np.random.Generator,
) -> PairView:
    """A random view of one pair.

    Args:
        recording: where from.
        index: of the pair.
        width, height: canvas, pixels.
        config: probabilities.
        random: decides everything.
    """
    if random.random() < config.zoom:
        zoom = float(np.exp(random.uniform(0.0, np.log(_LARGEST_ZOOM))))
        thermal = _cropped(recording.thermal_camera, width, height, zoom, None, random)
        target = _counterpart(recording, thermal, width, height)
        rgb = _cropped(recording.rgb_camera, width, height, zoom, target, random)
    else:
        shrink = random.uniform(_SMALLEST_PICTURE, 1.0) if random.random() < 0.3 else 1.0
        thermal = centred(recording.thermal_camera, width, height, shrink)
        rgb = centred(recording.rgb_camera, width, height, shrink)
    view = _view(recording, index, width, height, rgb, thermal)
    if random.random() < config.flip:
        view = mirrored(view)
    error = _calibration_error(config, random)
    return replace(view, thermal_T_rgb=error @ view.thermal_T_rgb)


def mirrored(view: PairView) -> PairView:
    """The world seen in a mirror: left and right swap in both pictures and in the rig."""
    swap = np.diag([-1.0, 1.0, 1.0, 1.0])

    def flip(picture: FloatImage) -> FloatImage:
        return np.ascontiguousarray(picture[:, ::-1])

    def flip_camera(camera: Pinhole) -> Pinhole:
        return replace(camera, cx=camera.width - 1 - camera.cx)

    return PairView(
        flip(view.rgb),
        flip(view.thermal),
        flip(view.rgb_mask),
        flip(view.thermal_mask),
        flip(view.rgb_depth),
        flip(view.thermal_depth),
        flip_camera(view.rgb_camera),
        flip_camera(view.thermal_camera),
        swap @ view.thermal_T_rgb @ swap,
    )


def centred(camera: Pinhole, width: int, height: int, share: float) -> Placement:
    """The whole picture in the middle of the canvas, at ``share`` of the size that fits."""
    scale = share * min(width / camera.width, height / camera.height)
    inner = max(1, round(camera.width * scale)), max(1, round(camera.height * scale))
    return Placement((width - inner[0]) // 2, (height - inner[1]) // 2, *inner)


def _cropped(
    camera: Pinhole,
    width: int,
    height: int,
    zoom: float,
    target: tuple[float, float] | None,
    random: np.random.Generator,
) -> Placement:
    """A zoomed picture; the canvas' centre shows ``target`` (source pixels) or a random place."""
    scale = zoom * min(width / camera.width, height / camera.height)
    inner = round(camera.width * scale), round(camera.height * scale)
    corner = []
    for axis, (canvas, size, source) in enumerate(
        ((width, inner[0], camera.width), (height, inner[1], camera.height))
    ):
        if target is None:
            free = canvas - size
            low, high = min(free, 0), max(free, 0)
            corner.append(int(random.integers(low, high + 1)))
        else:
            place = canvas / 2 - (target[axis] + 0.5) * size / source
            low, high = min(canvas - size, 0), max(canvas - size, 0)
            corner.append(int(np.clip(round(place), low, high)))
    return Placement(corner[0], corner[1], *inner)


def _counterpart(
    recording: CachedRecording, thermal: Placement, width: int, height: int
) -> tuple[float, float]:
    """RGB pixel that looks where the middle of the thermal canvas looks, far away."""
    camera = recording.thermal_camera
    u = (width / 2 - thermal.left) * camera.width / thermal.width - 0.5
    v = (height / 2 - thermal.top) * camera.height / thermal.height - 0.5
    ray = np.array([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, 1.0])
    x, y, z = recording.thermal_T_rgb[:3, :3].T @ ray
    rgb = recording.rgb_camera
    return rgb.fx * x / z + rgb.cx, rgb.fy * y / z + rgb.cy


def _view(
    recording: CachedRecording,
    index: int,
    width: int,
    height: int,
    rgb: Placement,
    thermal: Placement,
) -> PairView:
    def placed(picture: Array, placement: Placement, outside: float) -> FloatImage:
        shape = (height, width, *picture.shape[2:])
        canvas = np.full(shape, outside, np.float32)
        top, left = max(placement.top, 0), max(placement.left, 0)
        part = picture[top - placement.top :, left - placement.left :][
            : height - top, : width - left
        ]
        canvas[top : top + part.shape[0], left : left + part.shape[1]] = part
        return canvas

    def picture(source: Array, placement: Placement) -> FloatImage:
        return placed(resample(source, placement.width, placement.height), placement, 0.0)

    def depth(source: Array, placement: Placement) -> FloatImage:
        size = (placement.width, placement.height)
        exact = source.astype(np.float32)
        resized = nearest(exact, *size) if recording.is_dense else sparse_depth(exact, *size)
        return placed(resized, placement, np.nan)

    def mask(source: Array, placement: Placement) -> FloatImage:
        whole = resample(source * np.uint8(255), placement.width, placement.height) == 255
        return placed(whole, placement, 0.0)

    def camera(source: Pinhole, placement: Placement) -> Pinhole:
        inner = source.resized(placement.width, placement.height)
        return Pinhole(
            width, height, inner.fx, inner.fy, inner.cx + placement.left, inner.cy + placement.top
        )

    return PairView(
        picture(recording.rgb[index], rgb) / np.float32(255),
        picture(recording.thermal[index], thermal),
        mask(recording.rgb_mask, rgb),
        mask(recording.thermal_mask, thermal),
        depth(recording.rgb_depth[index], rgb),
        depth(recording.thermal_depth[index], thermal),
        camera(recording.rgb_camera, rgb),
        camera(recording.thermal_camera, thermal),
        recording.thermal_T_rgb,
    )


def _calibration_error(config: AugmentationConfig, random: np.random.Generator) -> Matrix:
    """A small rigid transform (ours: uniform axis, angle and shift; sometimes far larger).

    A time offset between the cameras of a moving rig is such an error too: for all that stands
    still it is the way that the rig went in between, mostly along the optical axis.
    """
    growth = config.miscalibration_factor if random.random() < config.miscalibrate else 1.0
    axis = random.normal(size=3)
    angle = np.deg2rad(config.rotation_deg) * growth * random.random()
    rotation, _ = cv2.Rodrigues(axis / np.linalg.norm(axis) * angle)
    shift = random.uniform(-1.0, 1.0, size=3) * config.translation_m * growth
    if random.random() < config.time_offset:
        shift[2] += random.uniform(-1.0, 1.0) * config.way_m
    return transform(np.asarray(rotation), shift.tolist())
