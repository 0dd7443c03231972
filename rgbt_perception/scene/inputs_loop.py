"""Filling the scene network's inputs as loops: what is seen, a mean of it, a plane a channel."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.compiled import compiled_loop
from rgbt_perception.frames import FloatImage, Mask


@compiled_loop
def keep_seen(picture: FloatImage, seen: Mask, result: FloatImage) -> None:
    """Write a picture, 0 where it is not seen; all (H, W)."""
    height, width = picture.shape
    for i in range(height):
        for j in range(width):
            result[i, j] = picture[i, j] * np.float32(seen[i, j])


@compiled_loop
def seen_of_four(seen: Mask, share: FloatImage) -> None:
    """Write the share of each 2 x 2 pixels that is seen.

    Args:
        seen: (2 h, 2 w) bool.
        share: (h, w) float32, 0 to 1.
    """
    height, width = share.shape
    for i in range(height):
        for j in range(width):
            above = np.uint8(seen[2 * i, 2 * j]) + np.uint8(seen[2 * i, 2 * j + 1])
            below = np.uint8(seen[2 * i + 1, 2 * j]) + np.uint8(seen[2 * i + 1, 2 * j + 1])
            share[i, j] = np.float32(np.int32(above + below)) * np.float32(0.25)


@compiled_loop
def fill_input(
    small: npt.NDArray[Any],
    channels: int,
    gain: np.float32,
    share: FloatImage,
    most: np.float32,
    corner: tuple[int, int],
    planes: FloatImage,
    mask: FloatImage,
) -> None:
    """Write one camera's picture and mask.

    Args:
        small: (h, w * channels) uint8 or float32, 0 where not seen.
        channels: 1 or 3.
        gain: factor to 0 to 1.
        share: (h, w) float32, how much of each pixel is seen; (0, 0) for everything.
        most: share beyond which a pixel counts as seen.
        corner: row and column of the network's input where the picture begins.
        planes: (channels, rows, columns) float32 of the network, the mean of what is seen.
        mask: (rows, columns) float32, 1 where seen.
    """
    height, width = small.shape[0], small.shape[1] // channels
    top, left = corner
    whole = share.size == 0
    factor = np.ones(width, np.float32)
    for i in range(height):
        if whole:
            mask[top + i, left : left + width] = np.float32(1)
        else:
            for j in range(width):
                seen = np.float32(share[i, j] > most)
                mask[top + i, left + j] = seen
                factor[j] = seen / (share[i, j] if share[i, j] > most else most)
        if channels == 3:
            for j in range(width):
                red, green, blue = small[i, 3 * j], small[i, 3 * j + 1], small[i, 3 * j + 2]
                planes[0, top + i, left + j] = np.float32(red) * gain * factor[j]
                planes[1, top + i, left + j] = np.float32(green) * gain * factor[j]
                planes[2, top + i, left + j] = np.float32(blue) * gain * factor[j]
        else:
            for j in range(width):
                planes[0, top + i, left + j] = np.float32(small[i, j]) * gain * factor[j]
