"""Brings true depth to another grid without mixing depths and without losing lone points."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def nearest(picture: Array, width: int, height: int) -> Array:
    """Each pixel the source pixel nearest to its centre: for dense depth and for classes.

    Args:
        picture: (H, W) of a dtype of ``cv2.resize``.
        width, height: pixels.

    Returns:
        (height, width), same dtype; ``picture`` itself when it has that size.
    """
    if (picture.shape[1], picture.shape[0]) == (width, height):
        return picture
    # Depths and classes must not be mixed across an edge.
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_NEAREST_EXACT))


def sparse_depth(depth: Array, width: int, height: int) -> Array:
    """As ``nearest``, but a pixel whose nearest is unknown takes another of those that it covers.

    Of lidar truth shrunk to half its size, nearest sampling alone would lose three points in four.
    Among the known source pixels the least depth is taken: of the points that a lidar throws into
    one pixel the nearest is what a camera sees there, and its place is off by half a pixel at most
    (ours).

    Args:
        depth: (H, W) float32, metres, NaN unknown.
        width, height: pixels.

    Returns:
        (height, width) float32; ``depth`` itself when it has that size.
    """
    found = nearest(depth, width, height)
    gaps = np.isnan(found)
    if found is depth or not gaps.any():
        return found
    rows, columns = np.nonzero(~np.isnan(depth))
    # The centre of a source pixel decides into which pixel it falls.
    row = (2 * rows + 1) * height // (2 * depth.shape[0])
    column = (2 * columns + 1) * width // (2 * depth.shape[1])
    into_gap = gaps[row, column]
    row, column = row[into_gap], column[into_gap]
    values = depth[rows[into_gap], columns[into_gap]]
    # Of several values for one pixel the last one written stays: the least.
    order = np.argsort(-values, kind="stable")
    found[row[order], column[order]] = values[order]
    return found
