"""Bring a small depth picture to full size without inventing depths between near and far."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.compiled import compiles, prepared
from rgbt_perception.frames import FloatImage
from rgbt_perception.geometry.scratch import Scratch
from rgbt_perception.geometry.upsample_loop import choose_depths, find_edges

# Inverse depth whose second difference exceeds this share of it has an edge.
EDGE_STEP = 0.06
# Between neighbours that differ by more than this share on both sides a pixel is mixed; the pixels
# that it may be like are looked for within this many pixels.
MIXED_STEP = 0.06
MIXED_REACH = 2
# Distance of one small pixel weighs as much as this difference of the guide (0 to 1).
DISTANCE_WEIGHT = 0.04
_ACROSS = np.array([[1.0, -2.0, 1.0]], np.float32)
_OFFSETS = (0, -1, 1)
_NO_GUIDE = np.empty((0, 0), np.float32)
_scratch = Scratch()


def upsample_depth(
    depth: FloatImage, width: int, height: int, guide: FloatImage | None
) -> FloatImage:
    """Enlarge depth, guided by the full-size picture ("ours").

    Smooth surfaces are interpolated bilinearly in depth. At depth edges, where networks blur near
    into far, small pixels that hang between the two first take the depth of one of them. Then every
    full-size pixel takes the depth of one of the 3 x 3 nearest small pixels: the one most like it
    in the guide and near to it. So edges follow the picture and no value between near and far is
    made up. Depth that has the size already stays as it is.

    Args:
        depth: (h, w) float32, metres, 0 where unknown.
        width, height: full size, pixels; the small picture covers the same view.
        guide: (height, width) float32, 0 to 1, or None for the nearest small pixel.

    Returns:
        (height, width) float32, metres, NaN where unknown.
    """
    h, w = depth.shape
    small = np.ascontiguousarray(depth)
    if (h, w) == (height, width):
        result = small.copy()
    elif compiles() and (guide is None or guide.shape == (height, width)):
        result = _enlarged_by_loops(small, width, height, guide)
    else:
        edge = _beside_edge(small)
        if edge.any():
            small = _unmixed(small, edge)
        result = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
        if edge.any():
            rows, columns = _enlarged(edge, width, height)
            result[rows, columns] = _chosen_depths(small, width, height, guide, rows, columns)
    if float(small.min()) <= 0:
        result[result <= 0] = np.nan
    return result


def _beside_edge(small: FloatImage) -> npt.NDArray[np.uint8]:
    """(h, w), 1 at or beside a small pixel where the surface breaks off.

    The inverse depth of a plane is linear in the picture, so its second difference is zero however
    slanted the plane is; beside an edge it is as large as the step. Unknown depth is an edge too.
    """
    broken = small <= 0
    with np.errstate(divide="ignore", over="ignore"):
        inverse = np.float32(1.0) / small
    if broken.any():
        inverse[broken] = 0.0
    allowed = inverse * np.float32(EDGE_STEP)
    inside = slice(1, -1)
    for kernel, middle in ((_ACROSS, (slice(None), inside)), (_ACROSS.T, (inside, slice(None)))):
        second = cv2.filter2D(inverse, -1, kernel)[middle]
        broken[middle] |= np.abs(second) > allowed[middle]
    return np.asarray(cv2.dilate(broken.view(np.uint8), np.ones((3, 3), np.uint8)))


def _unmixed(small: FloatImage, edge: npt.NDArray[np.uint8]) -> FloatImage:
    """A copy in which pixels that hang between near and far have the depth of one of them.

    Mixed is a pixel at an edge from which, along its row or its column, one neighbour is nearer
    and the other farther by more than ``MIXED_STEP``. It takes the least or the
    greatest depth among the pixels around it that are not mixed; without any it stays.
    """
    raised = small * np.float32(1.0 + MIXED_STEP)
    known = small > 0
    mixed = np.zeros(small.shape, np.bool_)
    for a, b, middle in (
        (np.s_[:, :-1], np.s_[:, 1:], np.s_[:, 1:-1]),
        (np.s_[:-1], np.s_[1:], np.s_[1:-1]),
    ):
        rises, falls = small[b] > raised[a], small[a] > raised[b]
        both = known[a] & known[b]
        rises &= both
        falls &= both
        mixed[middle] |= (rises[a] & rises[b]) | (falls[a] & falls[b])
    mixed &= edge.view(np.bool_)
    result = small.copy()
    place = np.flatnonzero(mixed)
    if len(place) == 0:
        return result
    # What is left out of a search lies beyond every depth.
    solid = known & ~mixed
    window = np.ones((2 * MIXED_REACH + 1, 2 * MIXED_REACH + 1), np.uint8)
    near = cv2.erode(np.where(solid, small, np.float32(np.inf)), window).ravel()[place]
    far = cv2.dilate(np.where(solid, small, np.float32(0.0)), window).ravel()[place]
    found = far > 0
    place, near, far = place[found], near[found], far[found]
    own = small.ravel()[place]
    # In metres, which of two surfaces keeps rather the near one than lose it to the far one.
    result.reshape(-1)[place] = np.where(far - own < own - near, far, near)
    return result


def _enlarged(
    edge: npt.NDArray[np.uint8], width: int, height: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns of the full-size pixels in marked small ones."""
    full = cv2.resize(edge, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.divmod(np.flatnonzero(full.view(np.bool_)), width)


def _chosen_depths(
    small: FloatImage,
    width: int,
    height: int,
    guide: FloatImage | None,
    rows: npt.NDArray[np.intp],
    columns: npt.NDArray[np.intp],
) -> FloatImage:
    """The depth of the best small neighbour of each given full-size pixel."""
    h, w = small.shape
    y, row = _small_places(rows, h, height)
    x, column = _small_places(columns, w, width)
    if guide is None:
        return small[np.clip(row, 0, h - 1), np.clip(column, 0, w - 1)]
    small_guide = cv2.resize(guide, (w, h), interpolation=cv2.INTER_AREA).ravel()
    flat = small.ravel()
    own = guide[rows, columns]
    best = np.full(len(rows), np.inf, np.float32)
    chosen = np.zeros(len(rows), np.float32)
    near_rows = [_beside(row, y, offset, h, w) for offset in _OFFSETS]
    near_columns = [_beside(column, x, offset, w, 1) for offset in _OFFSETS]
    for row_index, row_cost in near_rows:
        for column_index, column_cost in near_columns:
            index = row_index + column_index
            cost = np.abs(small_guide[index] - own)
            cost += row_cost
            cost += column_cost
            better = cost < best
            np.copyto(best, cost, where=better)
            np.copyto(chosen, flat[index], where=better)
    return chosen


def _small_places(
    places: npt.NDArray[np.intp], size: int, full_size: int
) -> tuple[FloatImage, npt.NDArray[np.intp]]:
    """Along one axis: where full-size pixels lie in the small picture, and the nearest pixel."""
    exact = (places.astype(np.float32) + np.float32(0.5)) * np.float32(size / full_size)
    exact -= np.float32(0.5)
    return exact, np.rint(exact).astype(np.intp)


def _beside(
    nearest: npt.NDArray[np.intp], exact: FloatImage, offset: int, size: int, stride: int
) -> tuple[npt.NDArray[np.intp], FloatImage]:
    """Along one axis: flat index of the small pixel at an offset, and the cost of its distance."""
    place = np.clip(nearest + offset, 0, size - 1)
    cost = np.abs(place.astype(np.float32) - exact)
    cost *= np.float32(DISTANCE_WEIGHT)
    return place * stride, cost


def _enlarged_by_loops(
    depth: FloatImage, width: int, height: int, guide: FloatImage | None
) -> FloatImage:
    """The same, bit for bit, but that what is unknown is not NaN yet."""
    h, w = depth.shape
    filled, inverse = np.empty((h, w), np.float32), _scratch.floats("inverse", h, w)
    edge = np.empty((h, w), np.uint8)
    steps = np.float32(EDGE_STEP), np.float32(1.0 + MIXED_STEP)
    find_edges(prepared(depth), steps, MIXED_REACH, inverse, edge, filled)
    result: FloatImage = cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR)
    if not edge.any():
        return result
    small_guide, full_guide = filled, _NO_GUIDE
    if guide is not None:
        small_guide = cv2.resize(guide, (w, h), interpolation=cv2.INTER_AREA)
        full_guide = prepared(guide)
    small_row_of, rows, row_costs = _axis(h, height)
    small_column_of, columns, column_costs = _axis(w, width)
    first = np.searchsorted(small_column_of, np.arange(w + 1, dtype=np.int32)).astype(np.int32)
    choose_depths(
        filled,
        small_guide,
        full_guide,
        edge,
        (small_row_of, first),
        (rows, columns),
        (row_costs, column_costs),
        result,
    )
    return result


@lru_cache(maxsize=16)
def _axis(
    size: int, full_size: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], FloatImage]:
    """Along one axis: of every full-size pixel the small one that it lies in, and candidates.

    Returns:
        (full,) int32 as OpenCV has it, (3, full) int32, and their costs.
    """
    numbers = np.arange(size, dtype=np.float32)[None]
    covering = cv2.resize(numbers, (full_size, 1), interpolation=cv2.INTER_NEAREST)[0]
    exact, nearest = _small_places(np.arange(full_size), size, full_size)
    places, costs = zip(
        *(_beside(nearest, exact, offset, size, 1) for offset in _OFFSETS), strict=True
    )
    return covering.astype(np.int32), np.stack(places).astype(np.int32), np.stack(costs)
