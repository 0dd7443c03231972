from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from rgbt_perception.simulation.conditions import Light, Weather
from rgbt_perception.simulation.parts import IDENTITY, Heat, Lamp, MaterialName, Part, Shape
from rgbt_perception.simulation.rendering.media import Media
from rgbt_perception.simulation.rendering.rgb import RgbRenderer
from rgbt_perception.simulation.rendering.thermal import ThermalRenderer
from rgbt_perception.simulation.rendering.tracer import Tracer
from rgbt_perception.simulation.rendering.view import View, look, world_rays


def view_of(studio: object, tracer: Tracer) -> View:
    camera, pose = studio.camera("rgb"), studio.mounting().base_T_rgb.copy()  # type: ignore[attr-defined]
    pose[:3, 3] = (0.0, 0.0, 1.5)
    rays = camera.raw_rays()
    return look(tracer, rays, pose, 0.0, world_rays(rays, pose))


def radiance(studio: object, scene: object = None, environment: object = None) -> np.ndarray:
    scene = scene or studio.scene()  # type: ignore[attr-defined]
    environment = environment or studio.environment()  # type: ignore[attr-defined]
    tracer = Tracer(scene)  # type: ignore[arg-type]
    media = Media(scene, environment, tracer.solids)  # type: ignore[arg-type]
    return RgbRenderer(scene, environment, tracer, media).radiance(view_of(studio, tracer))  # type: ignore[arg-type]


def kelvin(studio: object, scene: object = None, environment: object = None) -> np.ndarray:
    scene = scene or studio.scene()  # type: ignore[attr-defined]
    environment = environment or studio.environment()  # type: ignore[attr-defined]
    tracer = Tracer(scene)  # type: ignore[arg-type]
    media = Media(scene, environment, tracer.solids)  # type: ignore[arg-type]
    return ThermalRenderer(scene, environment, tracer, media).kelvin(view_of(studio, tracer))  # type: ignore[arg-type]


def test_night_is_ten_thousand_times_darker_than_day(make_studio: Callable[..., object]) -> None:
    day = radiance(make_studio(light=Light.DAY)).mean()
    dusk = radiance(make_studio(light=Light.DUSK)).mean()
    night = radiance(make_studio(light=Light.NIGHT)).mean()
    assert night * 1e4 < day
    assert night * 100 < dusk < day


def test_a_lamp_lights_its_cone_and_casts_shadows(make_studio: Callable[..., object]) -> None:
    studio = make_studio(light=Light.NIGHT, size=(128, 96))
    lamp = Lamp((0.0, 0.0, 6.0), (0.64, 0.0, -0.77), 0.6, 50.0)
    dark = studio.scene()  # type: ignore[attr-defined]
    lit = replace(dark, lamps=(lamp,))
    gain = radiance(studio, lit) / radiance(studio, dark)
    # The ground ahead is lit, the wall top beyond the cone is not.
    assert np.median(gain[80:, 40:88]) > 30
    assert np.median(gain[:10]) < 1.5
    plate = Part(Shape.BOX, (0.6, 0.6, 0.02), (1.2, 0, 4.5), IDENTITY, MaterialName.WOOD, 0)
    shaded = radiance(studio, replace(lit, static=(*lit.static, plate)))
    assert (shaded[60:] / radiance(studio, lit)[60:]).min() < 0.2


def test_the_sun_casts_shadows_and_warms(make_studio: Callable[..., object]) -> None:
    studio = make_studio(size=(96, 72))
    environment = studio.environment()  # type: ignore[attr-defined]
    overhead = (0.0, 0.2, 0.98)
    sky = replace(environment.sky, sun_direction=overhead, sun=(1.0, 0.95, 0.9))
    climate = replace(environment.climate, sun_direction=overhead, sun_kelvin=25.0, wetness=0.0)
    sunny = replace(environment, sky=sky, climate=climate)
    roof = Part(Shape.BOX, (2, 3, 0.1), (8, 0, 6), IDENTITY, MaterialName.CONCRETE, 3)
    scene = studio.scene()  # type: ignore[attr-defined]
    covered = replace(scene, static=(*scene.static, roof))
    below = (slice(48, 52), slice(62, 75))
    assert (
        radiance(studio, covered, sunny)[below].mean()
        < 0.5 * radiance(studio, scene, sunny)[below].mean()
    )
    assert (kelvin(studio, scene, sunny) - kelvin(studio, covered, sunny))[below].mean() > 3.0


