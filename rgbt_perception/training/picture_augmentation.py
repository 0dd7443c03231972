"""Disturbances of the two pictures: darkness, glare, smoke, noise, low contrast, blindness.

All are ours. Strengths are drawn widely: the simulator already makes the likely cases, these make
the network ready for cameras that it does not simulate.
"""

from __future__ import annotations

import cv2
import numpy as np

from rgbt_perception.frames import FloatImage
from rgbt_perception.sensing.thermal_range import KNEE, range_of
from rgbt_perception.sensing.thermal_shoulder import linear_range, with_shoulder
from rgbt_perception.training.recipe import PictureAugmentationConfig

_FARTHEST_M = 120.0


def disturbed_rgb(
    rgb: FloatImage,
    depth: FloatImage,
    config: PictureAugmentationConfig,
    random: np.random.Generator,
) -> FloatImage:
    """A colour picture as another camera might take it, under worse conditions.

    Args:
        rgb: (H, W, 3) float32, 0 to 1.
        depth: (H, W) float32, metres, same view; NaN unknown, Inf sky.
        config: probabilities.
        random: decides everything.

    Returns:
        (H, W, 3) float32, 0 to 1.
    """
    picture = _tone(rgb, random)
    if random.random() < config.veil:
        density = np.exp(random.uniform(np.log(1 / 60), np.log(1 / 2)))
        picture = _veil(picture, depth, float(density), float(random.uniform(0.1, 0.9)), random)
    if random.random() < config.darken:
        picture = picture * np.float32(np.exp(random.uniform(np.log(0.03), 0.0)))
    if random.random() < config.glare:
        picture = _glare(picture, random)
    if random.random() < config.blur:
        picture = _blurred(picture, random)
    if random.random() < config.noise:
        read = random.uniform(0.0, 0.05)
        shot = random.uniform(0.0, 0.06)
        sigma = np.sqrt(read**2 + shot**2 * np.clip(picture, 0, 1)).astype(np.float32)
        picture = picture + sigma * random.standard_normal(picture.shape, np.float32)
    return np.clip(picture, 0.0, 1.0)


def disturbed_thermal(
    counts: FloatImage,
    mask: FloatImage,
    depth: FloatImage,
    least_span: float,
    config: PictureAugmentationConfig,
    random: np.random.Generator,
) -> FloatImage:
    """Thermal counts to a picture, normalised and disturbed as cameras differ.

    Args:
        counts: (H, W) float32, linear in radiance or temperature.
        mask: (H, W) float32, 1 where there is a picture.
        depth: (H, W) float32, metres, same view; NaN unknown, Inf sky.
        least_span: counts, see ``normalized``.
        config: probabilities.
        random: decides everything.

    Returns:
        (H, W) float32, 0 (cold) to 1 (warm).
    """
    low, high = random.uniform(0.0, 3.0), random.uniform(97.0, 100.0)
    least_span *= random.uniform(0.3, 1.5)
    shoulder = random.random() < config.shoulder
    picture = normalized(counts, mask, low, high, least_span, shoulder)
    if random.random() < config.equalise:
        picture = _equalised(picture, mask, random)
    if random.random() < config.veil:
        # Long waves pass through smoke and fog far better: a thin veil of the air's temperature.
        density = np.exp(random.uniform(np.log(1 / 400), np.log(1 / 25)))
        picture = _veil(picture, depth, float(density), float(random.uniform(0.2, 0.8)), random)
    if random.random() < config.flat:
        contrast = np.float32(random.uniform(0.15, 1.0))
        picture = np.float32(random.uniform(0.2, 0.8)) * (1 - contrast) + picture * contrast
    if random.random() < config.thermal_blur:
        picture = _blurred(picture, random)
    if random.random() < config.thermal_noise:
        columns = random.standard_normal((1, picture.shape[1]), np.float32)
        picture = picture + np.float32(random.uniform(0.0, 0.03)) * columns
        pixels = random.standard_normal(picture.shape, np.float32)
        picture = picture + np.float32(random.uniform(0.0, 0.06)) * pixels
    picture = np.clip(picture, 0.0, 1.0) ** np.float32(np.exp(random.uniform(-0.25, 0.25)))
    if random.random() < config.quantise:
        levels = np.float32(random.integers(40, 256))
        picture = np.round(picture * levels) / levels
    return np.asarray(picture, np.float32)


