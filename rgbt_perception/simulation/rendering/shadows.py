"""Shadows at a part of the pixels, filled in between: half the rays, and soft edges."""

from __future__ import annotations

from enum import Enum

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.simulation.rendering.arrays import Array, Float32, Index, single
from rgbt_perception.simulation.rendering.tracer import Tracer
from rgbt_perception.simulation.rendering.view import View

SUN_M = 2000.0
"""How far away the sun, and the zenith, are put: farther than anything, near enough for floats."""
_OVERHEAD_GAP_M = 0.25


class Sampling(Enum):
    """Which pixels get a shadow ray."""

    CHECKER = "checker"  # every second one, edges stay sharp
    QUARTER = "quarter"  # every second row and column, edges get soft


def lit_share(
    tracer: Tracer,
    view: View,
    light: Array,
    samples: Index,
    sampling: Sampling,
    detail_m: float = 0.03,
    off_surface_m: float = 0.0,
) -> Float32:
    """How much of a light reaches some samples of a view.

    Args:
        tracer: the scene.
        view: the picture.
        light: (3,) metres, world.
        samples: (M,) indices into the samples of the view; all must have met a part.
        sampling: which pixels are cast.
        detail_m: thinner parts cast no shadow.
        off_surface_m: lift points off their surface, metres.

    Returns:
        (M,) float32, 0 to 1.
    """
    shape = (view.height, view.width)
    wanted = np.zeros(view.height * view.width, bool)
    wanted[samples[samples < len(wanted)]] = True
    pixels = np.flatnonzero(wanted & _pattern(shape, sampling)).astype(np.int32)
    points = _lifted(view, pixels, off_surface_m)
    value = np.zeros(len(wanted), np.float32)
    weight = np.zeros(len(wanted), np.float32)
    value[pixels] = tracer.lit(view.poses, light, points, detail_m)
    weight[pixels] = 1.0
    if sampling is Sampling.CHECKER:
        kernel = single([[0, 1, 0], [1, 16, 1], [0, 1, 0]])
    else:
        kernel = np.ones((3, 3), np.float32)
    total = cv2.filter2D(weight.reshape(shape), -1, kernel).ravel()
    found = cv2.filter2D(value.reshape(shape), -1, kernel).ravel()
    parent = view.parent[samples]
    share = found[parent] / np.maximum(total[parent], 1.0)
    # Samples beside an outline may lie on a part that no pixel near them was cast for.
    alone = np.flatnonzero(total[parent] == 0)
    if len(alone):
        points = _lifted(view, samples[alone], off_surface_m)
        share[alone] = tracer.lit(view.poses, light, points, detail_m)
    return single(share)


def sun_share(
    tracer: Tracer, view: View, toward: Array, samples: Index, sampling: Sampling
) -> Float32:
    """How much of the sun reaches some samples, (M,) float32; ``toward`` is a unit vector."""
    if len(samples) == 0:
        return np.zeros(0, np.float32)
    center = view.hits.point[samples].mean(axis=0).astype(np.float64)
    return lit_share(tracer, view, center + SUN_M * toward, samples, sampling)


def openness(tracer: Tracer, view: View) -> Float32:
    """Where the sky overhead is open, softened over a few pixels.

    A point counts as open when the straight way up is free, a little in front of its surface.

    Returns:
        (N,) float32, 0 to 1; 1 for samples without a surface.
    """
    result = np.ones(len(view.rays), np.float32)
    if len(view.where) == 0:
        return result
    above = view.hits.point[view.where].mean(axis=0).astype(np.float64)
    above += np.array([0.0, 0.0, SUN_M])
    result[view.where] = lit_share(
        tracer, view, above, view.where, Sampling.QUARTER, 0.1, _OVERHEAD_GAP_M
    )
    return result


def spread(view: View, open_sky: Float32) -> Float32:
    """Light from openings scattered over an eighth of the picture's width, (N,) float32."""
    centres = open_sky[: view.height * view.width].reshape(view.height, view.width)
    coarse = np.ascontiguousarray(centres[::4, ::4])
    wide = cv2.GaussianBlur(coarse, (0, 0), coarse.shape[1] / 8)
    full = cv2.resize(wide, (view.width, view.height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(full, dtype=np.float32).ravel()[view.parent]


def _lifted(view: View, samples: Index, gap_m: float) -> Float32:
    """Points of some samples, moved off their surfaces."""
    return single(view.hits.point[samples] + np.float32(gap_m) * view.hits.normal[samples])


def _pattern(shape: tuple[int, int], sampling: Sampling) -> npt.NDArray[np.bool_]:
    result = np.zeros(shape, bool)
    result[::2, ::2] = True
    if sampling is Sampling.CHECKER:
        result[1::2, 1::2] = True
    return result.ravel()
