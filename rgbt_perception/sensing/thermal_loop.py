"""Thermal counts to a picture, as a compiled loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.compiled import compiled_loop
from rgbt_perception.frames import FloatImage


@compiled_loop
def stretch(
    counts: npt.NDArray[Any], low: np.float32, gain: np.float32, clip: bool, picture: FloatImage
) -> None:
    """Shift and scale in one pass; NaN becomes 0.

    Args:
        counts: (H, W) uint8, uint16 or float32.
        low: becomes 0.
        gain: of the picture over counts.
        clip: whether the picture ends at 0 and 1.
        picture: (H, W) float32, becomes the result.
    """
    height, width = counts.shape
    zero, one = np.float32(0.0), np.float32(1.0)
    for v in range(height):
        source, target = counts[v], picture[v]
        for u in range(width):
            # Subtracting first keeps the precision of small spans of large numbers.
            value = (np.float32(source[u]) - low) * gain
            value = zero if np.isnan(value) else value
            if clip:
                value = value if value > zero else zero
                value = value if value < one else one
            target[u] = value
