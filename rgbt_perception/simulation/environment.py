"""Sun, sky, air and weather of one recording, drawn from its seed.

Radiance unit: 1 is a white matte surface facing a high sun in clear air. A street lamp of power 1
then gives about 2e-4 on a wall at 5 m (20 lux against 100 klux), a full moon 2.5e-6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rgbt_perception.simulation.conditions import Light, Weather
from rgbt_perception.simulation.parts import Vector
from rgbt_perception.simulation.randomness import generator

LAMP_RADIANCE = 2e-4 * 25.0
"""Radiance of a white wall at 1 m from a lamp of power 1."""
_CROSSOVER_SHARE = {Light.DAY: 0.08, Light.DUSK: 0.2, Light.NIGHT: 0.15}


@dataclass(frozen=True)
class Sky:
    """What lights the scene from above.

    Attributes:
        sun_direction: unit vector towards the sun or moon, world.
        sun: radiance it gives a white surface facing it, linear R G B.
        zenith, horizon: sky radiance, linear R G B.
        glow: extra radiance at the horizon below the sun, linear R G B.
        cloud: radiance of clouds, linear R G B.
        cover: share of the sky under clouds, 0 to 1.
    """

    sun_direction: Vector
    sun: Vector
    zenith: Vector
    horizon: Vector
    glow: Vector
    cloud: Vector
    cover: float


@dataclass(frozen=True)
class Air:
    """What lies between camera and surface.

    Attributes:
        rgb_extinction, thermal_extinction: 1/m, mean over space.
        patchiness: 0 even, 1 drifting clouds with clear gaps.
        albedo: share of the light that a particle scatters, R G B alike.
        wind: m/s, world.
        rain: 0 to 1, strength of falling streaks.
    """

    rgb_extinction: float
    thermal_extinction: float
    patchiness: float
    albedo: float
    wind: Vector
    rain: float


@dataclass(frozen=True)
class Climate:
    """What makes surfaces warm or cold.

    Attributes:
        air_kelvin: temperature of the air.
        sky_kelvin: apparent temperature of the sky at the zenith, 8 to 14 um.
        sun_kelvin: warming of a black, thin surface facing the sun.
        sun_direction: where the sun stood while it warmed the surfaces (it lags), world.
        stored_kelvin: warmth of heavy materials left from the day (negative: cold from the night).
        sky_cooling: kelvin lost by a thin surface facing an open sky.
        wetness: 0 dry, 1 wet: evens temperatures out, darkens and polishes the ground.
    """

    air_kelvin: float
    sky_kelvin: float
    sun_kelvin: float
    sun_direction: Vector
    stored_kelvin: float
    sky_cooling: float
    wetness: float


@dataclass(frozen=True)
class Environment:
    """Everything outside the scene's parts."""

    light: Light
    weather: Weather
    seed: int
    sky: Sky
    air: Air
    climate: Climate


def draw_environment(light: Light, weather: Weather, seed: int) -> Environment:
    """The environment of a seed; equal arguments give equal environments."""
    rng = generator(seed, "environment", light.value, weather.value)
    cover = {
        Weather.CLEAR: rng.uniform(0.0, 1.0) ** 1.5,
        Weather.SMOKE: rng.uniform(0.0, 1.0),
        Weather.RAIN: 1.0,
        Weather.FOG: 1.0,
    }[weather]
    sky = _sky(light, cover, rng)
    return Environment(
        light, weather, seed, sky, _air(weather, rng), _climate(light, weather, sky, rng)
    )


def _direction(azimuth: float, elevation: float) -> Vector:
    flat = np.cos(elevation)
    return (
        float(flat * np.cos(azimuth)),
        float(flat * np.sin(azimuth)),
        float(np.sin(elevation)),
    )


def _scaled(color: Vector, factor: float) -> Vector:
    return (color[0] * factor, color[1] * factor, color[2] * factor)


def _greyed(color: Vector, factor: float, cover: float, level: float) -> Vector:
    """Under clouds the air below them has their grey, too."""
    grey = level * cover
    return _scaled(
        (
            color[0] * (1 - cover) + grey,
            color[1] * (1 - cover) + grey,
            color[2] * (1 - cover) + 1.05 * grey,
        ),
        factor,
    )


