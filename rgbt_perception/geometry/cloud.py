"""Organised point clouds as NumPy arrays: one record a pixel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.compiled import compiles, prepared
from rgbt_perception.frames import ColorImage, FloatImage, Pinhole
from rgbt_perception.geometry.cloud_loop import write_points
from rgbt_perception.geometry.flying_points import flying_flags, flying_indices
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

POINT_XYZRGB = np.dtype([(name, "<f4") for name in ("x", "y", "z", "rgb")])
"""The first four of it."""

POINT_XYZ = np.dtype([(name, "<f4") for name in ("x", "y", "z")])
"""The first three of it."""

_WORD = 4


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
    point: np.dtype[np.void] = POINT,
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
        point: ``POINT``, ``POINT_XYZRGB`` or ``POINT_XYZ``; what it lacks is not looked at.

    Returns:
        (ceil(H / stride), ceil(W / stride)) of ``point``; x, y, z in metres, NaN where the depth
        is unknown; rgb is 0x00RRGGBB seen as float32, the way PCL packs it.
    """
    shape = -(-depth.shape[0] // stride), -(-depth.shape[1] // stride)
    records = room(shape[0] * shape[1] * point.itemsize).view(point).reshape(shape)
    fields = _Fields(*_rays(camera, stride), color, temperature, confidence, label)
    write = _write_by_loop if compiles() else _write_plainly
    write(records, depth, fields, stride, edge_threshold)
    return records


@dataclass(frozen=True)
class _Fields:
    """What a record holds beside z: of the sampled pixels the rays, of all pixels the rest."""

    rays_x: FloatImage
    rays_y: FloatImage
    color: ColorImage | None
    temperature: FloatImage | None
    confidence: FloatImage
    label: npt.NDArray[np.uint8] | None


def _write_by_loop(
    records: npt.NDArray[np.void],
    depth: FloatImage,
    fields: _Fields,
    stride: int,
    edge_threshold: float,
) -> None:
    """Fill the records of ``organised_cloud``, compiled."""
    flying = flying_flags(depth, edge_threshold) if edge_threshold > 0 else None

    def sampled(picture: npt.NDArray[Any] | None, absent: Any, *channels: int) -> npt.NDArray[Any]:
        if picture is None:
            return np.full((1, records.shape[1], *channels), absent)
        return prepared(picture[::stride, ::stride])

    words = records.view(np.uint32).reshape(*records.shape, records.itemsize // _WORD)
    write_points(
        prepared(depth[::stride, ::stride]),
        sampled(flying, np.uint8(0)),
        sampled(fields.color, np.uint8(0), 3),
        sampled(fields.temperature, np.float32(np.nan)),
        prepared(fields.confidence[::stride, ::stride]),
        sampled(fields.label, np.uint8(0)),
        fields.rays_x[0],
        fields.rays_y[:, 0],
        words.view(np.float32),
        words,
    )


def _write_plainly(
    records: npt.NDArray[np.void],
    depth: FloatImage,
    fields: _Fields,
    stride: int,
    edge_threshold: float,
) -> None:
    """Fill the records of ``organised_cloud`` with NumPy and OpenCV."""
    z = _known(depth)
    if edge_threshold > 0:
        z.reshape(-1)[flying_indices(z, edge_threshold)] = np.nan
    sampled = (slice(None, None, stride), slice(None, None, stride))
    z = z[sampled]
    color, temperature, label = fields.color, fields.temperature, fields.label
    count = records.itemsize // _WORD
    words = records.view(np.float32).reshape(*z.shape, count)
    width = z.shape[1]
    constant = [_plane(value, rows_at_a_time(width), width) for value in (0.0, np.nan)]
    for band in row_bands(*z.shape):
        here = np.ascontiguousarray(z[band])
        zeros, unknown = (plane[: len(here)] for plane in constant)
        # OpenCV interleaves in one pass; it moves words of 32 bits, whatever they mean. The
        # label's word holds the label and three zero bytes.
        planes = [here * fields.rays_x, here * fields.rays_y[band], here]
        if len(planes) < count:
            planes.append(zeros if color is None else _packed(color[sampled][band]))
        if len(planes) < count:
            planes += [
                unknown if temperature is None else temperature[sampled][band],
                fields.confidence[sampled][band],
                zeros if label is None else label[sampled][band].astype("<u4").view("<f4"),
            ]
        cv2.merge(planes, words[band])


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
