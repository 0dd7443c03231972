"""The last step of depth and confidence as loops: one pass over the full-size picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rgbt_perception.compiled import compiled_loop
from rgbt_perception.frames import FloatImage


@compiled_loop
def limit_depth(
    bits: npt.NDArray[np.int32], low: np.int32, high: np.int32, half: np.int32, kept: np.int32
) -> None:
    """Set what is beyond the limits to infinity (REP 117) and round the rest, in place.

    Of numbers that are not negative, the order is that of their bits.

    Args:
        bits: (H, W) int32, of float32 depths, metres, NaN where unknown.
        low, high: bits of the limits, float32, metres.
        half: half a step of what is kept.
        kept: mask of the bits that are kept.
    """
    infinity, without_sign = np.int32(0x7F800000), np.int32(0x7FFFFFFF)
    minus_infinity = np.int32(-0x800000)
    height, width = bits.shape
    for i in range(height):
        for j in range(width):
            here = bits[i, j]
            known = np.int32(here & without_sign) <= infinity
            here = infinity if known & (here > high) else here
            here = minus_infinity if known & (here < low) else here
            bits[i, j] = np.int32(here + half) & kept


@compiled_loop
def to_shares(levels: npt.NDArray[np.uint8], share: FloatImage) -> None:
    """Write 0 to 255 as 0 to 1; both (H, W)."""
    height, width = share.shape
    for i in range(height):
        for j in range(width):
            share[i, j] = np.float32(levels[i, j]) * np.float32(1 / 255)
