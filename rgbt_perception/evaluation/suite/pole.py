"""Section ``pole``: a thin pole before a wall, enlarged to the camera's size as a point cloud."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from rgbt_perception.config import OutputConfig
from rgbt_perception.evaluation.suite.checks import Check, worst
from rgbt_perception.evaluation.suite.section import SectionResult
from rgbt_perception.evaluation.suite.tables import Table, share
from rgbt_perception.frames import FloatImage, Mask, Pinhole
from rgbt_perception.geometry.cloud import organised_cloud
from rgbt_perception.geometry.letterbox import resample
from rgbt_perception.geometry.upsample import upsample_depth

NETWORK_SIZE = (320, 256)
MOST_FLOATING = 0.01
LEAST_STANDING = 0.30
DEVIATION = 0.10
"""A point farther than this share behind the pole and before the wall hangs between them."""

_VIEW_DEG = 64.0
_WALL_M = 12.0
_FINE_SIZE = (1280, 1024)  # rays
_BLUR_PX = 1.0  # standard deviation of a network's edges, network pixels
_LENS_BLUR_PX = 0.7
_CONTRAST, _NOISE = 0.35, 0.01
_NOTE = (
    "A cylinder before a wall 12 m away, cast ray by ray at the camera's size; its depth at "
    "320x256, blurred as networks do (1 pixel, in the logarithm of depth), is enlarged under a "
    "noisy thermal picture and made a cloud with the default edge threshold. In shares of the "
    "pole's pixels: floating = points more than 10 % behind the pole's true depth and 10 % before "
    "the wall's, on the pole; beside = the same, off the pole; standing = points within 10 % of "
    "the pole; removed = points taken out as flying, on and off the pole. Depth of the network's "
    "own size is not sharpened: there the cloud loses the soft edges. Checked are poles of five "
    "network pixels and more; thinner ones than four times the blur have no pixel left that "
    "is as near as the pole, which no edge rule can mend (shown, not checked)."
)


@dataclass(frozen=True)
class Pose:
    """A pole in front of the wall.

    Attributes:
        camera_size: width and height of camera and cloud, pixels.
        diameter_m, distance_m: of the pole; the distance of its axis from the camera.
        offset_m: how far to the right of the optical axis it stands.
        lean_deg: its tilt in the picture's plane, degrees.
        checked: its share of floating points must hold.
    """

    camera_size: tuple[int, int]
    diameter_m: float
    distance_m: float
    offset_m: float
    lean_deg: float
    checked: bool = True

    @property
    def name(self) -> str:
        """For tables and checks."""
        width, height = self.camera_size
        return (
            f"{width}x{height}, {self.diameter_m * 100:g} cm at {self.distance_m:g} m, "
            f"{self.lean_deg:g} degrees"
        )


@dataclass(frozen=True)
class EdgeShares:
    """What became of a pole, in shares of its pixels; see the table's note."""

    floating: float
    beside: float
    standing: float
    removed: float


POSES = tuple(
    Pose(size, diameter, distance, offset, lean, checked)
    for size in (NETWORK_SIZE, (640, 512), (1280, 1024))
    for diameter, distance, offset, lean, checked in (
        (0.10, 5.0, 0.31, 0.0, True),
        (0.10, 5.0, -1.17, 4.0, True),
        (0.16, 8.0, 0.73, -7.0, True),
        (0.06, 3.0, -0.42, 15.0, True),
        (0.06, 5.0, 0.31, 2.0, False),
    )
)


def pole_section() -> SectionResult:
    """Measure all poses."""
    shares = {pose.name: edge_shares(pose) for pose in POSES}
    checked = {pose.name: shares[pose.name] for pose in POSES if pose.checked}
    floating, where = worst({name: s.floating + s.beside for name, s in checked.items()})
    standing, least = worst({name: s.standing for name, s in checked.items()}, at_most=False)
    columns = ("pole", "floating", "beside", "standing", "removed")
    rows = [
        (name, *(share(value) for value in (s.floating, s.beside, s.standing, s.removed)))
        for name, s in shares.items()
    ]
    checks = [
        Check(
            "points floating between pole and wall / pixels of the pole",
            floating,
            MOST_FLOATING,
            where=where,
        ),
        Check(
            "points standing at the pole / pixels of the pole",
            standing,
            LEAST_STANDING,
            at_most=False,
            where=least,
        ),
    ]
    values = {name: vars(found) for name, found in shares.items()}
    return SectionResult(values, [Table("Thin poles", columns, rows, _NOTE)], checks)


