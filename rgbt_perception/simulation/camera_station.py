"""Takes the pictures of one scenario: everything between a schedule entry and arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.frames import FloatImage, Matrix, Modality
from rgbt_perception.geometry.camera import CameraModel
from rgbt_perception.geometry.transforms import transform
from rgbt_perception.simulation.environment import Environment
from rgbt_perception.simulation.mounting import Mounting
from rgbt_perception.simulation.parts import SceneDescription
from rgbt_perception.simulation.rendering.arrays import Array
from rgbt_perception.simulation.rendering.hits import Hits
from rgbt_perception.simulation.rendering.media import Media
from rgbt_perception.simulation.rendering.rgb import RgbRenderer
from rgbt_perception.simulation.rendering.solids import rotations
from rgbt_perception.simulation.rendering.thermal import ThermalRenderer
from rgbt_perception.simulation.rendering.tracer import Tracer
from rgbt_perception.simulation.rendering.view import angle_of_pixel, look, world_rays
from rgbt_perception.simulation.schedule import Exposure
from rgbt_perception.simulation.sensors.rgb import draw_rgb_sensor
from rgbt_perception.simulation.sensors.thermal import draw_thermal_sensor

SKY_LABEL = 7


@dataclass(frozen=True)
class Shot:
    """What one camera saw at one moment.

    Attributes:
        exposure: the schedule entry.
        picture: (H, W, 3) uint8 R G B, or (H, W) uint16 counts of 0.01 K; raw (distorted).
        depth: (H, W) float32, metres along the optical axis, NaN for sky; rectified pinhole.
        labels: (H, W) uint8, FMB ids; rectified pinhole.
    """

    exposure: Exposure
    picture: npt.NDArray[Any]
    depth: FloatImage
    labels: npt.NDArray[np.uint8]


class CameraStation:
    """Both cameras in one scene.

    Raises:
        RgbtError: MuJoCo is not installed.
    """

    def __init__(
        self, scene: SceneDescription, environment: Environment, mounting: Mounting, seed: int
    ) -> None:
        self._scene = scene
        self._mounting = mounting
        self._seed = seed
        self.tracer = Tracer(scene)
        media = Media(scene, environment, self.tracer.solids)
        self._rgb = RgbRenderer(scene, environment, self.tracer, media)
        self._thermal = ThermalRenderer(scene, environment, self.tracer, media)
        self._rgb_sensor = draw_rgb_sensor(seed, mounting.rig.rgb.raw.width)
        self.thermal_sensor = draw_thermal_sensor(seed, mounting.rig.thermal.raw.width)
        self._rays = {m: self._camera(m).raw_rays() for m in Modality}
        self._true_rays = {m: _pinhole_rays(self._camera(m)) for m in Modality}

    def take(self, exposure: Exposure) -> Shot:
        """The picture and its ground truth."""
        modality = exposure.modality
        camera = self._camera(modality)
        pose = self._world_T_camera(modality, exposure.shown_time_s)
        true_rays = world_rays(self._true_rays[modality], pose)
        view = look(self.tracer, self._rays[modality], pose, exposure.shown_time_s, true_rays)
        if modality is Modality.RGB:
            picture: npt.NDArray[Any] = self._rgb_sensor.picture(
                self._rgb.radiance(view), self._seed, exposure.shown
            )
        else:
            picture = self.thermal_sensor.picture(
                self._thermal.kelvin(view), self._seed, exposure.shown, exposure.since_shutter_s
            )
        if exposure.shown != exposure.index:
            hits = self._true_hits(modality, exposure.time_s)
        elif camera.is_rectified:
            hits = view.hits
        else:
            hits = view.sight.cast(true_rays)
        return Shot(exposure, picture, *self._truth(modality, hits))

    def _camera(self, modality: Modality) -> CameraModel:
        rig = self._mounting.rig
        return rig.rgb if modality is Modality.RGB else rig.thermal

    def _world_T_camera(self, modality: Modality, time_s: float) -> Matrix:
        position, quaternion = self._scene.rig_motion(time_s)
        mounting = self._mounting
        base_T_camera = mounting.base_T_rgb if modality is Modality.RGB else mounting.base_T_thermal
        return transform(rotations(quaternion)[0], position) @ base_T_camera

    def _true_hits(self, modality: Modality, time_s: float) -> Hits:
        pose = self._world_T_camera(modality, time_s)
        rays = self._true_rays[modality]
        sight = self.tracer.sight(
            self.tracer.solids.poses(time_s),
            pose[:3, 3],
            world_rays(rays, pose),
            angle_of_pixel(rays),
        )
        return sight.cast(world_rays(rays, pose))

    def _truth(self, modality: Modality, hits: Hits) -> tuple[FloatImage, npt.NDArray[np.uint8]]:
        """Depth and labels of hits along the rectified rays."""
        rays = self._true_rays[modality]
        height, width = rays.shape[:2]
        along = 1.0 / np.linalg.norm(rays, axis=2)
        count = height * width
        depth = hits.distance[:count].reshape(height, width) * along
        depth = np.where(np.isfinite(depth), depth, np.nan).astype(np.float32)
        part = hits.part[:count]
        labels = np.where(part >= 0, self.tracer.solids.label[np.maximum(part, 0)], SKY_LABEL)
        return depth, labels.reshape(height, width).astype(np.uint8)


def _pinhole_rays(camera: CameraModel) -> Array:
    """(H, W, 3) float64 with z = 1, rectified optical frame (no rotation in simulated rigs)."""
    k = camera.rectified
    columns, rows = np.meshgrid(np.arange(k.width), np.arange(k.height))
    return np.stack(
        [(columns - k.cx) / k.fx, (rows - k.cy) / k.fy, np.ones(columns.shape)], axis=-1
    )
