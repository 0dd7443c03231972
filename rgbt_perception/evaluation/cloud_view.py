"""Pictures of one point cloud from the camera and from above: colour, labels, temperature."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.evaluation.colormap import depth_colors, depth_scale, temperature_colors
from rgbt_perception.evaluation.run_clouds import Cloud
from rgbt_perception.frames import ColorImage, Matrix
from rgbt_perception.scene.classes import COLOURS

_SIZE = (640, 480)
_PAPER = (238, 240, 242)
_INK = (32, 34, 38)
_UNSEEN = (150, 156, 164)
_LARGEST_SPLAT = 8
_CHUNK = 4096  # points drawn at once
_EDGE = 0.1
_MARKS_M = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
_DARK = 70.0
# Shares of the scene's reach, optical frame: x right, y down, z forward.
_EYE = (-0.45, -0.80, -0.40)
_TARGET = (0.0, 0.0, 0.65)
_FILLED = 0.94


@dataclass(frozen=True)
class CloudPicture:
    """One view of a cloud.

    Attributes:
        caption: what it shows, with the limits of its colours.
        picture: (H, W, 3) uint8 RGB.
    """

    caption: str
    picture: ColorImage


@dataclass(frozen=True)
class _View:
    """A pinhole somewhere near the cloud; ``width`` and ``height`` are ``_SIZE``.

    Attributes:
        view_R_cloud: (3, 3) float64.
        eye: (3,) float64, metres, in the cloud's frame.
        focal: pixels.
        centre: (2,) float64, principal point, pixels.
    """

    view_R_cloud: Matrix
    eye: Matrix
    focal: float
    centre: Matrix

    def project(self, xyz: Matrix) -> tuple[Matrix, Matrix]:
        """(N, 3) metres in the cloud's frame to (N, 2) pixels and (N,) distance along the view."""
        local = (xyz - self.eye) @ self.view_R_cloud.T
        z = np.where(local[:, 2] > 1e-3, local[:, 2], np.nan)
        return local[:, :2] / z[:, None] * self.focal + self.centre, z


def cloud_pictures(cloud: Cloud) -> list[CloudPicture]:
    """The views that the cloud has the data for; none when it has no point.

    Args:
        cloud: organised, in the optical frame of the reference camera.
    """
    xyz = np.stack([cloud[name] for name in "xyz"], axis=-1).astype(np.float64)
    known = np.isfinite(xyz).all(axis=-1)
    if np.count_nonzero(known) < 2:
        return []
    points = xyz[known]
    slopes = points[:, :2] / points[:, 2:]
    widths = point_spacing(xyz)[known]
    reach = reach_of(points)
    camera = _camera_view(slopes)
    colors, how = visible_colors(cloud["rgb"][known])
    pictures = []
    if colors is not None:
        drawn = _splatted(camera, points, colors, widths)
        pictures.append(CloudPicture(f"from the camera, {how}", drawn))
    labels = cloud["label"][known]
    if labels.any():
        drawn = _splatted(camera, points, COLOURS[labels], widths)
        pictures.append(CloudPicture("from the camera, labels", drawn))
    near = points[:, 2] < 1.6 * reach
    above = _view_of(points[near], reach)
    if colors is not None:
        drawn = _splatted(above, points[near], colors[near], widths[near])
        pictures.append(CloudPicture(f"from above, {how}", _with_marks(drawn, above, reach)))
    kelvin = cloud["temperature"][known]
    if np.isfinite(kelvin).any():
        heat, low, high = temperature_colors(kelvin)
        text = f"temperature {low - 273.15:.0f} to {high - 273.15:.0f} °C"
        drawn = _splatted(above, points[near], heat[near], widths[near])
        pictures.append(CloudPicture(f"from above, {text}", _with_marks(drawn, above, reach)))
    else:
        depth = points[:, 2].astype(np.float32)
        scale = depth_scale([depth])
        text = f"depth {scale.near_m:g} to {scale.far_m:g} m"
        drawn = _splatted(above, points[near], depth_colors(depth, scale)[near], widths[near])
        pictures.append(CloudPicture(f"from above, {text}", _with_marks(drawn, above, reach)))
    return pictures


def reach_of(points: Matrix) -> float:
    """How far most of a scene reaches, metres: what a view of it should hold.

    Args:
        points: (N, 3), metres, optical frame.
    """
    return float(np.clip(np.percentile(points[:, 2], 80), 1.0, 30.0))


def point_spacing(xyz: Matrix) -> Matrix:
    """How far apart the points of a surface lie, (H, W) metres, so that dots cover it.

    The distance to the next point right or below, whichever is more; across a depth edge, where
    there is no surface between, that of points side by side at equal depth.
    """
    with np.errstate(invalid="ignore"):
        slopes = xyz[..., 0] / xyz[..., 2]
        flat = xyz[..., 2] * abs(float(np.nanmedian(np.diff(slopes, axis=1))))
        result = flat.copy()
        for axis in (0, 1):
            gap = np.linalg.norm(np.diff(xyz, axis=axis), axis=-1)
            inner = tuple(slice(-1) if i == axis else slice(None) for i in (0, 1))
            surface = gap < _EDGE * xyz[inner][..., 2]
            result[inner] = np.where(surface, np.maximum(result[inner], gap), result[inner])
    return np.asarray(result)


