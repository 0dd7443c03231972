"""Gaps in tree crowns: rays pass between leaves, most of all near the outline."""

from __future__ import annotations

import numpy as np

from rgbt_perception.simulation.parts import MaterialName, Shape
from rgbt_perception.simulation.rendering.arrays import Bool, Float32, Index, single
from rgbt_perception.simulation.rendering.hits import Hits
from rgbt_perception.simulation.rendering.noise import billow, sample
from rgbt_perception.simulation.rendering.solids import MATERIALS, SHAPES, Solids

_PERIOD_M = 3.7
_DETAIL_M = 0.25
_ROUND = (SHAPES.index(Shape.SPHERE), SHAPES.index(Shape.ELLIPSOID))


def crowns(solids: Solids) -> Bool:
    """Which parts are rounded foliage, (P,)."""
    leafy = solids.material == MATERIALS.index(MaterialName.FOLIAGE)
    result: Bool = leafy & np.isin(solids.shape, _ROUND)
    return result


def gaps(solids: Solids, hits: Hits, rays: Float32, leafy: Bool, pixel_angle: float) -> Index:
    """Which rays pass through the crown that they hit.

    The pattern is fixed to the part, so both cameras and the ground truth see the same gaps.

    Args:
        solids: of the scene.
        hits: N hits.
        rays: (N, 3) unit directions, world.
        leafy: (P,) from ``crowns``.
        pixel_angle: radians; gaps that a pixel does not resolve are closed.

    Returns:
        (M,) int32 indices into the hits.
    """
    index = np.flatnonzero(hits.found & leafy[hits.part])
    if len(index) == 0:
        return index.astype(np.int32)
    local, part = hits.local[index], hits.part[index]
    seed = solids.texture_seed[part]
    pattern = 0.5 * (
        sample(billow(), local[:, 0] + local[:, 1], local[:, 2], _PERIOD_M, seed)
        + sample(billow(), local[:, 0] - local[:, 1], local[:, 2], _PERIOD_M, seed + 5)
    )
    cosine = np.abs(np.einsum("ni,ni->n", rays[index], hits.normal[index]))
    footprint = hits.distance[index] * np.float32(pixel_angle)
    resolved = 1.0 / (1.0 + (footprint / _DETAIL_M) ** 2)
    limit = resolved * (0.24 + 0.42 * (1 - single(cosine)) ** 1.5)
    return np.asarray(index[pattern < limit], dtype=np.int32)
