"""Points on surfaces with what a texture needs to know about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rgbt_perception.simulation.parts import Shape
from rgbt_perception.simulation.rendering.arrays import Float32, Index, Int
from rgbt_perception.simulation.rendering.hits import Hits
from rgbt_perception.simulation.rendering.solids import SHAPES, Solids


@dataclass(frozen=True)
class Sites:
    """N points on surfaces.

    Attributes:
        u, v: (N,) float32, metres along the surface; v is up on upright faces. Boxes use the two
            axes of the face, round shapes the angle times the radius and the height.
        axis: (N,) int8, axis of the part that the normal follows most: 2 on tops and floors.
        local: (N, 3) float32, metres, part frame.
        half: (N, 3) float32, half extents of the part.
        seed: (N,) int64, texture seed of the part.
        color: (N, 3) float32, linear reflectance of the part.
        footprint: (N,) float32, metres that one pixel covers on the surface.
    """

    u: Float32
    v: Float32
    axis: Index
    local: Float32
    half: Float32
    seed: Int
    color: Float32
    footprint: Float32

    def __len__(self) -> int:
        return len(self.u)

    def subset(self, index: Index) -> Sites:
        """Some of the points."""
        return Sites(
            self.u[index],
            self.v[index],
            self.axis[index],
            self.local[index],
            self.half[index],
            self.seed[index],
            self.color[index],
            self.footprint[index],
        )

    def fade(self, size: float) -> Float32:
        """How much of a detail of ``size`` metres is still resolved: 1 near, 0 far.

        Far details average out instead of flickering from frame to frame.
        """
        result: Float32 = 1.0 / (1.0 + (self.footprint * (1.2 / size)) ** 2)
        return result


def make_sites(
    solids: Solids, hits: Hits, rays: Float32, pixel_angle: float, where: Index
) -> Sites:
    """Sites of some of the hits.

    Args:
        solids: of the scene.
        hits: N hits.
        rays: (N, 3) unit directions, world.
        pixel_angle: radians between neighbouring pixels.
        where: (M,) int32, which hits; all must have met a part.
    """
    part = hits.part[where]
    local, normal = hits.local[where], hits.local_normal[where]
    axis = np.abs(normal).argmax(axis=1).astype(np.int32)
    x, y, z = local[:, 0], local[:, 1], local[:, 2]
    u = np.where(axis == 0, y, x)
    v = np.where(axis == 2, y, z)
    shape = solids.shape[part]
    flat = (shape == SHAPES.index(Shape.BOX)) | (
        (shape == SHAPES.index(Shape.CYLINDER)) & (axis == 2)
    )
    half = solids.half.astype(np.float32)[part]
    turned = np.flatnonzero(~flat)
    u[turned] = np.arctan2(y[turned], x[turned]) * half[turned, 0]
    v[turned] = z[turned]
    axis[turned] = np.minimum(axis[turned], 1)
    cosine = np.abs(np.einsum("ni,ni->n", rays[where], hits.normal[where]))
    footprint = hits.distance[where] * np.float32(pixel_angle) / np.maximum(cosine, 0.08)
    return Sites(u, v, axis, local, half, solids.texture_seed[part], solids.color[part], footprint)
