"""Falling drops: bright streaks before the picture."""

from __future__ import annotations

import cv2
import numpy as np

from rgbt_perception.simulation.environment import Environment
from rgbt_perception.simulation.randomness import generator
from rgbt_perception.simulation.rendering.arrays import Float32, single

_SPEED_M_S = 8.0
_DROP_M = 0.0018
_NEAR_M, _FAR_M = 1.2, 9.0
_DROPS_PER_M3 = 45.0


def streaks(
    environment: Environment, height: int, width: int, pixel_angle: float, time_s: float
) -> Float32:
    """How much of each pixel is covered by drops on their way down.

    Args:
        environment: weather, wind and light.
        height, width: of the picture, pixels.
        pixel_angle: radians between pixels.
        time_s: seconds since the start; equal times give equal drops.

    Returns:
        (H, W) float32, 0 to 1.
    """
    rng = generator(environment.seed, "rain", round(time_s * 1e6))
    volume = (_FAR_M**3 - _NEAR_M**3) / 3 * height * width * pixel_angle**2
    count = min(int(_DROPS_PER_M3 * environment.air.rain * volume), 4000)
    # Evenly in space, so most drops are far.
    share = rng.random(count)
    depth = (_NEAR_M**3 + share * (_FAR_M**3 - _NEAR_M**3)) ** (1 / 3)
    shutter_s = 0.025 if environment.light.dark else 0.008
    length = _SPEED_M_S * shutter_s / depth / pixel_angle
    slant = np.clip(environment.air.wind[1] / _SPEED_M_S, -0.4, 0.4) + rng.normal(0, 0.03, count)
    x, y = rng.uniform(0, width, count), rng.uniform(-0.1 * height, height, count)
    # A drop thinner than a pixel and passing in a part of the exposure covers only a share of it.
    cover = np.clip(_DROP_M / (depth * pixel_angle), 0, 1) * 255 * 0.6
    cover *= np.clip(0.6 / (length * pixel_angle * depth / 0.06 + 0.4), 0.2, 1)
    picture = np.zeros((height, width), np.uint8)
    ends = np.stack([x, y, x + slant * length, y + length], axis=1)
    for order in np.argsort(cover):
        x0, y0, x1, y1 = (round(float(v) * 16) for v in ends[order])
        shade = float(max(cover[order], 3))
        cv2.line(picture, (x0, y0), (x1, y1), shade, 1, cv2.LINE_AA, 4)
    return single(single(picture) / 255)