@pytest.mark.parametrize("weather", [Weather.FOG, Weather.SMOKE])
def test_fog_and_smoke_are_thinner_in_thermal(
    make_studio: Callable[..., object], weather: Weather
) -> None:
    # How much a change of the ball, 5 m ahead, changes its pixel: the air's transmittance.
    for seed in range(800010, 800016):
        studio = make_studio(seed=seed, weather=weather)
        scene, air = studio.scene(), studio.environment().air  # type: ignore[attr-defined]
        assert 5 <= air.rgb_extinction / air.thermal_extinction <= 10
        ball = replace(scene.static[2], heat=(Heat(50.0),), color=(0.9, 0.9, 0.9))
        other = replace(scene, static=(*scene.static[:2], ball))
        clear = replace(studio.environment(), weather=Weather.CLEAR)  # type: ignore[attr-defined]
        clear = replace(clear, air=replace(air, rgb_extinction=1e-6, thermal_extinction=1e-6))
        depth = {}
        for name, render in (("rgb", radiance), ("thermal", kelvin)):
            changes = [
                float(np.abs(render(studio, other, e) - render(studio, scene, e))[24, 32].mean())
                for e in (studio.environment(), clear)  # type: ignore[attr-defined]
            ]
            depth[name] = -np.log(changes[0] / changes[1])
        assert depth["rgb"] > 0.05
        assert depth["thermal"] < 0.4 * depth["rgb"]


def test_the_sky_is_cold_and_bodies_are_warm(make_studio: Callable[..., object]) -> None:
    studio = make_studio(light=Light.NIGHT)
    scene = studio.scene()  # type: ignore[attr-defined]
    face = Part(
        Shape.SPHERE,
        (0.5, 0, 0),
        (4, 0, 1.5),
        IDENTITY,
        MaterialName.SKIN,
        8,
        heat=(Heat(12.0),),
    )
    picture = kelvin(studio, replace(scene, static=(scene.static[0], face)))
    air = studio.environment().climate.air_kelvin  # type: ignore[attr-defined]
    assert picture[0].mean() < air - 3
    assert 300 < picture[24, 32] < 312


def test_bare_metal_mirrors_the_cold_sky(make_studio: Callable[..., object]) -> None:
    studio = make_studio(light=Light.NIGHT)
    scene = studio.scene()  # type: ignore[attr-defined]
    tilted = (0.9239, 0.0, 0.3827, 0.0)
    picture = {}
    for material in (MaterialName.BARE_METAL, MaterialName.CONCRETE):
        plate = Part(Shape.BOX, (0.05, 1, 1), (4, 0, 1.5), tilted, material, 0)
        picture[material] = kelvin(studio, replace(scene, static=(scene.static[0], plate)))[24, 32]
    assert picture[MaterialName.BARE_METAL] < picture[MaterialName.CONCRETE] - 2


def test_heat_varies_within_an_object(make_studio: Callable[..., object]) -> None:
    studio = make_studio(size=(96, 72))
    heat = Heat(30.0, (-0.5, 0.8, 0.0), 0.4)
    hood = Part(
        Shape.BOX, (0.5, 1.5, 0.6), (4, 0, 1.5), IDENTITY, MaterialName.CAR_PAINT, 9, heat=(heat,)
    )
    scene = studio.scene()  # type: ignore[attr-defined]
    picture = kelvin(studio, replace(scene, static=(scene.static[0], hood)))
    row = picture[36, 30:66]
    # +y is to the left.
    assert row[:10].max() > row[-10:].mean() + 8
    assert np.abs(np.diff(row)).max() < 0.5 * np.ptp(row)


def test_rain_evens_temperatures_out(make_studio: Callable[..., object]) -> None:
    studio = make_studio()
    environment = studio.environment()  # type: ignore[attr-defined]
    climate = replace(environment.climate, stored_kelvin=6.0, wetness=0.0)
    dry = replace(environment, climate=climate)
    wet = draw = make_studio(weather=Weather.RAIN).environment()  # type: ignore[attr-defined]
    assert draw.climate.wetness >= 0.6
    assert abs(wet.climate.stored_kelvin) <= 0.6 * 10
    warm = kelvin(studio, None, dry)
    cool = kelvin(studio, None, replace(dry, climate=replace(climate, wetness=1.0)))
    assert cool[:20].std() < 0.6 * warm[:20].std()
