"""Parts of an aligned pair at the training's size: zoom, crop, mirror, errors of the warp."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.geometry.letterbox import resample
from rgbt_perception.training.depth_resampling import nearest
from rgbt_perception.training.scene_pair import ScenePair
from rgbt_perception.training.scene_recipe import SceneAugmentationConfig

Array = npt.NDArray[Any]

_LARGEST_ZOOM = 2.0


def whole_view(pair: ScenePair, width: int, height: int) -> ScenePair:
    """The largest part of the canvas that has the wanted shape, from its middle."""
    inner_width, inner_height = _largest(pair, width, height)
    rows, columns = pair.thermal.shape
    return _cut(
        pair,
        (columns - inner_width) // 2,
        (rows - inner_height) // 2,
        inner_width,
        inner_height,
        width,
        height,
    )


def random_view(
    pair: ScenePair,
    width: int,
    height: int,
    config: SceneAugmentationConfig,
    random: np.random.Generator,
) -> ScenePair:
    """A random view of one pair.

    Args:
        pair: the whole canvas.
        width, height: wanted, pixels.
        config: probabilities.
        random: decides everything.
    """
    if random.random() < config.warp_error:
        pair = _displaced(pair, config.warp_error_px, random)
    inner_width, inner_height = _largest(pair, width, height)
    if random.random() < config.zoom:
        zoom = float(np.exp(random.uniform(0.0, np.log(_LARGEST_ZOOM))))
        inner_width = max(8, round(inner_width / zoom))
        inner_height = max(8, round(inner_height / zoom))
    rows, columns = pair.thermal.shape
    left = int(random.integers(0, columns - inner_width + 1))
    top = int(random.integers(0, rows - inner_height + 1))
    view = _cut(pair, left, top, inner_width, inner_height, width, height)
    return mirrored(view) if random.random() < config.flip else view


def mirrored(pair: ScenePair) -> ScenePair:
    """Left and right swapped."""

    def flip(picture: Array) -> Array:
        return np.ascontiguousarray(picture[:, ::-1])

    return ScenePair(
        flip(pair.rgb),
        flip(pair.rgb_mask),
        flip(pair.thermal),
        flip(pair.thermal_mask),
        flip(pair.depth),
        flip(pair.labels),
    )


def _largest(pair: ScenePair, width: int, height: int) -> tuple[int, int]:
    rows, columns = pair.thermal.shape
    scale = min(columns / width, rows / height)
    return min(columns, round(width * scale)), min(rows, round(height * scale))


def _cut(
    pair: ScenePair,
    left: int,
    top: int,
    inner_width: int,
    inner_height: int,
    width: int,
    height: int,
) -> ScenePair:
    area = (slice(top, top + inner_height), slice(left, left + inner_width))

    def smooth(picture: Array) -> Array:
        return resample(np.ascontiguousarray(picture[area]), width, height)

    def exact(picture: Array) -> Array:
        return nearest(np.ascontiguousarray(picture[area]), width, height)

    def mask(picture: Array) -> Array:
        # A pixel that is partly unseen counts as unseen: what hides it is mixed in.
        return (smooth(picture) > 0.999).astype(np.float32)

    rgb_mask = mask(pair.rgb_mask)
    return ScenePair(
        smooth(pair.rgb) * rgb_mask[..., None],
        rgb_mask,
        smooth(pair.thermal),
        mask(pair.thermal_mask),
        exact(pair.depth),
        exact(pair.labels),
    )


def _displaced(pair: ScenePair, largest: float, random: np.random.Generator) -> ScenePair:
    """RGB beside its place, differently in different places, as wrong depth or extrinsics do."""
    rows, columns = pair.thermal.shape
    common = random.uniform(-1.0, 1.0, size=2)
    local = random.uniform(-1.0, 1.0, size=(4, 5, 2))
    field = (0.5 * (common + local) * largest).astype(np.float32)
    field = cv2.resize(field, (columns, rows), interpolation=cv2.INTER_LINEAR)
    x = np.arange(columns, dtype=np.float32)[None, :] + field[..., 0]
    y = np.arange(rows, dtype=np.float32)[:, None] + field[..., 1]
    rgb = cv2.remap(pair.rgb, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    whole = cv2.remap(pair.rgb_mask, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    mask = (whole > 0.999).astype(np.float32)
    return replace(pair, rgb=rgb * mask[..., None], rgb_mask=mask)