def normalized(
    counts: FloatImage,
    mask: FloatImage,
    low: float,
    high: float,
    least_span: float,
    shoulder: bool = True,
) -> FloatImage:
    """Counts to 0 to 1 between two percentiles, as the run time does by default.

    Args:
        counts: (H, W) float32.
        mask: (H, W) float32, 1 where there is a picture.
        low, high: percentiles, percent.
        least_span: counts; a picture with less between its percentiles is not stretched more.
        shoulder: compress what is far hotter than the rest (see ``sensing.thermal_shoulder``).
    """
    inside = counts[mask > 0]
    if inside.size == 0:
        return np.zeros_like(counts)
    cold, knee, warm = np.percentile(inside[::2], (low, KNEE, high))
    found = range_of(float(cold), float(knee), float(warm), least_span)
    start, end = linear_range(found) if shoulder else (found.low, found.high)
    picture: FloatImage = (counts - np.float32(start)) / np.float32(end - start)
    if end < found.high:
        return with_shoulder(picture, (found.high - start) / (end - start))
    return np.clip(picture, 0.0, 1.0)


def _equalised(picture: FloatImage, mask: FloatImage, random: np.random.Generator) -> FloatImage:
    """Plateau equalisation, the usual automatic gain of 8-bit thermal cameras (our parameters)."""
    levels = np.clip(picture * 255.0, 0, 255).astype(np.uint8)
    counts = np.bincount(levels[mask > 0], minlength=256).astype(np.float64)
    if counts.sum() == 0:
        return picture
    plateau = counts.sum() / 256 * random.uniform(1.0, 8.0)
    curve = np.cumsum(np.minimum(counts, plateau))
    share = np.float32(random.uniform(0.5, 1.0))
    equal = (curve / curve[-1]).astype(np.float32)[levels]
    return np.asarray(picture + share * (equal - picture), np.float32)


def blinded(picture: FloatImage, random: np.random.Generator) -> FloatImage:
    """A picture that shows nothing: blank, noise, or all but a stripe of it covered."""
    level = np.float32(random.choice([0.0, random.random(), 1.0]))
    strength = np.float32(random.uniform(0.0, 0.3))
    noise = strength * random.standard_normal(picture.shape, np.float32)
    blank = np.clip(level + noise, 0.0, 1.0)
    if random.random() < 0.3:
        width = picture.shape[1]
        start = int(random.integers(0, width))
        stop = start + int(random.integers(width // 8, width))
        blank[:, :start] = picture[:, :start]
        blank[:, stop:] = picture[:, stop:]
    return np.asarray(blank, np.float32)


def _tone(rgb: FloatImage, random: np.random.Generator) -> FloatImage:
    """Exposure, contrast, colour balance, gamma, saturation."""
    gain = np.exp(random.uniform(-0.3, 0.3)) * np.exp(random.uniform(-0.08, 0.08, size=3))
    picture = rgb * gain.astype(np.float32)
    picture = np.clip(picture, 0.0, 1.0) ** np.float32(np.exp(random.uniform(-0.35, 0.35)))
    grey = picture.mean(axis=2, keepdims=True)
    saturation = np.float32(random.choice([random.uniform(0.4, 1.3), 1.0, 0.0], p=[0.5, 0.4, 0.1]))
    return np.asarray(grey + saturation * (picture - grey), np.float32)


def _veil(
    picture: FloatImage,
    depth: FloatImage,
    density: float,
    light: float,
    random: np.random.Generator,
) -> FloatImage:
    """Attenuation and airlight along the ray (Koschmieder), in drifting clouds."""
    distance = np.where(np.isnan(depth), 10.0, np.minimum(depth, _FARTHEST_M)).astype(np.float32)
    clouds = random.uniform(0.3, 1.7, size=(4, 5)).astype(np.float32)
    height, width = depth.shape
    clouds = cv2.resize(clouds, (width, height), interpolation=cv2.INTER_CUBIC)
    passed = np.exp(-np.float32(density) * np.maximum(clouds, 0.05) * distance)
    if picture.ndim == 3:
        passed = passed[..., None]
    return np.asarray(picture * passed + np.float32(light) * (1 - passed), np.float32)


def _glare(picture: FloatImage, random: np.random.Generator) -> FloatImage:
    """Lights that shine into the lens: bright discs with wide halos."""
    height, width = picture.shape[:2]
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)[None, :]
    light = np.zeros((height, width), np.float32)
    for _ in range(int(random.integers(1, 4))):
        x, y = random.uniform(0, width), random.uniform(0, height)
        radius = random.uniform(0.02, 0.15) * width
        square = ((columns - np.float32(x)) ** 2 + (rows - np.float32(y)) ** 2) / radius**2
        light += np.float32(random.uniform(0.5, 2.0)) / (1 + square)
    tint = random.uniform(0.7, 1.0, size=3).astype(np.float32)
    return np.asarray(picture + light[..., None] * tint, np.float32)


def _blurred(picture: FloatImage, random: np.random.Generator) -> FloatImage:
    if random.random() < 0.5:
        length = int(random.integers(2, 6))
        shape = (length, 1) if random.random() < 0.3 else (1, length)
        kernel = np.full(shape, 1 / length, np.float32)
        return np.asarray(cv2.filter2D(picture, -1, kernel))
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), float(random.uniform(0.3, 1.5))))
