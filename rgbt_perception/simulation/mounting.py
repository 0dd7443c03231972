"""The two cameras of a recording and how they are mounted, drawn from its seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rgbt_perception.frames import Matrix
from rgbt_perception.geometry.camera import CameraModel, make_camera_model
from rgbt_perception.geometry.rig import Rig
from rgbt_perception.geometry.transforms import inverse, transform
from rgbt_perception.simulation.randomness import generator
from rgbt_perception.simulation.sensors.thermal import KELVIN_PER_COUNT

BASE_FRAME = "base_link"
RGB_FRAME = "rgb_optical_frame"
THERMAL_FRAME = "thermal_optical_frame"

# Optical axes (z forward, x right, y down) in base_link (x forward, y left, z up).
_OPTICAL = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
_MAX_BASELINE_M = 0.3
_COINCIDENT_SHARE = 0.15


@dataclass(frozen=True)
class Mounting:
    """Cameras on the rig.

    Attributes:
        rig: camera models, thermal_T_rgb and the radiometric scale.
        base_T_rgb, base_T_thermal: (4, 4) float64, optical frame to ``base_link``, metres.
    """

    rig: Rig
    base_T_rgb: Matrix
    base_T_thermal: Matrix


def draw_mounting(seed: int, rgb_size: tuple[int, int], thermal_size: tuple[int, int]) -> Mounting:
    """Fields of view of 40 to 90 degrees, a baseline of 0 to 30 cm, small mutual rotation.

    Args:
        seed: of the recording.
        rgb_size, thermal_size: width and height, pixels.
    """
    rng = generator(seed, "mounting")
    thermal_view = rng.uniform(41, 80)
    rgb_view = float(np.clip(thermal_view + rng.uniform(-12, 30), 41, 88))
    rgb = _camera("rgb", RGB_FRAME, rgb_size, rgb_view, rng)
    thermal = _camera("thermal", THERMAL_FRAME, thermal_size, thermal_view, rng)
    baseline = 0.0
    if rng.random() > _COINCIDENT_SHARE:
        baseline = rng.uniform(0.02, _MAX_BASELINE_M)
    # Side by side, sometimes one above the other; never quite in one plane.
    angle = rng.choice([0.0, np.pi, np.pi / 2, -np.pi / 2], p=[0.4, 0.4, 0.1, 0.1])
    angle += rng.normal(0, 0.15)
    ahead = rng.normal(0, 0.1)
    offset = np.array([np.sin(ahead), np.cos(ahead) * np.cos(angle), np.cos(ahead) * np.sin(angle)])
    base_T_rgb = transform(_OPTICAL, (0.5 * baseline * offset).tolist())
    turn = _rotation(np.radians(rng.normal(0, 0.8, 3).clip(-2, 2)))
    base_T_thermal = transform(_OPTICAL @ turn, (-0.5 * baseline * offset).tolist())
    rig = Rig(rgb, thermal, inverse(base_T_thermal) @ base_T_rgb, KELVIN_PER_COUNT, 0.0)
    return Mounting(rig, base_T_rgb, base_T_thermal)


def _camera(
    name: str,
    frame_id: str,
    size: tuple[int, int],
    view_deg: float,
    rng: np.random.Generator,
) -> CameraModel:
    width, height = size
    half = np.radians(view_deg) / 2
    kind = rng.choice(["none", "plumb_bob", "equidistant"], p=[0.35, 0.45, 0.2])
    # Where the left and right edges lie on the plane at distance 1, before and after distortion.
    edge = drawn = np.tan(half)
    distortion: tuple[float, ...] = ()
    if kind == "plumb_bob":
        # Barrel distortion that takes 2 to 9 % at the edge stays one to one in the corners.
        k1, k2 = -rng.uniform(0.02, 0.09) / edge**2, rng.uniform(0.0, 0.01) / edge**4
        drawn = edge * (1 + k1 * edge**2 + k2 * edge**4)
        tangential = rng.normal(0, 3e-4, 2)
        distortion = (k1, k2, float(tangential[0]), float(tangential[1]), 0.0)
    elif kind == "equidistant":
        drawn = half
        distortion = (rng.uniform(-0.02, 0.02), rng.uniform(-0.005, 0.005), 0.0, 0.0)
    focal = 0.5 * width / drawn
    cx = (width - 1) / 2 + rng.uniform(-0.02, 0.02) * width
    cy = (height - 1) / 2 + rng.uniform(-0.02, 0.02) * height
    aspect = rng.uniform(0.995, 1.005)
    return make_camera_model(
        name=name,
        width=width,
        height=height,
        k=[focal, 0, cx, 0, focal * aspect, cy, 0, 0, 1],
        d=[float(d) for d in distortion],
        distortion_model="equidistant" if kind == "equidistant" else "plumb_bob",
        frame_id=frame_id,
    )


def _rotation(xyz: np.ndarray) -> Matrix:
    """Rotation by three small angles, radians."""
    (sx, sy, sz), (cx, cy, cz) = np.sin(xyz), np.cos(xyz)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    result: Matrix = about_z @ about_y @ about_x
    return result
