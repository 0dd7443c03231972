"""Small scenes and cameras for the tests of rendering."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from rgbt_perception.frames import Modality
from rgbt_perception.geometry.camera import CameraModel, make_camera_model
from rgbt_perception.geometry.rig import Rig
from rgbt_perception.geometry.transforms import inverse
from rgbt_perception.simulation.camera_station import CameraStation, Shot
from rgbt_perception.simulation.conditions import Light, Weather
from rgbt_perception.simulation.environment import Environment, draw_environment
from rgbt_perception.simulation.mounting import Mounting, draw_mounting
from rgbt_perception.simulation.parts import (
    IDENTITY,
    Body,
    Heat,
    MaterialName,
    Part,
    SceneDescription,
    Shape,
    Vector,
)
from rgbt_perception.simulation.schedule import Exposure

EYE: Vector = (0.0, 0.0, 1.5)


def box(half: Vector, position: Vector, material: MaterialName, label: int, **more: object) -> Part:
    return Part(Shape.BOX, half, position, IDENTITY, material, label, **more)  # type: ignore[arg-type]


@dataclass
class Studio:
    """Ground, a wall 20 m ahead and a warm ball 5 m ahead, seen by cameras at ``EYE``.

    Attributes:
        size: of both cameras.
        distortion_model, d: of both cameras.
    """

    size: tuple[int, int] = (64, 48)
    distortion_model: str = "plumb_bob"
    d: tuple[float, ...] = ()
    light: Light = Light.DAY
    weather: Weather = Weather.CLEAR
    seed: int = 800001

    def scene(self, *further: Part, bodies: tuple[Body, ...] = ()) -> SceneDescription:
        ground = box((60, 60, 0.5), (0, 0, -0.5), MaterialName.CONCRETE, 1)
        wall = box((0.5, 40, 8), (20.5, 0, 8), MaterialName.BRICK, 3)
        warm = Part(
            Shape.SPHERE,
            (0.7, 0, 0),
            (5, 0, 1.5),
            IDENTITY,
            MaterialName.PLASTIC,
            8,
            heat=(Heat(40.0),),
        )
        static = (ground, wall, warm, *further)
        return SceneDescription("street", static, bodies, (), lambda t: (EYE, IDENTITY), False, ())

    def environment(self) -> Environment:
        return draw_environment(self.light, self.weather, self.seed)

    def camera(self, name: str) -> CameraModel:
        width, height = self.size
        k = [width * 0.8, 0, (width - 1) / 2, 0, width * 0.8, (height - 1) / 2, 0, 0, 1]
        return make_camera_model(
            name=name,
            width=width,
            height=height,
            k=k,
            d=self.d,
            distortion_model=self.distortion_model,
            frame_id=f"{name}_optical_frame",
        )

    def mounting(self) -> Mounting:
        drawn = draw_mounting(self.seed, self.size, self.size)
        pose = drawn.base_T_rgb.copy()
        pose[:3, 3] = 0.0
        rig = Rig(
            self.camera("rgb"),
            self.camera("thermal"),
            inverse(pose) @ pose,
            drawn.rig.kelvin_per_count,
        )
        return Mounting(rig, pose, pose)

    def station(
        self, scene: SceneDescription | None = None, environment: Environment | None = None
    ) -> CameraStation:
        return CameraStation(
            scene or self.scene(), environment or self.environment(), self.mounting(), self.seed
        )

    def shot(self, modality: Modality, station: CameraStation | None = None) -> Shot:
        exposure = Exposure(modality, 0, 0.1, 0, 0.1, 1.0)
        return (station or self.station()).take(exposure)


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
def make_studio() -> Callable[..., Studio]:
    return lambda **changes: replace(Studio(), **changes)