def edge_shares(pose: Pose) -> EdgeShares:
    """Take one pole's cloud apart."""
    width, height = pose.camera_size
    fine = true_depth(pose, pinhole(*_FINE_SIZE))
    pole = resample((fine < _WALL_M).astype(np.float32), width, height)
    full = upsample_depth(network_depth(fine), width, height, _thermal_picture(pole))
    cloud = organised_cloud(
        pinhole(width, height),
        full,
        None,
        None,
        np.ones_like(full),
        None,
        stride=1,
        edge_threshold=OutputConfig().edge_threshold,
    )
    return shares_of(full, cloud["z"], pole >= 0.5, pose.distance_m)


def shares_of(enlarged: FloatImage, cloud: FloatImage, pole: Mask, distance_m: float) -> EdgeShares:
    """Count the points.

    Args:
        enlarged: (H, W) float32, metres, before flying points are removed.
        cloud: (H, W) float32, metres, NaN where removed.
        pole: (H, W) bool, the pole's pixels.
        distance_m: of the pole.
    """
    with np.errstate(invalid="ignore"):
        floats = (cloud > distance_m * (1 + DEVIATION)) & (cloud < _WALL_M * (1 - DEVIATION))
        stands = pole & (np.abs(cloud / distance_m - 1) <= DEVIATION)
    removed = np.isfinite(enlarged) & ~np.isfinite(cloud)
    counts = (floats & pole, floats & ~pole, stands, removed)
    total = int(np.count_nonzero(pole))
    return EdgeShares(*(int(np.count_nonzero(count)) / total for count in counts))


def pinhole(width: int, height: int) -> Pinhole:
    """The camera at any resolution; its view is ``_VIEW_DEG`` wide."""
    focal = width / (2 * np.tan(np.radians(_VIEW_DEG) / 2))
    return Pinhole(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)


def true_depth(pose: Pose, camera: Pinhole) -> FloatImage:
    """Depth of the pole, an endless cylinder, and of the wall, (H, W) float32, metres."""
    columns, rows = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    lean = np.radians(pose.lean_deg)
    # Across the axis a ray runs along (across, 1) per metre of depth.
    across = (columns - camera.cx) / camera.fx * np.cos(lean)
    across -= (rows - camera.cy) / camera.fy * np.sin(lean)
    centre = pose.offset_m * np.cos(lean)
    a = across * across + 1
    half_b = across * centre + pose.distance_m
    c = centre * centre + pose.distance_m**2 - (pose.diameter_m / 2) ** 2
    inside = half_b * half_b - a * c
    hit = (half_b - np.sqrt(np.maximum(inside, 0))) / a
    return np.where(inside > 0, hit, _WALL_M).astype(np.float32)


def network_depth(fine: FloatImage) -> FloatImage:
    """True depth at the network's size, with a network's soft edges."""
    small = resample(np.log(fine), *NETWORK_SIZE)
    return np.asarray(np.exp(cv2.GaussianBlur(small, (0, 0), _BLUR_PX)))


def _thermal_picture(pole: FloatImage) -> FloatImage:
    """A warmer pole before a wall through a lens and with sensor noise, 0 to 1."""
    noise = np.random.default_rng(0).normal(0, _NOISE, pole.shape).astype(np.float32)
    seen: FloatImage = cv2.GaussianBlur(pole, (0, 0), _LENS_BLUR_PX)
    return np.clip(0.4 + _CONTRAST * seen + noise, 0, 1, dtype=np.float32)
