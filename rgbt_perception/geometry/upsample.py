"""Bring a small depth picture to full size without inventing depths between near and far."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.frames import FloatImage

# A 3x3 neighbourhood whose depths differ by more than this ratio is an edge.
EDGE_RATIO = 1.06
# Distance of one small pixel weighs as much as this difference of the guide (0 to 1).
DISTANCE_WEIGHT = 0.04


def upsample_depth(
    depth: FloatImage, width: int, height: int, guide: FloatImage | None
) -> FloatImage:
    """Enlarge depth, guided by the full-size picture ("ours").

    Smooth surfaces are interpolated bilinearly in depth. At depth edges every full-size pixel
    takes the depth of one of the 3 x 3 nearest small pixels: the one most like it in the guide
    and near to it. So edges follow the picture and no value between near and far is made up.

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
    else:
        result = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
        rows, columns = _edge_pixels(small, width, height)
        if len(rows):
            result[rows, columns] = _chosen_depths(small, width, height, guide, rows, columns)
    if float(small.min()) <= 0:
        result[result <= 0] = np.nan
    return result


def _edge_pixels(
    small: FloatImage, width: int, height: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Full-size pixels whose small neighbourhood holds a depth edge or something unknown."""
    kernel = np.ones((3, 3), np.uint8)
    far = cv2.dilate(small, kernel)
    near = cv2.erode(small, kernel)
    edge = (far > near * EDGE_RATIO).astype(np.uint8)
    full = cv2.resize(edge, (width, height), interpolation=cv2.INTER_NEAREST)
    rows, columns = np.nonzero(full)
    return rows, columns


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
    y = (rows.astype(np.float32) + 0.5) * np.float32(h / height) - 0.5
    x = (columns.astype(np.float32) + 0.5) * np.float32(w / width) - 0.5
    row, column = np.rint(y).astype(np.intp), np.rint(x).astype(np.intp)
    if guide is None:
        return small[np.clip(row, 0, h - 1), np.clip(column, 0, w - 1)]
    small_guide = cv2.resize(guide, (w, h), interpolation=cv2.INTER_AREA).ravel()
    flat = small.ravel()
    own = guide[rows, columns]
    best = np.full(len(rows), np.inf, np.float32)
    chosen = np.zeros(len(rows), np.float32)
    for dy in (0, -1, 1):
        r = np.clip(row + dy, 0, h - 1)
        for dx in (0, -1, 1):
            c = np.clip(column + dx, 0, w - 1)
            index = r * w + c
            distance = np.abs(r - y) + np.abs(c - x)
            cost = np.abs(small_guide[index] - own) + np.float32(DISTANCE_WEIGHT) * distance
            better = cost < best
            best[better] = cost[better]
            chosen[better] = flat[index[better]]
    return chosen