def _sky(light: Light, cover: float, rng: np.random.Generator) -> Sky:
    azimuth = rng.uniform(-np.pi, np.pi)
    # Thick clouds take the direct sun away and make the sky grey and bright.
    through = float(np.clip(1.3 - 1.5 * cover, 0.0, 1.0))
    if light is Light.DAY:
        elevation = np.radians(rng.uniform(12, 65))
        warm = float(np.sin(elevation)) ** 0.4
        strength = rng.uniform(0.8, 1.0) * through
        sun = (strength * warm, strength * 0.94 * warm**1.3, strength * 0.84 * warm**1.8)
        level = rng.uniform(0.8, 1.2) * warm
        return Sky(
            _direction(azimuth, elevation),
            sun,
            _greyed((0.13, 0.22, 0.42), level, cover, 0.31),
            _greyed((0.38, 0.44, 0.52), level, cover, 0.31),
            _scaled((0.25, 0.2, 0.12), level * through),
            _scaled((0.62, 0.63, 0.66), level * (1.0 - 0.5 * cover)),
            cover,
        )
    if light is Light.DUSK:
        elevation = np.radians(rng.uniform(-5, 3))
        level = float(10 ** rng.uniform(-2.0, -0.7))
        low_sun = level * through * float(np.clip((elevation + 0.02) / 0.05, 0, 1))
        return Sky(
            _direction(azimuth, max(float(elevation), 0.02)),
            _scaled((1.3, 0.6, 0.22), low_sun),
            _greyed((0.10, 0.15, 0.28), level, cover, 0.24),
            _greyed((0.34, 0.28, 0.27), level, cover, 0.24),
            _scaled((1.2, 0.55, 0.2), level * through),
            _scaled((0.25, 0.23, 0.26), level),
            cover,
        )
    moon = rng.uniform(0.0, 2.5e-6) * through
    city = float(10 ** rng.uniform(-6.6, -5.2)) * (1 + 2 * cover)
    return Sky(
        _direction(azimuth, np.radians(rng.uniform(20, 70))),
        _scaled((0.9, 0.95, 1.0), moon),
        _scaled((0.5, 0.55, 0.8), city * 0.5),
        _scaled((1.0, 0.8, 0.6), city),
        (0.0, 0.0, 0.0),
        _scaled((1.0, 0.8, 0.65), city),
        cover,
    )


def _air(weather: Weather, rng: np.random.Generator) -> Air:
    heading = rng.uniform(-np.pi, np.pi)
    speed = rng.uniform(0.3, 2.0)
    wind = (float(speed * np.cos(heading)), float(speed * np.sin(heading)), 0.15)
    # Koschmieder: extinction = 3.0 / visibility (5 % contrast).
    if weather is Weather.FOG:
        extinction = 3.0 / rng.uniform(25, 80)
        return Air(extinction, extinction / rng.uniform(5, 10), 0.15, 0.97, wind, 0.0)
    if weather is Weather.SMOKE:
        extinction = 3.0 / rng.uniform(5, 25)
        return Air(extinction, extinction / rng.uniform(5, 10), 1.0, rng.uniform(0.5, 0.9), wind, 0)
    if weather is Weather.RAIN:
        extinction = 3.0 / float(10 ** rng.uniform(2.3, 3.1))
        rain = rng.uniform(0.3, 1.0)
        return Air(extinction, extinction * 0.8, 0.1, 0.97, wind, rain)
    extinction = 3.0 / float(10 ** rng.uniform(3.5, 4.5))
    return Air(extinction, extinction * 0.7, 0.0, 0.97, wind, 0.0)


def _climate(light: Light, weather: Weather, sky: Sky, rng: np.random.Generator) -> Climate:
    air = rng.uniform(276, 304)
    clear = 1.0 - 0.85 * sky.cover
    lag = rng.uniform(0.05, 0.35)
    x, y, z = sky.sun_direction
    lagged = (
        float(x * np.cos(lag) - y * np.sin(lag)),
        float(x * np.sin(lag) + y * np.cos(lag)),
        z,
    )
    if light is Light.DAY:
        sun, stored = 30.0 * float(sum(sky.sun)) / 3, rng.uniform(-2.0, 7.0)
    elif light is Light.DUSK:
        sun, stored = rng.uniform(0.0, 6.0) * clear, rng.uniform(1.0, 10.0)
    else:
        sun, stored = 0.0, rng.uniform(1.0, 9.0)
    if rng.random() < _CROSSOVER_SHARE[light]:
        # Twice a day everything has the temperature of the air.
        sun, stored = 0.1 * sun, rng.uniform(-0.5, 0.8)
        clear *= 0.3
    wetness = 0.0
    if weather is Weather.RAIN:
        wetness = rng.uniform(0.6, 1.0)
    elif weather is Weather.FOG:
        wetness = rng.uniform(0.1, 0.5)
    stored *= 1.0 - 0.7 * wetness
    return Climate(
        air,
        air - (4.0 + 22.0 * clear) * rng.uniform(0.6, 1.1),
        sun * (1.0 - 0.8 * wetness),
        lagged,
        stored,
        rng.uniform(3.0, 7.0) * clear * (1.0 - 0.6 * wetness),
        wetness,
    )
