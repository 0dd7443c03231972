"""Organised point clouds as NumPy arrays: one record a pixel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.frames import ColorImage, FloatImage, Pinhole
from rgbt_perception.geometry.row_bands import row_bands, rows_at_a_time

POINT = np.dtype(
    {
        "names": ["x", "y", "z", "rgb", "temperature", "confidence", "label"],
        "formats": ["<f4", "<f4", "<f4", "<f4", "<f4", "<f4", "u1"],
        "offsets": [0, 4, 8, 12, 16, 20, 24],
        "itemsize": 28,
    }
)
"""One point; three zero bytes follow the label."""

_GAPS = (1, 3)  # distances of the neighbours compared, pixels
_REACH = 3  # neighbours to each side over which a slanted surface must be straight
_STRAIGHT = 0.5  # most a straight surface's second difference may be of its first one


def organised_cloud(
    camera: Pinhole,
    depth: FloatImage,
    color: ColorImage | None,
    temperature: FloatImage | None,
    confidence: FloatImage,
    label: npt.NDArray[np.uint8] | None,
    stride: int,
    edge_threshold: float,
    room: Callable[[int], npt.NDArray[np.uint8]] = lambda size: np.empty(size, np.uint8),
) -> npt.NDArray[np.void]:
    """A picture of depth as points in the camera's optical frame.

    Args:
        camera: geometry of the pictures.
        depth: (H, W) float32, metres along the optical axis; unknown where not finite and positive.
        color: (H, W, 3) uint8 RGB; None gives 0.
        temperature: (H, W) float32, kelvin; None gives NaN.
        confidence: (H, W) float32, 0 to 1.
        label: (H, W) uint8 class ids; None gives 0.
        stride: every n-th row and column, beginning with the first.
        edge_threshold: points that ``flying_points`` names get NaN coordinates; 0 keeps all.
        room: gives so many bytes for the result, (size,) uint8.

    Returns:
        (ceil(H / stride), ceil(W / stride)) of ``POINT``; x, y, z in metres, NaN where the depth
        is unknown; rgb is 0x00RRGGBB seen as float32, the way PCL packs it.
    """
    z = _known(depth)
    if edge_threshold > 0:
        z.reshape(-1)[_flying(z, edge_threshold)] = np.nan
    sampled = (slice(None, None, stride), slice(None, None, stride))
    z = z[sampled]
    rays_x, rays_y = _rays(camera, stride)
    words = room(z.size * POINT.itemsize).view(np.float32).reshape(*z.shape, POINT.itemsize // 4)
    width = z.shape[1]
    constant = [_plane(value, rows_at_a_time(width), width) for value in (0.0, np.nan)]
    for band in row_bands(*z.shape):
        here = np.ascontiguousarray(z[band])
        zeros, unknown = (plane[: len(here)] for plane in constant)
        # OpenCV interleaves in one pass; it moves words of 32 bits, whatever they mean. The
        # label's word holds the label and three zero bytes.
        cv2.merge(
            [
                here * rays_x,
                here * rays_y[band],
                here,
                zeros if color is None else _packed(color[sampled][band]),
                unknown if temperature is None else temperature[sampled][band],
                confidence[sampled][band],
                zeros if label is None else label[sampled][band].astype("<u4").view("<f4"),
            ],
            words[band],
        )
    return words.view(POINT)[..., 0]


def _known(depth: FloatImage) -> FloatImage:
    """A copy, NaN where the depth is not finite and positive."""
    z = np.empty(depth.shape, np.float32)
    for band in row_bands(*depth.shape):
        known = depth[band] > 0
        known &= depth[band] < np.inf
        if known.all():
            z[band] = depth[band]
        else:
            z[band] = np.nan
            np.copyto(z[band], depth[band], where=known)
    return z


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
    result = np.zeros(depth.shape, dtype=np.bool_)
    result.reshape(-1)[_flying(depth, threshold)] = True
    return result


def _flying(depth: FloatImage, threshold: float) -> npt.NDArray[np.intp]:
    """``flying_points`` as flat indices, some of them more than once."""
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


def _packed(color: ColorImage) -> FloatImage:
    """(H, W) float32 whose bits are 0x00RRGGBB."""
    bgra = cv2.cvtColor(np.ascontiguousarray(color), cv2.COLOR_RGB2BGRA).view("<u4")[..., 0]
    bgra &= np.uint32(0x00FFFFFF)
    return np.asarray(bgra.view(np.float32))


@lru_cache(maxsize=8)
def _plane(value: float, rows: int, width: int) -> FloatImage:
    """(rows, width) float32 of one value, kept."""
    return np.full((rows, width), value, np.float32)


@lru_cache(maxsize=8)
def _rays(camera: Pinhole, stride: int) -> tuple[FloatImage, FloatImage]:
    """Rays of the sampled pixels: x / z by column, (1, W'), and y / z by row, (H', 1)."""
    columns = np.arange(0, camera.width, stride)
    rows = np.arange(0, camera.height, stride)
    x = ((columns - camera.cx) / camera.fx).astype(np.float32)
    y = ((rows - camera.cy) / camera.fy).astype(np.float32)
    return x[None, :], y[:, None]
