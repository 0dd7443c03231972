"""From hits to the apparent temperature that falls on the thermal sensor.

Signals add up as radiance; over 8 to 14 um round 290 K it grows about as the fourth power of
temperature, which is used here (ours; a broad-band stand-in for Planck's law).
"""

from __future__ import annotations

import numpy as np

from rgbt_perception.simulation.environment import Environment
from rgbt_perception.simulation.parts import SceneDescription
from rgbt_perception.simulation.rendering.arrays import Float32, single
from rgbt_perception.simulation.rendering.media import Media
from rgbt_perception.simulation.rendering.noise import fractal, sample
from rgbt_perception.simulation.rendering.rgb import finishes
from rgbt_perception.simulation.rendering.shadows import Sampling, openness, sun_share
from rgbt_perception.simulation.rendering.sites import Sites
from rgbt_perception.simulation.rendering.sky import sky_kelvin
from rgbt_perception.simulation.rendering.solids import MATERIALS
from rgbt_perception.simulation.rendering.textures.finish import Finish
from rgbt_perception.simulation.rendering.tracer import Tracer
from rgbt_perception.simulation.rendering.view import View
from rgbt_perception.simulation.rendering.warmth import THERMAL

_UNIT_K = 300.0
_GLASS_EMISSIVITY = 0.84
_SKIN_K = 307.0
_MILD_K = 293.0
_SMOKE_K = 12.0


def signal(kelvin: Float32) -> Float32:
    """Radiance in units of a black body at 300 K."""
    result: Float32 = (kelvin / np.float32(_UNIT_K)) ** 4
    return result


def kelvin_of(radiance: Float32) -> Float32:
    """Apparent temperature, kelvin: the inverse of ``signal``."""
    result: Float32 = np.sqrt(np.sqrt(np.maximum(radiance, 1e-6))) * np.float32(_UNIT_K)
    return result


