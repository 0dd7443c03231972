"""Periodic random textures, looked up at metres; built once from fixed seeds.

Lookups are bilinear (OpenCV's remap) and cost little more than an addition, unlike hashing
every pixel. Every texture has mean 0.5 and lies in 0 to 1.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.simulation.rendering.arrays import Float32, Int, single

_SIZE = 512
_ROW = 256


@cache
def fractal() -> Float32:
    """Clouds of all sizes from 1 period down to 1/256, (513, 513)."""
    rng = np.random.default_rng(11)
    total = np.zeros((_SIZE, _SIZE), dtype=np.float32)
    for octave in range(2, 9):
        total += _smooth(rng.random((2**octave, 2**octave))) * 0.62**octave
    return _finished(total)


@cache
def billow() -> Float32:
    """Soft clouds from 1/4 down to 1/32 of the period, (513, 513)."""
    rng = np.random.default_rng(14)
    total = np.zeros((_SIZE, _SIZE), dtype=np.float32)
    for octave in range(2, 6):
        total += _smooth(rng.random((2**octave, 2**octave))) * 0.6**octave
    return _finished(total)


@cache
def grain() -> Float32:
    """Fine grain: features of 1/256 to 1/64 of the period, (513, 513)."""
    rng = np.random.default_rng(12)
    total = np.zeros((_SIZE, _SIZE), dtype=np.float32)
    for octave, weight in ((6, 0.5), (7, 0.8), (8, 1.0)):
        total += _smooth(rng.random((2**octave, 2**octave))) * weight
    return _finished(total)


@cache
def cells() -> Float32:
    """Round blobs with dark gaps (leaves, pebbles): 48 x 48 blobs a period, (513, 513)."""
    rng = np.random.default_rng(13)
    count = 48
    spots = (np.moveaxis(np.mgrid[:count, :count], 0, -1) + rng.random((count, count, 2))) / count
    lift = rng.random((count, count)) * 0.6 + 0.4
    rows = (np.arange(_SIZE) + 0.5) / _SIZE
    y, x = np.meshgrid(rows, rows, indexing="ij")
    i, j = (y * count).astype(int), (x * count).astype(int)
    nearest = np.full((_SIZE, _SIZE), np.inf)
    value = np.zeros((_SIZE, _SIZE))
    for di in (-1, 0, 1):
        for dj in (-1, 0, 1):
            a, b = (i + di) % count, (j + dj) % count
            dy = (y - spots[a, b, 0] + 0.5) % 1 - 0.5
            dx = (x - spots[a, b, 1] + 0.5) % 1 - 0.5
            away = np.hypot(dx, dy) * count
            closer = away < nearest
            value[closer] = (lift[a, b] * np.clip(1.15 - away, 0, 1))[closer]
            nearest = np.minimum(nearest, away)
    return _finished(value.astype(np.float32))


def sample(texture: Float32, u: Float32, v: Float32, period: float, seed: Int | int = 0) -> Float32:
    """A texture at metres.

    Args:
        texture: one of this file.
        u, v: (N,) metres.
        period: metres after which it repeats.
        seed: shifts the texture; one number, or (N,) int64.

    Returns:
        (N,) float32, 0 to 1.
    """
    scale = _SIZE / period
    shift_u = (np.asarray(seed) * 131.71) % _SIZE
    shift_v = (np.asarray(seed) * 57.43) % _SIZE
    count = len(u)
    rows = max(1, -(-count // _ROW))
    maps = np.zeros((2, rows * _ROW), dtype=np.float32)
    maps[0, :count] = (u * np.float32(scale) + shift_u.astype(np.float32)) % _SIZE
    maps[1, :count] = (v * np.float32(scale) + shift_v.astype(np.float32)) % _SIZE
    found = cv2.remap(
        texture,
        maps[0].reshape(rows, _ROW),
        maps[1].reshape(rows, _ROW),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(found, dtype=np.float32).reshape(-1)[:count]


def hashed(*keys: npt.ArrayLike) -> Float32:
    """Uniform numbers, 0 to 1, from integers; broadcast over the keys."""
    state = np.uint32(0x9E3779B9)
    with np.errstate(over="ignore"):
        for key in keys:
            state = (state ^ (np.asarray(key).astype(np.int64) & 0xFFFFFFFF).astype(np.uint32)) * (
                np.uint32(0x85EBCA6B)
            )
            state = state ^ (state >> np.uint32(15))
            state = state * np.uint32(0xC2B2AE35)
            state = state ^ (state >> np.uint32(13))
    return single(np.asarray(state, dtype=np.float32) / np.float32(2**32))


def _smooth(lattice: npt.NDArray[np.float64]) -> Float32:
    """A periodic lattice enlarged to the texture's size."""
    wrapped = np.pad(lattice, 2, mode="wrap").astype(np.float32)
    factor = _SIZE // len(lattice)
    side = len(wrapped) * factor
    large = cv2.resize(wrapped, (side, side), interpolation=cv2.INTER_CUBIC)
    cut = np.asarray(large)[2 * factor : 2 * factor + _SIZE, 2 * factor : 2 * factor + _SIZE]
    return np.asarray(cut, dtype=np.float32)


def _finished(texture: Float32) -> Float32:
    """Mean 0.5, two standard deviations span 0 to 1, first row and column repeated at the end."""
    spread = (texture - texture.mean()) / (4 * texture.std()) + 0.5
    return np.pad(np.clip(spread, 0, 1), (0, 1), mode="wrap").astype(np.float32)
