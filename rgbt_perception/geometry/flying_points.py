"""Points of a depth picture that hang in the air between two surfaces."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from rgbt_perception.compiled import compiles, prepared
from rgbt_perception.frames import FloatImage
from rgbt_perception.geometry.cloud_loop import mark_flying
from rgbt_perception.geometry.row_bands import row_bands
from rgbt_perception.geometry.scratch import Scratch

_GAPS = (1, 3)  # distances of the neighbours compared, pixels
_REACH = 3  # neighbours to each side over which a slanted surface must be straight
_STRAIGHT = 0.5  # most a straight surface's second difference may be of its first one
_scratch = Scratch()


def flying_points(depth: FloatImage, threshold: float) -> npt.NDArray[np.bool_]:
    """Pixels that hang in the air between a near and a far surface (ours).

    A pixel is one when, along its row or its column, it is farther than the neighbour on one side
    and nearer than the one on the other, by more than the threshold each: what interpolation
    leaves on a depth edge. Neighbours are looked for one and three pixels away, because enlarged
    depth repeats its values. Pixels that agree with one side stay, so clean edges and thin poles
    lose nothing. Ground at a grazing angle has such steps too and is kept: the inverse depth of a
    plane is linear in the picture, so there the second difference of 1 / z stays below half the
    first one, over seven neighbours.

    Args:
        depth: (H, W) float32, metres, NaN where unknown.
        threshold: relative depth step, above 0.

    Returns:
        (H, W) bool.
    """
    if compiles():
        return flying_flags(depth, threshold).view(np.bool_)
    result = np.zeros(depth.shape, dtype=np.bool_)
    result.reshape(-1)[flying_indices(depth, threshold)] = True
    return result


def flying_flags(depth: FloatImage, threshold: float) -> npt.NDArray[np.uint8]:
    """``flying_points`` by a compiled loop.

    Args:
        depth: (H, W) float32, metres; unknown where not finite and positive.
        threshold: see ``flying_points``.

    Returns:
        (H, W) of 0 and 1.
    """
    flags = np.empty(depth.shape, np.uint8)
    ratio = np.float32(1.0 + threshold)
    mark_flying(prepared(depth), ratio, _scratch.floats("known", *depth.shape), flags)
    return flags


def flying_indices(depth: FloatImage, threshold: float) -> npt.NDArray[np.intp]:
    """``flying_points`` by plain NumPy, as flat indices, some of them more than once."""
    height, width = depth.shape
    reach = max(_GAPS)
    between: dict[tuple[int, int], list[npt.NDArray[np.intp]]] = {
        (axis, gap): [np.empty(0, np.intp)] for axis in (0, 1) for gap in _GAPS
    }
    for band in row_bands(height, width):
        # The neighbours above and below the band are looked at too.
        top, bottom = max(0, band.start - reach), min(height, band.stop + reach)
        here = depth[top:bottom]
        raised = here * np.float32(1.0 + threshold)
        steps = np.empty(here.shape, dtype=np.bool_)
        for (axis, gap), found in between.items():
            for pixels in _between(here, raised, axis, gap, steps):
                found.append(pixels + top * width)
    flying = []
    for (axis, gap), found in between.items():
        pixels = np.concatenate(found)
        flying.append(pixels[_is_bent(depth, pixels, axis, gap)])
    return np.concatenate(flying)


def _between(
    depth: FloatImage, raised: FloatImage, axis: int, gap: int, steps: npt.NDArray[np.bool_]
) -> Iterator[npt.NDArray[np.intp]]:
    """Where both steps of ``gap`` pixels along an axis exceed the threshold in one direction.

    Steps are rare, so that only the search for them looks at every pixel.

    Args:
        depth, raised: (H, W) float32, metres, and the same times one plus the threshold.
        axis: 0 or 1.
        gap: pixels.
        steps: (H, W), is written to.

    Yields:
        Flat indices of the pixels in the middle, for rising and for falling depth.
    """
    # Flat, which is several times as fast along a row; what runs over a row's end is taken back.
    shift = gap * depth.shape[1] if axis == 0 else gap
    low, high, found = depth.reshape(-1), raised.reshape(-1), steps.reshape(-1)
    count = len(found) - shift
    if count <= 0:
        return
    found[count:] = False  # no step begins there
    for smaller, larger in ((high[:-shift], low[shift:]), (high[shift:], low[:-shift])):
        np.less(smaller, larger, out=found[:count])
        if axis == 1:
            steps[:, -gap:] = False
        if found.any():
            first = np.flatnonzero(found)
            yield first[found[first + shift]] + shift


def _is_bent(
    depth: FloatImage, pixels: npt.NDArray[np.intp], axis: int, gap: int
) -> npt.NDArray[np.bool_]:
    """Whether inverse depth is not straight along an axis round flat pixel indices, (N,) bool."""
    width = depth.shape[1]
    place = pixels // width if axis == 0 else pixels % width
    reach = gap * np.arange(-_REACH, _REACH + 1)[:, None]
    samples = depth.reshape(-1).take(pixels + reach * (width if axis == 0 else 1), mode="clip")
    # What is unknown or outside the picture compares as straight.
    samples[(place + reach < 0) | (place + reach >= depth.shape[axis])] = np.nan
    step = np.diff(1.0 / samples, axis=0)
    second = np.abs(np.diff(step, axis=0))
    first = np.abs(step[1:] + step[:-1]) * 0.5
    return np.asarray((second > _STRAIGHT * first).any(axis=0))
