"""From hits to the linear colour picture that falls on the RGB sensor."""

from __future__ import annotations

import numpy as np

from rgbt_perception.simulation.conditions import Weather
from rgbt_perception.simulation.environment import Environment
from rgbt_perception.simulation.parts import SceneDescription
from rgbt_perception.simulation.rendering.arrays import Float32, single
from rgbt_perception.simulation.rendering.lamps import (
    PlacedLamp,
    burning,
    lamp_light,
    strongest,
)
from rgbt_perception.simulation.rendering.media import Grid, Media
from rgbt_perception.simulation.rendering.noise import fractal, sample
from rgbt_perception.simulation.rendering.rain import streaks
from rgbt_perception.simulation.rendering.shadows import Sampling, openness, spread, sun_share
from rgbt_perception.simulation.rendering.sites import Sites, make_sites
from rgbt_perception.simulation.rendering.sky import sky_irradiance, sky_radiance
from rgbt_perception.simulation.rendering.solids import MATERIALS
from rgbt_perception.simulation.rendering.textures.catalogue import TEXTURES
from rgbt_perception.simulation.rendering.textures.finish import Finish, plain
from rgbt_perception.simulation.rendering.tracer import Tracer
from rgbt_perception.simulation.rendering.view import View


def finishes(tracer: Tracer, view: View) -> tuple[Sites, Finish]:
    """Texture of every pixel that met a part, in the order of ``view.where``."""
    sites = make_sites(tracer.solids, view.hits, view.rays, view.pixel_angle, view.where)
    finish = plain(sites)
    material = tracer.solids.material[view.hits.part[view.where]]
    for number in np.unique(material):
        index = np.flatnonzero(material == number).astype(np.int32)
        some = TEXTURES[MATERIALS[number]](sites.subset(index))
        finish.albedo[index] = some.albedo
        finish.gloss[index] = some.gloss
        finish.glass[index] = some.glass
        finish.glow[index] = some.glow
        finish.relief[index] = some.relief
    return sites, finish


