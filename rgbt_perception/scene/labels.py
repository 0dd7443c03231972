"""From logits at network size to class ids at full size, and their colours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.compiled import compiles, prepared
from rgbt_perception.frames import ColorImage, FloatImage, LabelImage
from rgbt_perception.geometry.bilinear import bilinear_places
from rgbt_perception.scene.classes import COLOURS, UNLABELLED
from rgbt_perception.scene.labels_loop import enlarge_labels

# Share of pixels at borders from which on interpolating the whole picture takes less time.
_MANY = 0.2
_AROUND = np.ones((3, 3), np.uint8)
_TABLE = np.ascontiguousarray(COLOURS[:, None])


def full_size_labels(logits: FloatImage, width: int, height: int) -> LabelImage:
    """The likeliest class of every full-size pixel.

    Logits are interpolated, not ids: borders between classes come out smooth. ``UNLABELLED`` is no
    answer, since the network never learned it.

    Between small pixels of one class the interpolated logits of that class are the largest too, so
    that only pixels beside a border between classes are interpolated, where they are few.

    Args:
        logits: (classes, h, w) float32; the small picture covers the same view.
        width, height: full size, pixels.

    Returns:
        (height, width) uint8.
    """
    learned = logits[UNLABELLED + 1 :]
    h, w = learned.shape[1:]
    if compiles():
        labels: LabelImage = np.empty((height, width), np.uint8)
        axes = (bilinear_places(h, height).arrays, bilinear_places(w, width).arrays)
        enlarge_labels(prepared(learned), UNLABELLED + 1, *axes, labels)
        return labels
    small = _likeliest(learned)
    if (h, w) == (height, width):
        return small
    border = cv2.dilate(small, _AROUND) != cv2.erode(small, _AROUND)
    shrinks = width < w or height < h
    if shrinks or np.count_nonzero(border) > _MANY * border.size:
        return _likeliest(_enlarged(plane, width, height) for plane in learned)
    labels = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
    full = cv2.resize(border.view(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    places = np.flatnonzero(full.view(np.bool_))
    corners = _corners(places, (h, w), (height, width))
    around = small.take(corners.index)
    mixed = np.flatnonzero((around != around[0]).any(axis=0))
    if len(mixed) > 0:
        labels.reshape(-1)[places[mixed]] = _likeliest(_interpolated(learned, corners, mixed))
    return labels


def colored_labels(labels: LabelImage) -> ColorImage:
    """Class ids in the colours of ``scene.classes``: (H, W) to (H, W, 3) uint8 RGB."""
    # The table is R, G, B, whatever OpenCV calls the order.
    return np.asarray(cv2.applyColorMap(np.ascontiguousarray(labels), _TABLE))


def _likeliest(scores: Iterable[FloatImage]) -> LabelImage:
    """Ids, beginning after ``UNLABELLED``, of the largest of equally large arrays.

    Of equal values the first counts.
    """
    others = iter(scores)
    best = np.array(next(others))
    labels: LabelImage = np.full(best.shape, UNLABELLED + 1, np.uint8)
    for index, score in enumerate(others, UNLABELLED + 2):
        # Ids grow, so the larger of two is the later one.
        better = np.greater(score, best).view(np.uint8)
        better *= np.uint8(index)
        np.maximum(labels, better, out=labels)
        np.maximum(best, score, out=best)
    return labels


@dataclass(frozen=True)
class _Corners:
    """What full-size pixels are interpolated between.

    Attributes:
        index: (4, N), flat, of the small pixels left and right above, then left and right below.
        down, across: (N,) float32, shares of the lower and of the right ones.
    """

    index: npt.NDArray[np.intp]
    down: npt.NDArray[np.float32]
    across: npt.NDArray[np.float32]


def _corners(
    places: npt.NDArray[np.intp], small: tuple[int, int], full: tuple[int, int]
) -> _Corners:
    """Of flat indices of the full-size picture; sizes are height and width."""
    rows, columns = np.divmod(places, full[1])
    top, bottom, down = _neighbours(rows, small[0], full[0])
    left, right, across = _neighbours(columns, small[1], full[1])
    top *= small[1]
    bottom *= small[1]
    return _Corners(
        np.stack([top + left, top + right, bottom + left, bottom + right]), down, across
    )


def _neighbours(
    places: npt.NDArray[np.intp], size: int, full: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """Along one axis: small pixels before and after, and the share of the second."""
    exact = (places.astype(np.float32) + np.float32(0.5)) * np.float32(size / full)
    exact -= np.float32(0.5)
    before = np.floor(exact)
    first = before.astype(np.intp)
    return np.maximum(first, 0), np.minimum(first + 1, size - 1), exact - before


def _interpolated(
    logits: FloatImage, corners: _Corners, chosen: npt.NDArray[np.intp]
) -> FloatImage:
    """(classes, N) float32, bilinear, of some of the pixels that the corners are for."""
    flat = logits.reshape(len(logits), -1)
    down, across = corners.down[chosen], corners.across[chosen]
    lines: list[FloatImage] = []
    for left, right in (corners.index[:2], corners.index[2:]):
        values = flat.take(left[chosen], axis=1)
        step = flat.take(right[chosen], axis=1)
        step -= values
        step *= across
        values += step
        lines.append(values)
    above, below = lines
    below -= above
    below *= down
    above += below
    return above


def _enlarged(picture: FloatImage, width: int, height: int) -> FloatImage:
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR))
