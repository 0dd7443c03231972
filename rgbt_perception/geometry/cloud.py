"""Organised point clouds as NumPy arrays: one record a pixel."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.frames import ColorImage, FloatImage, Pinhole

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

    Returns:
        (ceil(H / stride), ceil(W / stride)) of ``POINT``; x, y, z in metres, NaN where the depth
        is unknown; rgb is 0x00RRGGBB seen as float32, the way PCL packs it.
    """
    z = np.where((depth > 0) & (depth < np.inf), depth, np.float32(np.nan))
    if edge_threshold > 0:
        z[flying_points(z, edge_threshold)] = np.nan
    z = z[::stride, ::stride]
    rays_x, rays_y = _rays(camera, stride)
    # Columns of 32 bits: the label's word holds the label and the three zero bytes.
    words = np.empty((*z.shape, POINT.itemsize // 4), dtype="<u4")
    values = words.view("<f4")
    np.multiply(z, rays_x, out=values[..., 0])
    np.multiply(z, rays_y, out=values[..., 1])
    values[..., 2] = z
    words[..., 3] = 0 if color is None else _packed(color[::stride, ::stride])
    values[..., 4] = np.nan if temperature is None else temperature[::stride, ::stride]
    values[..., 5] = confidence[::stride, ::stride]
    words[..., 6] = 0 if label is None else label[::stride, ::stride]
    return words.view(POINT)[..., 0]


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
    raised = depth * np.float32(1.0 + threshold)
    for axis in (0, 1):
        for gap in _GAPS:
            pixels = np.flatnonzero(_between(depth, raised, axis, gap))
            result.reshape(-1)[pixels[_is_bent(depth, pixels, axis, gap)]] = True
    return result


def _between(depth: FloatImage, raised: FloatImage, axis: int, gap: int) -> npt.NDArray[np.bool_]:
    """Where both steps of ``gap`` pixels along an axis exceed the threshold in one direction."""
    after: tuple[slice, ...] = (slice(None),) * axis + (slice(gap, None),)
    before: tuple[slice, ...] = (slice(None),) * axis + (slice(None, -gap),)
    farther = depth[after] > raised[before]
    nearer = raised[after] < depth[before]
    result = np.zeros(depth.shape, dtype=np.bool_)
    middle: tuple[slice, ...] = (slice(None),) * axis + (slice(gap, -gap),)
    np.logical_or(
        farther[before] & farther[after], nearer[before] & nearer[after], out=result[middle]
    )
    return result


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


def _packed(color: ColorImage) -> npt.NDArray[np.uint32]:
    """(H, W) uint32 0x00RRGGBB."""
    bgra = cv2.cvtColor(np.ascontiguousarray(color), cv2.COLOR_RGB2BGRA)
    return np.asarray(bgra.view("<u4")[..., 0] & np.uint32(0x00FFFFFF))


@lru_cache(maxsize=8)
def _rays(camera: Pinhole, stride: int) -> tuple[FloatImage, FloatImage]:
    """Rays of the sampled pixels: x / z by column, (1, W'), and y / z by row, (H', 1)."""
    columns = np.arange(0, camera.width, stride)
    rows = np.arange(0, camera.height, stride)
    x = ((columns - camera.cx) / camera.fx).astype(np.float32)
    y = ((rows - camera.cy) / camera.fy).astype(np.float32)
    return x[None, :], y[:, None]