class RgbRenderer:
    """Renders the RGB camera's view of one scene."""

    def __init__(
        self,
        scene: SceneDescription,
        environment: Environment,
        tracer: Tracer,
        media: Media,
    ) -> None:
        self._scene = scene
        self._environment = environment
        self._tracer = tracer
        self._media = media
        self._dark = environment.light.dark or scene.indoor

    def radiance(self, view: View) -> Float32:
        """Linear radiance of every pixel.

        Returns:
            (H, W, 3) float32, in the unit of the environment.
        """
        lamps = burning(self._scene, view.poses, view.time_s, self._dark)
        chosen = strongest(lamps, view.hits.point[view.where], self._media.extinction)
        result = np.empty((len(view.rays), 3), np.float32)
        result[view.sky] = sky_radiance(self._environment, view.rays[view.sky], view.time_s)
        if len(view.where):
            result[view.where] = self._surfaces(view, chosen)
        return view.resolved(self._air(view, result, chosen))

    def _surfaces(self, view: View, lamps: list[tuple[PlacedLamp, bool]]) -> Float32:
        environment, where = self._environment, view.where
        sites, finish = finishes(self._tracer, view)
        normals = view.hits.normal[where]
        wet = self._wet(sites, normals, finish)
        open_sky = openness(self._tracer, view)
        if self._scene.indoor:
            # Daylight reaches the inside through holes, and a little everywhere.
            exposed = (0.004 + 0.85 * open_sky + 0.12 * spread(view, open_sky))[where]
        else:
            exposed = (0.25 + 0.75 * open_sky)[where]
        hidden = exposed if self._scene.indoor else np.sqrt(exposed)
        up = normals[:, 2]
        sky = sky_irradiance(environment)
        sun = single(environment.sky.sun)
        toward = single(environment.sky.sun_direction)
        bounce: Float32 = single(0.22 * (sky + sun * max(float(toward[2]), 0.0)))
        light = (
            ((0.5 + 0.5 * up) * exposed)[:, None] * sky
            + ((0.5 - 0.5 * up) * hidden)[:, None] * bounce
            + self._sunlight(view, normals)
            + lamp_light(self._tracer, view, lamps, self._media.extinction)
        )
        color = single(finish.albedo * finish.relief[:, None] * light)
        self._reflect(view, finish, normals, exposed, bounce, wet, color, lamps)
        if self._dark:
            color += finish.glow
        return color

    def _sunlight(self, view: View, normals: Float32) -> Float32:
        """Direct sun on white surfaces, with shadows, (M, 3)."""
        sky = self._environment.sky
        toward = single(sky.sun_direction)
        sun = single(sky.sun)
        level: Float32 = single(np.clip(normals @ toward, 0, 1))
        index = np.flatnonzero(level > 0.01)
        if sun.max() > 1e-7:
            level[index] *= sun_share(
                self._tracer,
                view,
                np.array(sky.sun_direction),
                view.where[index],
                Sampling.CHECKER,
            )
        result: Float32 = level[:, None] * sun
        return result

    def _wet(self, sites: Sites, normals: Float32, finish: Finish) -> Float32:
        """Rain darkens what faces up and lays a mirror on it; returns the share of water."""
        wetness = self._environment.climate.wetness
        if wetness == 0 or self._scene.indoor:
            return np.zeros(len(sites), np.float32)
        up = np.clip(normals[:, 2], 0, 1)
        puddle = np.clip((sample(fractal(), sites.u, sites.v, 9.0, 1) - 0.5) * 6, 0, 1)
        flat = (up > 0.95) * wetness
        water = single(flat * (0.25 + 0.75 * puddle))
        finish.albedo *= (1 - 0.45 * wetness * (0.3 + 0.7 * up))[:, None]
        finish.gloss = np.maximum(finish.gloss, 0.02 * water)
        finish.relief = finish.relief * (1 - 0.6 * water) + 0.6 * water
        return water

    def _reflect(
        self,
        view: View,
        finish: Finish,
        normals: Float32,
        exposed: Float32,
        bounce: Float32,
        wet: Float32,
        color: Float32,
        lamps: list[tuple[PlacedLamp, bool]],
    ) -> None:
        """Adds what smooth surfaces mirror: sky, surroundings, sun and lamps."""
        smooth = np.maximum(np.clip((finish.gloss - 0.015) * 25, 0, 1), wet)
        index = np.flatnonzero(smooth > 0.1)
        if len(index) == 0:
            return
        rays, normal = view.rays[view.where[index]], normals[index]
        cosine = np.clip(-np.einsum("ni,ni->n", rays, normal), 0, 1)
        mirrored = rays + 2 * cosine[:, None] * normal
        gloss = finish.gloss[index]
        # Schlick (1994) eq. 15.
        fresnel = (gloss + (1 - gloss) * (1 - cosine) ** 5) * smooth[index]
        sky = sky_radiance(self._environment, mirrored, view.time_s)
        around = bounce * 0.6 * exposed[index][:, None]
        above = np.clip((mirrored[:, 2] - 0.06) * 7, 0, 1)[:, None]
        seen = sky * above * exposed[index][:, None] + around * (1 - above)
        mirror = np.minimum(seen, 3.0) * fresnel[:, None]
        points, water = view.hits.point[view.where[index]], wet[index]
        for lamp, _ in lamps:
            toward = lamp.position.astype(np.float32) - points
            toward /= np.maximum(np.linalg.norm(toward, axis=1, keepdims=True), 1e-3)
            # On rough water the mirror image of a lamp is drawn out upwards.
            stretched = mirrored - toward
            stretched[:, 2] *= 1 - 0.65 * water
            lobe = np.exp(-np.einsum("ni,ni->n", stretched, stretched) * 160)
            level = falloff_plain(lamp, points) * lobe * fresnel * (1 + 8 * water)
            mirror += level[:, None] * lamp.strength
        color[index] = color[index] * (1 - 0.7 * fresnel)[:, None] + mirror

    def _air(self, view: View, radiance: Float32, lamps: list[tuple[PlacedLamp, bool]]) -> Float32:
        """Adds what the air takes away and scatters in."""
        if self._media.even:
            passed = np.exp(-self._media.extinction * np.minimum(view.hits.distance, 3e4))
            passed[view.sky] = 1.0
            haze = single(self._environment.sky.horizon) * (0.05 if self._scene.indoor else 1)
            result: Float32 = radiance * passed[:, None] + haze * (1 - passed)[:, None]
            return result
        grid = self._media.grid(view)
        extinction, _ = self._media.density(grid.points, view.time_s)
        source = self._media.scattered(self._tracer, view, grid, lamps)
        passed, scattered = self._media.through(view, grid, extinction, source)
        if self._environment.weather is Weather.RAIN:
            # The sky already is the colour of rain.
            passed[view.sky] = 1.0
            scattered[view.sky] = 0.0
            return self._drops(view, grid, source, radiance * passed[:, None] + scattered)
        mixed: Float32 = radiance * passed[:, None] + scattered
        return mixed

    def _drops(self, view: View, grid: Grid, source: Float32, radiance: Float32) -> Float32:
        """Streaks lit like the air a few metres away; a drop also gathers light from behind."""
        if self._scene.indoor:
            return radiance
        cover = streaks(
            self._environment, view.height, view.width, view.pixel_angle, view.time_s
        ).ravel()[view.parent]
        glint = 1.6 * self._media.light_near(view, grid, source)
        share = cover[:, None]
        result: Float32 = radiance * (1 - 0.5 * share) + (glint + 0.2 * radiance) * share
        return result


def falloff_plain(lamp: PlacedLamp, points: Float32) -> Float32:
    """Inverse square alone: what a mirror sees of a lamp, (N,) float32."""
    offset = points - lamp.position.astype(np.float32)
    squared: Float32 = np.einsum("ni,ni->n", offset, offset)
    return np.asarray(1.0 / np.maximum(squared, 1.0), dtype=np.float32)