class ThermalRenderer:
    """Renders the thermal camera's view of one scene."""

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
        table = [THERMAL[name] for name in MATERIALS]
        self._emissivity = np.array([t.emissivity for t in table], np.float32)
        self._sun = np.array([t.sun for t in table], np.float32)
        self._stored = np.array([t.stored for t in table], np.float32)
        self._sky = np.array([t.sky for t in table], np.float32)
        self._mottle = np.array([t.mottle for t in table], np.float32)
        self._living = np.array([t.living for t in table])
        self._heat = _heat_table(tracer)

    def kelvin(self, view: View) -> Float32:
        """Apparent temperature of every pixel.

        Returns:
            (H, W) float32, kelvin.
        """
        result = np.empty(len(view.rays), np.float32)
        result[view.sky] = signal(sky_kelvin(self._environment, view.rays[view.sky], view.time_s))
        if len(view.where):
            result[view.where] = self._surfaces(view)
        return kelvin_of(view.resolved(self._air(view, result)[:, None])[..., 0])

    def _surfaces(self, view: View) -> Float32:
        sites, finish = finishes(self._tracer, view)
        part = view.hits.part[view.where]
        material = self._tracer.solids.material[part]
        normals = view.hits.normal[view.where]
        open_sky = openness(self._tracer, view)[view.where]
        if self._scene.indoor:
            open_sky = open_sky * 0.6
        own = self._temperature(view, sites, finish, normals, open_sky)
        return self._leaving(view, finish, normals, material, open_sky, own)

    def _temperature(
        self, view: View, sites: Sites, finish: Finish, normals: Float32, open_sky: Float32
    ) -> Float32:
        """Temperature of the surfaces, (M,) kelvin."""
        climate = self._environment.climate
        part = view.hits.part[view.where]
        material = self._tracer.solids.material[part]
        dry = 1.0 - 0.8 * climate.wetness
        up = normals[:, 2]
        dark = 1.0 - finish.albedo.mean(axis=1)
        warm = self._sunlit(view, normals) * climate.sun_kelvin * self._sun[material] * dark
        stored = climate.stored_kelvin * self._stored[material] * (0.75 + 0.25 * up)
        # What lies under cover cools less and warms less.
        stored *= 0.6 + 0.4 * open_sky
        cooled = climate.sky_cooling * self._sky[material] * open_sky * (0.5 + 0.5 * up) ** 2
        mottle = sample(fractal(), sites.u, sites.v, 7.0, sites.seed + 17) - 0.5
        detail = 0.5 - finish.relief * 0.5
        structure = (mottle * 4 + detail * 1.2) * self._mottle[material] * dry
        # Panes are thin: they follow the air more than the wall round them.
        wall = 1.0 - 0.8 * finish.glass
        indoors = finish.glass * (finish.glow.max(axis=1) > 0) * 2.5
        excess = self._own_heat(view, part, material)
        calm = 1.0 - 0.6 * climate.wetness * ~self._living[material]
        result = climate.air_kelvin + (warm + stored + structure) * wall - cooled + indoors
        result += excess * calm - 0.8 * climate.wetness * open_sky
        return np.asarray(result, dtype=np.float32)

    def _sunlit(self, view: View, normals: Float32) -> Float32:
        """Share of full sun that warmed each surface; heavy matter keeps half of it in shade."""
        climate = self._environment.climate
        level = single(np.clip(normals @ single(climate.sun_direction), 0, 1))
        if climate.sun_kelvin < 0.2:
            return level
        index = np.flatnonzero(level > 0.02)
        toward = np.array(climate.sun_direction)
        lit = sun_share(self._tracer, view, toward, view.where[index], Sampling.QUARTER)
        level[index] *= 0.25 + 0.75 * lit
        return level

    def _own_heat(self, view: View, part: np.ndarray, material: np.ndarray) -> Float32:
        """Warmth of engines, bodies, lamps and fires, (M,) kelvin above the air."""
        air = self._environment.climate.air_kelvin
        # Bodies regulate: the warmer the air, the smaller the excess.
        body = np.clip((_SKIN_K - air) / (_SKIN_K - _MILD_K), 0.15, 1.6)
        scale = np.where(self._living[material], np.float32(body), np.float32(1))
        total = np.zeros(len(part), np.float32)
        local = view.hits.local[view.where]
        for excess, center, radius in self._heat:
            index = np.flatnonzero(excess[part] != 0)
            which = part[index]
            away = np.linalg.norm(local[index] - center[which], axis=1)
            total[index] += excess[which] * np.exp(-((away / radius[which]) ** 2))
        return np.asarray(total * scale, dtype=np.float32)

    def _leaving(
        self,
        view: View,
        finish: Finish,
        normals: Float32,
        material: np.ndarray,
        open_sky: Float32,
        own: Float32,
    ) -> Float32:
        """Own radiation plus what the surface mirrors, (M,) signal."""
        climate = self._environment.climate
        rays = view.rays[view.where]
        cosine = np.clip(-np.einsum("ni,ni->n", rays, normals), 0.02, 1)
        emissivity = self._emissivity[material]
        emissivity = emissivity * (1 - finish.glass) + _GLASS_EMISSIVITY * finish.glass
        # Dielectrics mirror more at grazing angles: Schlick (1994) eq. 15, softened for rough ones.
        smooth = np.clip(finish.gloss * 20, 0.12, 1)
        emissivity = emissivity * (1 - smooth * (1 - cosine) ** 5)
        mirrored = rays + 2 * cosine[:, None] * normals
        surroundings = np.float32(climate.air_kelvin + 0.5 * climate.stored_kelvin)
        above = np.clip((mirrored[:, 2] - 0.12) * 5, 0, 1) * open_sky
        sky = signal(sky_kelvin(self._environment, mirrored, view.time_s))
        seen = sky * above + signal(surroundings) * (1 - above)
        result: Float32 = signal(own) * emissivity + seen * (1 - emissivity)
        return result

    def _air(self, view: View, radiance: Float32) -> Float32:
        """Adds what the air takes away and radiates itself."""
        air = single(self._environment.climate.air_kelvin)
        if self._media.even:
            ratio = self._media.extinction * self._media.thermal_ratio
            passed = np.exp(-ratio * np.minimum(view.hits.distance, 3e4))
            passed[view.sky] = 1.0
            result: Float32 = radiance * passed + signal(air) * (1 - passed)
            return result
        grid = self._media.grid(view)
        extinction, fresh = self._media.density(grid.points, view.time_s)
        source = signal((air + np.float32(_SMOKE_K) * fresh).astype(np.float32))
        thin = extinction * np.float32(self._media.thermal_ratio)
        passed, emitted = self._media.through(view, grid, thin, source[:, None])
        mixed: Float32 = radiance * passed + emitted[:, 0]
        return mixed


def _heat_table(tracer: Tracer) -> list[tuple[Float32, Float32, Float32]]:
    """The n-th heat source of every part as arrays: excess, centre, radius."""
    parts = tracer.solids.parts
    most = max((len(part.heat) for part in parts), default=0)
    table = []
    for n in range(most):
        excess = np.zeros(len(parts), np.float32)
        center = np.zeros((len(parts), 3), np.float32)
        radius = np.ones(len(parts), np.float32)
        for i, part in enumerate(parts):
            if n < len(part.heat):
                excess[i] = part.heat[n].excess
                center[i] = part.heat[n].center
                radius[i] = part.heat[n].radius
        table.append((excess, center, radius))
    return table
