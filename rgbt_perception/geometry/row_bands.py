"""Some rows at a time, which stay in the processor's cache from one operation to the next."""

from __future__ import annotations

from collections.abc import Iterator

# Pixels at a time: a plane of float32 takes 160 kB, a handful of them fit into a core's cache.
_PIXELS = 40_000


def rows_at_a_time(width: int) -> int:
    """How many rows of that many pixels are a band."""
    return max(1, _PIXELS // max(1, width))


def row_bands(height: int, width: int) -> Iterator[slice]:
    """A picture's rows in bands, from top to bottom."""
    step = rows_at_a_time(width)
    for top in range(0, height, step):
        yield slice(top, min(height, top + step))
