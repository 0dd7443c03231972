"""A small made-up world: ground, a back wall and a box, seen by both cameras."""

import numpy as np
import pytest

pytest.importorskip("torch")

from rgbt_perception.frames import Pinhole
from rgbt_perception.training.pair_cache import CachedRecording


def _depth(camera: Pinhole, origin_x: float, wall: float, box: tuple[float, float]) -> np.ndarray:
    """Depth by ray casting; the camera stands at (origin_x, 1.5 m above the ground)."""
    u, v = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    x, y = (u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy
    with np.errstate(divide="ignore"):
        ground = np.where(y > 0, 1.5 / y, np.inf)
    depth = np.minimum(ground, wall)
    depth[(depth == wall) & (y * wall < -3.0)] = np.inf  # sky above the wall
    z, left = box
    at = x * z + origin_x
    hit = (at > left) & (at < left + 1.5) & (y * z > -0.5) & (y * z < 1.5) & (z < depth)
    return np.where(hit, z, depth)


def make_recording(pairs: int = 4, width: int = 80, height: int = 64, seed: int = 0):
    random = np.random.default_rng(seed)
    rgb_camera = Pinhole(width, height, 0.8 * width, 0.8 * width, width / 2 - 0.5, height / 2 - 2.0)
    thermal_camera = Pinhole(width, height, width, width, width / 2 - 1.5, height / 2 - 0.5)
    arrays = {"rgb": [], "thermal": [], "rgb_depth": [], "thermal_depth": []}
    for _ in range(pairs):
        wall, box = random.uniform(8, 30), (random.uniform(3, 7), random.uniform(-2, 1))
        rgb_depth = _depth(rgb_camera, 0.0, wall, box)
        thermal_depth = _depth(thermal_camera, 0.2, wall, box)
        light = np.clip(1.0 / np.sqrt(np.minimum(rgb_depth, 100.0)), 0, 1)
        color = np.stack([light, light**2, 1 - light], axis=-1) * 200
        arrays["rgb"].append(color + random.uniform(0, 20, color.shape))
        warm = 29000 + 1000 / np.sqrt(np.minimum(thermal_depth, 100.0))
        arrays["thermal"].append(warm + random.uniform(0, 30, warm.shape))
        arrays["rgb_depth"].append(rgb_depth)
        arrays["thermal_depth"].append(thermal_depth)
    thermal_T_rgb = np.eye(4)
    thermal_T_rgb[0, 3] = -0.2
    return CachedRecording(
        name=f"made-up-{seed}",
        scene={"scene": "street", "light": "day", "weather": "clear", "seed": seed},
        rgb=np.stack(arrays["rgb"]).astype(np.uint8),
        thermal=np.stack(arrays["thermal"]).astype(np.uint16),
        rgb_depth=np.stack(arrays["rgb_depth"]).astype(np.float16),
        thermal_depth=np.stack(arrays["thermal_depth"]).astype(np.float16),
        rgb_mask=np.ones((height, width), np.uint8),
        thermal_mask=np.ones((height, width), np.uint8),
        rgb_camera=rgb_camera,
        thermal_camera=thermal_camera,
        thermal_T_rgb=thermal_T_rgb,
        least_span=200.0,
    )


@pytest.fixture(scope="session")
def recording():
    return make_recording()
