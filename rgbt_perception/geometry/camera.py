"""Camera models of sensor_msgs/CameraInfo: plumb_bob, rational_polynomial, equidistant."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.errors import InputError
from rgbt_perception.frames import FloatImage, Matrix, Pinhole

COEFFICIENTS = {
    "plumb_bob": (0, 4, 5),
    "rational_polynomial": (0, 8, 12, 14),
    "equidistant": (0, 4),
}


@dataclass(frozen=True)
class CameraModel:
    """A raw (distorted) camera and the pinhole that its pictures are rectified to.

    Attributes:
        raw: intrinsics of the raw picture, pixels.
        distortion_model: a key of ``COEFFICIENTS``.
        distortion: coefficients in the order of CameraInfo.d, dimensionless.
        rotation: (3, 3) float64, rectified_R_raw (CameraInfo.r).
        rectified: pinhole of the rectified picture (CameraInfo.p[:3, :3]).
        frame_id: optical frame.
    """

    raw: Pinhole
    distortion_model: str
    distortion: tuple[float, ...]
    rotation: Matrix
    rectified: Pinhole
    frame_id: str

    @property
    def is_rectified(self) -> bool:
        """True when the raw picture already is the rectified one."""
        return (
            not any(self.distortion)
            and self.raw == self.rectified
            and bool(np.array_equal(self.rotation, np.eye(3)))
        )

    def resized(self, width: int, height: int) -> CameraModel:
        """The same camera with its pictures sampled on another grid, pixels."""
        return replace(
            self,
            raw=self.raw.resized(width, height),
            rectified=self.rectified.resized(width, height),
        )

    def rectification_maps(self) -> tuple[FloatImage, FloatImage]:
        """For each rectified pixel where it lies in the raw picture.

        Returns:
            Columns and rows, each (H, W) float32, raw pixels: the maps of ``cv2.remap``.
        """
        size = (self.rectified.width, self.rectified.height)
        # ROS (image_geometry) takes zero coefficients for "no distortion" in every model, although
        # an equidistant lens with zero coefficients would still bend the picture.
        if self.distortion_model == "equidistant" and any(self.distortion):
            maps = cv2.fisheye.initUndistortRectifyMap(
                self.raw.matrix,
                np.array(self.distortion),
                self.rotation,
                self.rectified.matrix,
                size,
                cv2.CV_32FC1,
            )
        else:
            maps = cv2.initUndistortRectifyMap(
                self.raw.matrix,
                np.array(self.distortion),
                self.rotation,
                self.rectified.matrix,
                size,
                cv2.CV_32FC1,
            )
        return maps[0], maps[1]

    def raw_rays(self) -> npt.NDArray[np.float64]:
        """Direction of each raw pixel in the raw optical frame.

        Returns:
            (H, W, 3) float64 with z = 1.
        """
        columns, rows = np.meshgrid(np.arange(self.raw.width), np.arange(self.raw.height))
        pixels = np.stack([columns, rows], axis=-1).reshape(-1, 1, 2).astype(np.float64)
        if not any(self.distortion):
            k = self.raw
            plane = (pixels - (k.cx, k.cy)) / (k.fx, k.fy)
        elif self.distortion_model == "equidistant":
            plane = cv2.fisheye.undistortPoints(pixels, self.raw.matrix, np.array(self.distortion))
        else:
            plane = cv2.undistortPointsIter(
                pixels,
                self.raw.matrix,
                np.array(self.distortion),
                None,
                None,
                (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 50, 1e-9),
            )
        rays = np.concatenate([plane[:, 0], np.ones((len(pixels), 1))], axis=1)
        return rays.reshape(self.raw.height, self.raw.width, 3)


# What is beyond is garbage, on which every output would take minutes and gigabytes.
LARGEST_PICTURE = 2**26
LARGEST_SIDE = 32766  # of OpenCV's remap


def make_camera_model(
    *,
    name: str,
    width: int,
    height: int,
    k: npt.ArrayLike,
    d: npt.ArrayLike = (),
    distortion_model: str = "plumb_bob",
    r: npt.ArrayLike | None = None,
    p: npt.ArrayLike | None = None,
    frame_id: str = "",
) -> CameraModel:
    """Check and build a camera model.

    Args:
        name: what the numbers belong to, for errors (a topic or a file).
        width, height: pixels.
        k: nine numbers, row major.
        d: distortion coefficients.
        distortion_model: as in CameraInfo; empty means plumb_bob when ``d`` is empty.
        r: nine numbers; all zero or None means identity.
        p: twelve numbers; all zero or None means K (many thermal drivers fill only K).
        frame_id: optical frame.

    Raises:
        InputError: zero, NaN or contradictory numbers; the line names the field.
    """
    if width <= 0 or height <= 0:
        raise InputError(f"{name}: width x height is {width}x{height}, expected positive numbers")
    if width > LARGEST_SIDE or height > LARGEST_SIDE or width * height > LARGEST_PICTURE:
        raise InputError(
            f"{name}: width x height is {width}x{height}, expected at most {LARGEST_PICTURE} "
            f"pixels and {LARGEST_SIDE} on a side"
        )
    K = _numbers(name, "k", k, 9).reshape(3, 3)
    if K[0, 0] <= 0 or K[1, 1] <= 0:
        raise InputError(
            f"{name}: focal lengths in k are {K[0, 0]:g} and {K[1, 1]:g}, expected positive numbers"
        )
    D = np.asarray(d, dtype=np.float64).ravel()
    if not np.isfinite(D).all():
        raise InputError(f"{name}: d holds {D.tolist()}, expected finite numbers")
    model = distortion_model or "plumb_bob"
    if model not in COEFFICIENTS:
        raise InputError(
            f"{name}: distortion_model is {model!r}, expected one of {', '.join(COEFFICIENTS)}"
        )
    if len(D) not in COEFFICIENTS[model]:
        raise InputError(
            f"{name}: d has {len(D)} coefficients, expected {COEFFICIENTS[model]} for {model}"
        )
    R = np.zeros(9) if r is None else _numbers(name, "r", r, 9)
    rotation = R.reshape(3, 3) if R.any() else np.eye(3)
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-4):
        raise InputError(f"{name}: r is not a rotation matrix")
    P = np.zeros(12) if p is None else _numbers(name, "p", p, 12)
    rect = P.reshape(3, 4)[:, :3] if P.any() else K
    if rect[0, 0] <= 0 or rect[1, 1] <= 0:
        raise InputError(
            f"{name}: focal lengths in p are {rect[0, 0]:g} and {rect[1, 1]:g}, "
            "expected positive numbers"
        )
    return CameraModel(
        _pinhole(width, height, K),
        model,
        tuple(D.tolist()),
        rotation,
        _pinhole(width, height, rect),
        frame_id,
    )


def _numbers(name: str, field: str, values: npt.ArrayLike, count: int) -> Matrix:
    array = np.asarray(values, dtype=np.float64).ravel()
    if len(array) != count or not np.isfinite(array).all():
        raise InputError(f"{name}: {field} holds {array.tolist()}, expected {count} finite numbers")
    return array


def _pinhole(width: int, height: int, K: Matrix) -> Pinhole:
    return Pinhole(width, height, float(K[0, 0]), float(K[1, 1]), float(K[0, 2]), float(K[1, 2]))
