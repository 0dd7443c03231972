"""Fog, smoke and rain between camera and surface, on a coarse grid of rays and distances.

Along every coarse ray the air is cut into slices; each has an extinction and a source of light.
Transmittance (Beer-Lambert) and in-scattered light up to each slice are enlarged to the picture
and interpolated at every pixel's distance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.simulation.conditions import Weather
from rgbt_perception.simulation.environment import Environment
from rgbt_perception.simulation.parts import MaterialName, SceneDescription
from rgbt_perception.simulation.randomness import generator
from rgbt_perception.simulation.rendering.arrays import Array, Float32, single
from rgbt_perception.simulation.rendering.lamps import PlacedLamp, falloff
from rgbt_perception.simulation.rendering.noise import billow, sample
from rgbt_perception.simulation.rendering.shadows import SUN_M
from rgbt_perception.simulation.rendering.sky import sky_irradiance
from rgbt_perception.simulation.rendering.solids import MATERIALS, Solids
from rgbt_perception.simulation.rendering.tracer import Tracer
from rgbt_perception.simulation.rendering.view import View

_EDGES = np.concatenate([[0.0], np.geomspace(0.7, 130.0, 15)]).astype(np.float32)
_BLOCK = 8
_PLANES = (
    ((0.80, 0.48, 0.36), (-0.52, 0.84, 0.50)),
    ((0.62, -0.70, 0.60), (0.50, 0.64, -0.90)),
    ((-0.30, 0.55, 1.20), (0.90, 0.20, 0.55)),
)
_SCATTER_G = 0.6
# A lamp has a size: within 0.8 m its light in the air no longer grows.
_LAMP_CORE_M2 = 0.64


@dataclass(frozen=True)
class Grid:
    """Points of the coarse grid.

    Attributes:
        rows, columns: coarse rays.
        points: (K * rows * columns, 3) float32, metres, world; middle of each slice.
        rays: (rows * columns, 3) float32, unit, world.
    """

    rows: int
    columns: int
    points: Float32
    rays: Float32


class Media:
    """The air of one scene."""

    def __init__(self, scene: SceneDescription, environment: Environment, solids: Solids) -> None:
        self._environment = environment
        self._indoor = scene.indoor
        self.extinction = environment.air.rgb_extinction
        self.thermal_ratio = environment.air.thermal_extinction / environment.air.rgb_extinction
        self._sources = _smoke_sources(scene, environment, solids)

    @property
    def even(self) -> bool:
        """The air is the same everywhere and thin: no grid is needed."""
        return self._environment.weather is Weather.CLEAR

    def grid(self, view: View) -> Grid:
        """The coarse grid of a view."""
        rows = max(4, view.height // _BLOCK)
        columns = max(4, view.width // _BLOCK)
        rays = np.asarray(
            cv2.resize(view.pixel_rays, (columns, rows), interpolation=cv2.INTER_AREA)
        )
        rays = rays.reshape(-1, 3)
        rays = rays / np.linalg.norm(rays, axis=1, keepdims=True)
        middle = (_EDGES[1:] + _EDGES[:-1]) / 2
        points = view.origin.astype(np.float32) + middle[:, None, None] * rays
        return Grid(rows, columns, points.reshape(-1, 3).astype(np.float32), rays)

    def density(self, points: Float32, time_s: float) -> tuple[Float32, Float32]:
        """How thick the air is.

        Args:
            points: (N, 3) metres, world.
            time_s: seconds since the start.

        Returns:
            Extinction in RGB, (N,) 1/m, and how much of it is fresh smoke of a source, 0 to 1.
        """
        air = self._environment.air
        level = np.full(len(points), air.rgb_extinction, np.float32)
        fresh = np.zeros(len(points), np.float32)
        if air.patchiness > 0:
            drift = points - single(air.wind) * np.float32(time_s)
            # Oblique planes, so that no axis of the world shows in the pattern.
            mixed = np.zeros(len(points), np.float32)
            for seed, (first, second) in enumerate(_PLANES):
                mixed += sample(billow(), drift @ single(first), drift @ single(second), 43.0, seed)
            cloud = np.clip((mixed / len(_PLANES) - 0.5) * 11 + 0.8, 0.06, 3.0)
            level *= 1 - air.patchiness + air.patchiness * cloud
        if self._environment.weather is Weather.SMOKE:
            # Hot smoke gathers and thins out upwards in the open.
            level *= np.exp(-np.clip(points[:, 2] - 4.0, 0, None) / 12.0)
            for source in self._sources:
                lean = source + single(air.wind) * (np.clip(points[:, 2:] - source[2], 0, 9))
                away = np.linalg.norm((points - lean)[:, :2], axis=1)
                width = 0.8 + 0.35 * np.clip(points[:, 2] - source[2], 0, 9)
                plume = np.exp(-((away / width) ** 2)) * (points[:, 2] > source[2] - 0.3)
                level += air.rgb_extinction * 2.5 * plume
                fresh = np.maximum(fresh, plume)
        return level.astype(np.float32), fresh.astype(np.float32)

    def scattered(
        self, tracer: Tracer, view: View, grid: Grid, lamps: list[tuple[PlacedLamp, bool]]
    ) -> Float32:
        """Light that the air sends towards the camera, per grid point, (N, 3) float32 radiance."""
        environment = self._environment
        ambient = np.repeat(sky_irradiance(environment)[None], len(grid.points), axis=0)
        if self._indoor or environment.weather is Weather.SMOKE:
            above = grid.points.mean(axis=0).astype(np.float64) + np.array([0.0, 0.0, SUN_M])
            overhead = single(tracer.lit(view.poses, above, grid.points, 0.4))
            floor = 0.01 if self._indoor else 0.4
            ambient *= (floor + (1 - floor) * overhead)[:, None]
        rays = np.tile(grid.rays, (len(_EDGES) - 1, 1))
        light: npt.NDArray[np.floating[Any]] = ambient
        sun = single(environment.sky.sun)
        if sun.max() > 0.02 * ambient.max():
            toward = np.array(environment.sky.sun_direction)
            center = grid.points.mean(axis=0).astype(np.float64)
            free = tracer.lit(view.poses, center + SUN_M * toward, grid.points, 0.4)
            phase = 0.25 * _phase(single(rays @ single(toward)))
            light = light + (free * phase)[:, None] * sun
        for lamp, _ in lamps:
            away = grid.points - lamp.position.astype(np.float32)
            away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-3)
            phase = 0.25 * _phase(single(-np.einsum("ni,ni->n", away, rays)))
            level = falloff(lamp, grid.points, self.extinction, _LAMP_CORE_M2) * phase
            light = light + level[:, None] * lamp.strength
        return single(light * environment.air.albedo)

    def light_near(self, view: View, grid: Grid, source: Float32) -> Float32:
        """What the air 3 m away sends out, at every sample, (N, 3)."""
        index = int(np.searchsorted(_EDGES, 3.0)) - 1
        coarse = source.reshape(-1, grid.rows, grid.columns, 3)[index]
        large = np.asarray(cv2.resize(coarse, (view.width, view.height)), dtype=np.float32)
        return large.reshape(-1, 3)[view.parent]

    def through(
        self, view: View, grid: Grid, extinction: Float32, source: Float32
    ) -> tuple[Float32, Float32]:
        """Transmittance and in-scattered light at every pixel.

        Args:
            view: the picture.
            grid: its grid.
            extinction: (K * rows * columns,) 1/m.
            source: (K * rows * columns, C) what the air itself sends out.

        Returns:
            (N,) transmittance and (N, C) light gathered on the way, float32.
        """
        slices = len(_EDGES) - 1
        channels = source.shape[1]
        shape = (slices, grid.rows, grid.columns)
        depth = _softened(extinction.reshape(*shape, 1))[..., 0] * np.diff(_EDGES)[:, None, None]
        # From the camera to the edge behind each slice; edge 0 is the camera.
        source = _softened(source.reshape(*shape, channels))
        thickness = np.concatenate([np.zeros((1, *shape[1:])), np.cumsum(depth, axis=0)])
        passed = np.exp(-thickness)
        lost = (passed[:-1] - passed[1:])[..., None]
        gathered = np.cumsum(lost * source, axis=0)
        gathered = np.concatenate([np.zeros((1, *shape[1:], channels)), gathered])
        stack = np.concatenate([thickness[..., None], gathered], axis=-1).astype(np.float32)
        size = (view.width, view.height)
        large = np.stack([cv2.resize(edge, size) for edge in stack])
        large = large.reshape(slices + 1, view.height * view.width, channels + 1)
        distance = np.minimum(view.hits.distance, _EDGES[-1])
        index = np.clip(np.searchsorted(_EDGES, distance, side="right") - 1, 0, slices - 1)
        share = (distance - _EDGES[index]) / np.diff(_EDGES)[index]
        near, far = large[index, view.parent], large[index + 1, view.parent]
        mixed = near + (far - near) * share[:, None]
        return np.exp(-mixed[:, 0]).astype(np.float32), mixed[:, 1:].astype(np.float32)


def _softened(source: Float32) -> Float32:
    """Each slice (K, rows, columns, C) blurred a little: beams are narrower than the grid."""
    return np.stack([cv2.blur(part, (3, 3)).reshape(part.shape) for part in source])


def _phase(cosine: Float32) -> Float32:
    """Henyey-Greenstein (1941) eq. 2 over the isotropic value; cosine 1 is straight on."""
    g = _SCATTER_G
    result: Float32 = ((1 - g * g) / (1 + g * g - 2 * g * cosine) ** 1.5).astype(np.float32)
    return result


def _smoke_sources(
    scene: SceneDescription, environment: Environment, solids: Solids
) -> list[Array]:
    if environment.weather is not Weather.SMOKE:
        return []
    rng = generator(environment.seed, "smoke")
    poses = solids.poses(0.0)
    embers = np.flatnonzero(solids.material == MATERIALS.index(MaterialName.EMBER))
    rng.shuffle(embers)
    sources = [poses.position[i] for i in embers[:4]]
    for time in rng.uniform(0, 20, 2):
        (x, y, _), _ = scene.rig_motion(float(time))
        sources.append(np.array([x, y, 0.0]) + np.append(rng.uniform(-12, 12, 2), 0.0))
    return sources
