"""What the sky looks like in both cameras; the same clouds in both."""

from __future__ import annotations

import numpy as np

from rgbt_perception.simulation.environment import Environment
from rgbt_perception.simulation.rendering.arrays import Float32, single
from rgbt_perception.simulation.rendering.noise import fractal, sample

_CLOUD_HEIGHT_M = 900.0
_CLOUD_PERIOD_M = 5200.0


def cloud_share(environment: Environment, directions: Float32, time_s: float) -> Float32:
    """How much cloud a direction meets, 0 to 1.

    Args:
        environment: sky and wind.
        directions: (N, 3) unit vectors, world; upwards.
        time_s: seconds since the start.
    """
    reach = _CLOUD_HEIGHT_M / np.maximum(directions[:, 2], 0.06)
    wind = environment.air.wind
    texture = sample(
        fractal(),
        directions[:, 0] * reach + np.float32(8 * wind[0] * time_s),
        directions[:, 1] * reach + np.float32(8 * wind[1] * time_s),
        _CLOUD_PERIOD_M,
        environment.seed % 997,
    )
    threshold = 1.05 - 1.4 * environment.sky.cover
    result: Float32 = np.clip((texture - threshold) * 5, 0, 1)
    return result


def sky_radiance(environment: Environment, directions: Float32, time_s: float) -> Float32:
    """Colour of the sky: gradient, glow round the sun, clouds, sun disc.

    Args:
        environment: sky and wind.
        directions: (N, 3) unit vectors, world; below the horizon counts as the horizon.
        time_s: seconds since the start.

    Returns:
        (N, 3) float32, radiance in the unit of the environment.
    """
    sky = environment.sky
    up = np.clip(directions[:, 2], 0, 1)
    horizon = np.exp(-up * 4.5)[:, None]
    color = single(sky.zenith) * (1 - horizon) + single(sky.horizon) * horizon
    toward = np.clip(directions @ single(sky.sun_direction), -1, 1)
    glow = (0.6 * np.exp((toward - 1) * 18) + 0.4 * np.exp((toward - 1) * 3))[:, None]
    color = color + single(sky.glow) * glow * (0.35 + 0.65 * horizon)
    cloud = cloud_share(environment, directions, time_s)
    # Thick parts of a cloud are darker; near the horizon clouds drown in haze.
    shade = (1.1 - 0.45 * cloud)[:, None] * single(sky.cloud) + 0.25 * single(sky.glow) * glow
    cover = (cloud * np.clip(up * 9, 0, 1))[:, None]
    color = color * (1 - cover) + shade * cover
    disc = (np.clip((toward - 0.99985) * 20000, 0, 1) * (1 - cloud))[:, None]
    return single(color + single(sky.sun) * 60 * disc)


def sky_irradiance(environment: Environment) -> Float32:
    """Radiance of a white surface facing the whole sky, (3,) float32."""
    sky = environment.sky
    open_sky = 0.55 * single(sky.zenith) + 0.45 * single(sky.horizon)
    mean = open_sky * (1 - sky.cover) + single(sky.cloud) * 0.9 * sky.cover
    return single(mean + 0.12 * single(sky.glow))


def sky_kelvin(environment: Environment, directions: Float32, time_s: float) -> Float32:
    """Apparent temperature of the sky, 8 to 14 um: cold overhead, air near the horizon.

    Args:
        environment: sky and climate.
        directions: (N, 3) unit vectors, world.
        time_s: seconds since the start.

    Returns:
        (N,) float32, kelvin.
    """
    climate = environment.climate
    up = np.clip(directions[:, 2], 0.0, 1.0)
    depth = climate.air_kelvin - climate.sky_kelvin
    # The air mass 1 / sin(elevation) fills the window near the horizon (ours).
    kelvin = climate.air_kelvin - depth * (1 - np.exp(-up * 5.0)) / (1 - np.exp(-5.0))
    cloud = cloud_share(environment, directions, time_s) * np.clip(up * 9, 0, 1)
    warm = climate.air_kelvin - 5.0 - 6.0 * up
    result: Float32 = (kelvin * (1 - 0.8 * cloud) + 0.8 * cloud * np.maximum(warm, kelvin)).astype(
        np.float32
    )
    return result
