"""The rays of one camera at one moment, and what they met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rgbt_perception.frames import Matrix
from rgbt_perception.simulation.rendering.arrays import Array, Float32, Index, single
from rgbt_perception.simulation.rendering.hits import Hits, joined
from rgbt_perception.simulation.rendering.solids import Poses
from rgbt_perception.simulation.rendering.tracer import Sight, Tracer

# Where the further samples of an outline pixel lie, columns and rows from its centre.
_BESIDE = ((0.36, -0.22), (-0.3, 0.34))


@dataclass(frozen=True)
class View:
    """A picture's worth of rays.

    The first P = height x width samples are the pixel centres, row by row. Pixels on the outline
    of a part have further samples beside their centre, so that outlines come out smooth.

    Attributes:
        height, width: pixels.
        time_s: seconds since the start.
        origin: (3,) metres, world.
        rays: (N, 3) float32, unit, world; N samples.
        pixel_angle: radians between neighbouring pixels at the centre.
        poses: of the parts.
        sight: casts further rays from the same point.
        hits: what the N rays met.
        parent: (N,) int32, the pixel of each sample.
        outline: (E,) int32, pixels with further samples.
        where: (M,) int32, samples that met a part.
        sky: (N - M,) int32, samples that met none.
    """

    height: int
    width: int
    time_s: float
    origin: Array
    rays: Float32
    pixel_angle: float
    poses: Poses
    sight: Sight
    hits: Hits
    parent: Index
    outline: Index
    where: Index
    sky: Index

    @property
    def pixel_rays(self) -> Float32:
        """(H, W, 3) float32, rays through the pixel centres."""
        return self.rays[: self.height * self.width].reshape(self.height, self.width, 3)

    def resolved(self, samples: Float32) -> Float32:
        """Mean over the samples of each pixel, (N, C) to (H, W, C)."""
        count = self.height * self.width
        picture: Float32 = samples[:count].copy()
        further = samples[count:].reshape(-1, len(self.outline), samples.shape[1])
        total = picture[self.outline] + further.sum(axis=0)
        picture[self.outline] = total / np.float32(len(further) + 1)
        return picture.reshape(self.height, self.width, -1)


def world_rays(rays: Array, world_T_camera: Matrix) -> Float32:
    """Camera rays (H, W, 3) of any length to unit vectors in the world, (H * W, 3) float32."""
    turned = rays.reshape(-1, 3) @ world_T_camera[:3, :3].T
    return single(turned / np.linalg.norm(turned, axis=1, keepdims=True))


def angle_of_pixel(rays: Array) -> float:
    """Radians between two neighbouring pixels at the centre of (H, W, 3) rays."""
    height, width = rays.shape[:2]
    middle = rays[height // 2, width // 2 : width // 2 + 2]
    middle = middle / np.linalg.norm(middle, axis=1, keepdims=True)
    return float(np.linalg.norm(middle[1] - middle[0]))


def look(
    tracer: Tracer, rays: Array, world_T_camera: Matrix, time_s: float, further: Float32
) -> View:
    """Cast a picture's rays.

    Args:
        tracer: the scene.
        rays: (H, W, 3) float64, optical frame, any length.
        world_T_camera: (4, 4), metres.
        time_s: seconds since the start.
        further: (N, 3) unit vectors, world, that ``View.sight`` must cover as well.
    """
    height, width = rays.shape[:2]
    directions = world_rays(rays, world_T_camera)
    poses = tracer.solids.poses(time_s)
    origin = world_T_camera[:3, 3]
    pixel_angle = angle_of_pixel(rays)
    sight = tracer.sight(poses, origin, np.concatenate([directions, further]), pixel_angle)
    centres = sight.cast(directions)
    outline = _outline(centres.part.reshape(height, width))
    beside = _beside(directions.reshape(height, width, 3), outline)
    hits = joined(centres, sight.cast(beside))
    pixels = np.arange(height * width, dtype=np.int32)
    return View(
        height,
        width,
        time_s,
        origin,
        np.concatenate([directions, beside]),
        pixel_angle,
        poses,
        sight,
        hits,
        np.concatenate([pixels, *[outline] * len(_BESIDE)]),
        outline,
        np.flatnonzero(hits.found).astype(np.int32),
        np.flatnonzero(~hits.found).astype(np.int32),
    )


def _outline(part: Index) -> Index:
    """Pixels with another part beside or below them, flat indices."""
    edge = np.zeros(part.shape, bool)
    beside, below = part[:, 1:] != part[:, :-1], part[1:] != part[:-1]
    edge[:, 1:] |= beside
    edge[:, :-1] |= beside
    edge[1:] |= below
    edge[:-1] |= below
    return np.flatnonzero(edge).astype(np.int32)


def _beside(directions: Float32, outline: Index) -> Float32:
    """Further rays for some pixels, all of the first offset before all of the second."""
    height, width = directions.shape[:2]
    row, column = outline // width, outline % width
    right = directions[row, np.minimum(column + 1, width - 1)]
    left = directions[row, np.maximum(column - 1, 0)]
    below = directions[np.minimum(row + 1, height - 1), column]
    above = directions[np.maximum(row - 1, 0), column]
    # At the border one neighbour is the pixel itself: the step is halved, which does no harm.
    steps = [
        directions[row, column]
        + np.float32(x / 2) * (right - left)
        + np.float32(y / 2) * (below - above)
        for x, y in _BESIDE
    ]
    rays = np.concatenate(steps)
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    return rays.astype(np.float32)