def visible_colors(packed: npt.NDArray[np.float32]) -> tuple[ColorImage | None, str]:
    """RGB of points, brightened when it is dark, grey where the RGB camera saw nothing.

    Args:
        packed: (N,) the cloud's ``rgb``.

    Returns:
        (N, 3) uint8 RGB, None when no point has any colour; and what was done, in words.
    """
    words = np.ascontiguousarray(packed).view("<u4")
    colors = np.stack([words >> 16, words >> 8, words], axis=-1).astype(np.uint8)
    seen = colors.any(axis=-1)
    if not seen.any():
        return None, ""
    how = "RGB"
    bright = float(np.percentile(colors[seen].mean(axis=-1), 90))
    if bright < _DARK:
        gain = min(2.0 * _DARK / max(bright, 1.0), 16.0)
        colors = np.minimum(colors * gain, 255.0).astype(np.uint8)
        how += f" brightened {gain:.1f} times"
    colors[~seen] = _UNSEEN
    if np.count_nonzero(~seen) > 0.01 * seen.size:
        how += " (grey: not seen by the RGB camera)"
    return colors, how


def _camera_view(slopes: Matrix) -> _View:
    """From the reference camera, the whole cloud in the picture."""
    centre = (np.array(_SIZE) - 1) / 2.0
    focal = float((centre / np.maximum(np.abs(slopes).max(axis=0), 1e-3)).min())
    return _View(np.eye(3), np.zeros(3), focal, centre)


def _view_of(points: Matrix, reach: float) -> _View:
    """From above, behind and left of the camera, which is in the picture with most points."""
    eye, target = reach * np.array(_EYE), reach * np.array(_TARGET)
    forward = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross([0.0, 1.0, 0.0], forward)
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    places, _ = _View(rotation, eye, 1.0, np.zeros(2)).project(points)
    camera, _ = _View(rotation, eye, 1.0, np.zeros(2)).project(_pyramid(reach))
    low, high = np.nanpercentile(places, (3, 97), axis=0)
    low, high = np.minimum(low, camera.min(axis=0)), np.maximum(high, camera.max(axis=0))
    focal = float((_FILLED * np.array(_SIZE) / (high - low)).min())
    return _View(rotation, eye, focal, np.array(_SIZE) / 2.0 - focal * (low + high) / 2.0)


def _splatted(view: _View, xyz: Matrix, colors: ColorImage, widths: Matrix) -> ColorImage:
    """Square dots as wide as the points' spacing, far ones drawn first.

    Args:
        view: where from.
        xyz: (N, 3) float64, metres.
        colors: (N, 3) uint8 RGB.
        widths: (N,) width of each dot, metres.
    """
    width, height = _SIZE
    pixels, z = view.project(xyz)
    seen = np.flatnonzero(np.isfinite(z))
    seen = seen[np.argsort(-z[seen], kind="stable")]
    wide = np.ceil(view.focal * widths[seen] / z[seen])
    wide = np.clip(wide, 1, _LARGEST_SPLAT).astype(int)
    corner = np.rint(pixels[seen] - (wide[:, None] - 1) / 2.0)
    corner = np.clip(corner, -_LARGEST_SPLAT, 2 * max(_SIZE)).astype(int)
    picture = np.full((width * height, 3), _PAPER, dtype=np.uint8)
    for first in range(0, seen.size, _CHUNK):
        part = slice(first, first + _CHUNK)
        dy, dx = (offsets.ravel() for offsets in np.indices((wide[part].max(),) * 2))
        x, y = corner[part, :1] + dx, corner[part, 1:] + dy
        drawn = (wide[part, None] > np.maximum(dx, dy)) & (x >= 0) & (x < width)
        drawn &= (y >= 0) & (y < height)
        # Of several points on one pixel the last, which is the nearest, stays.
        source = np.broadcast_to(seen[part, None], drawn.shape)
        picture[(y * width + x)[drawn]] = colors[source[drawn]]
    return picture.reshape(height, width, 3)


def _pyramid(reach: float) -> Matrix:
    """The camera's own place and the corners of its drawn picture, (5, 3) metres."""
    corners = [[0.0, 0.0, 0.0]]
    corners += [[x, y, 1.4] for x, y in ((-1, -0.75), (1, -0.75), (1, 0.75), (-1, 0.75))]
    return 0.05 * reach * np.array(corners)


def _with_marks(picture: ColorImage, view: _View, reach: float) -> ColorImage:
    """The camera as a small pyramid and distances along its optical axis."""
    marks = [mark for mark in _MARKS_M if 0.15 * reach < mark < 1.3 * reach]
    axis = np.array([[0.0, 0.0, mark] for mark in marks])
    pixels, _ = view.project(np.concatenate([_pyramid(reach), axis]))
    dots = [(round(float(x)), round(float(y))) for x, y in pixels]
    for i in range(4):
        cv2.line(picture, dots[0], dots[1 + i], _INK, 1, cv2.LINE_AA)
        cv2.line(picture, dots[1 + i], dots[1 + (i + 1) % 4], _INK, 1, cv2.LINE_AA)
    for mark, dot in zip(marks, dots[5:], strict=True):
        cv2.circle(picture, dot, 4, _PAPER, -1, cv2.LINE_AA)
        cv2.circle(picture, dot, 3, _INK, -1, cv2.LINE_AA)
        for color, thickness in ((_PAPER, 3), (_INK, 1)):
            cv2.putText(
                picture,
                f"{mark:g} m",
                (dot[0] + 7, dot[1] + 4),
                cv2.FONT_HERSHEY_SIMPLEX,
                0.42,
                color,
                thickness,
                cv2.LINE_AA,
            )
    return picture
