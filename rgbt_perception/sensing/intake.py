"""One camera's way in: from its messages to checked, rectified frames."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.config import ThermalConfig
from rgbt_perception.errors import InputError
from rgbt_perception.frames import Mask, Modality, Pinhole, RgbFrame, ThermalFrame
from rgbt_perception.geometry.camera import CameraModel
from rgbt_perception.geometry.letterbox import resample
from rgbt_perception.sensing.camera_info import camera_model_from_message
from rgbt_perception.sensing.decode import color_picture, stamp_of, thermal_picture
from rgbt_perception.sensing.rectification import Rectifier, check_size
from rgbt_perception.sensing.thermal import FreezeDetector, ThermalNormalizer


class CameraIntake:
    """What both cameras share: the geometry and its changes.

    Attributes:
        modality: which camera.
        model: the geometry of the pictures received, None while unknown.
    """

    def __init__(self, modality: Modality, fixed: CameraModel | None) -> None:
        """Start without pictures.

        Args:
            modality: which camera.
            fixed: geometry that replaces what camera_info says.
        """
        self.modality = modality
        self.model = fixed
        self._fixed = fixed is not None
        self._told: CameraModel | None = None
        self._rectifier: Rectifier | None = None
        self._valid: Mask | None = None
        self._reduction = 1

    @property
    def geometry(self) -> CameraModel | None:
        """The camera that the frames are given in: ``model``, or coarser."""
        if self.model is None or self._reduction == 1:
            return self.model
        raw = self.model.raw
        return self.model.resized(raw.width // self._reduction, raw.height // self._reduction)

    @property
    def topic(self) -> str:
        """Name of the picture's stream, for errors."""
        return f"{self.modality.value}/image"

    def set_info(self, message: Any) -> None:
        """Take a CameraInfo.

        Raises:
            InputError: zero, NaN or contradictory numbers; the geometry in force stays.
        """
        if self._fixed:
            return
        model = camera_model_from_message(message, f"{self.modality.value}/camera_info")
        if self._told is None or not _same(model, self._told):
            self._told = self.model = model
            self._rectifier = None
            self._reduction = 1

    def set_fallback(self, model: CameraModel) -> None:
        """Take a geometry that serves until a CameraInfo comes; it replaces an earlier one."""
        if self._fixed or self._told is not None:
            return
        if self.model is None or not _same(model, self.model):
            self.model = model
            self._rectifier = None
            self._reduction = 1

    def prepare(self) -> None:
        """Compute the maps of a known geometry now instead of with the next picture."""
        if (geometry := self.geometry) is not None:
            self._made_for(geometry).prepare()

    def _check_size(self, picture: npt.NDArray[Any]) -> None:
        if self.model is None:
            raise InputError(f"{self.topic}: no camera_info yet")
        check_size(picture, self.model, self.topic)

    def _rectified(self, picture: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The picture in the rectified pinhole, of the same dtype."""
        geometry = self.geometry
        assert geometry is not None, "the size has been checked against it"
        return self._made_for(geometry).apply(picture)

    def _made_for(self, geometry: CameraModel) -> Rectifier:
        if self._rectifier is None:
            self._rectifier = Rectifier(geometry)
            valid = self._rectifier.valid
            self._valid = None if valid.all() else valid
        return self._rectifier


class RgbIntake(CameraIntake):
    """The colour camera.

    Its pictures are halved, cut to a third … before anything else where they are that much finer
    than the view they are brought into: what the view cannot show need not be rectified.
    """

    def __init__(self, fixed: CameraModel | None = None) -> None:
        super().__init__(Modality.RGB, fixed)

    def limit_detail(self, focal: float) -> None:
        """Keep no more detail than a view of this focal length, pixels, can show."""
        times = 1
        if self.model is not None:
            raw = self.model.raw
            times = max(1, int(min(self.model.rectified.fx / focal, raw.width, raw.height)))
        if times != self._reduction:
            self._reduction = times
            self._rectifier = None

    def frame(self, message: Any) -> RgbFrame:
        """Decode and rectify one picture.

        Raises:
            InputError: it is not what it should be, or there is no camera_info.
        """
        picture = color_picture(message)
        self._check_size(picture)
        if self.geometry is not None and self._reduction > 1:
            raw = self.geometry.raw
            picture = resample(picture, raw.width, raw.height)
        image = self._rectified(picture)
        return RgbFrame(image, stamp_of(message), self._valid)


class ThermalIntake(CameraIntake):
    """The thermal camera.

    Attributes:
        frozen: the last picture repeated an earlier one (shutter, flat-field correction).
    """

    def __init__(
        self,
        config: ThermalConfig,
        fixed: CameraModel | None = None,
        kelvin_per_count: float = 0.0,
        kelvin_offset: float = 0.0,
    ) -> None:
        super().__init__(Modality.THERMAL, fixed)
        self._config = config
        self._scale: tuple[float, float] | None = None
        self.set_radiometry(kelvin_per_count, kelvin_offset)
        self._freeze = FreezeDetector(config.freeze_frames)
        self.frozen = False

    def set_radiometry(self, kelvin_per_count: float, kelvin_offset: float) -> None:
        """Take the radiometric scale: kelvin = offset + counts * gain; gain 0 = unknown.

        The scale that is in force already changes nothing: its smoothed range is kept.
        """
        if self._scale != (kelvin_per_count, kelvin_offset):
            self._normalizer = ThermalNormalizer(self._config, kelvin_per_count, kelvin_offset)
            self._scale = (kelvin_per_count, kelvin_offset)

    def frame(self, message: Any, with_temperature: bool) -> ThermalFrame:
        """Decode, normalise and rectify one picture.

        Args:
            message: Image or CompressedImage.
            with_temperature: also compute kelvin, where the scale is known.

        Raises:
            InputError: it is not what it should be, or there is no camera_info.
        """
        raw = thermal_picture(message)
        counts = self._normalizer.crop(raw)
        self.frozen = self._freeze.is_frozen(counts)
        if self.model is not None and counts.shape != raw.shape:
            self._cut_telemetry(raw.shape[0])
        self._check_size(counts)
        counts = self._rectified(counts)
        stamp_ns = stamp_of(message)
        image = self._normalizer.normalize(counts, stamp_ns)
        temperature = self._normalizer.temperature(counts) if with_temperature else None
        if temperature is not None and self._valid is not None:
            temperature[~self._valid] = np.nan
        return ThermalFrame(image, temperature, stamp_ns, self._valid)

    def _cut_telemetry(self, full_height: int) -> None:
        """Drivers count the telemetry rows in camera_info or not: cut them if they do."""
        model = self.model
        if model is None or model.raw.height != full_height:
            return
        top, bottom = self._config.telemetry_rows_top, self._config.telemetry_rows_bottom
        self.model = replace(
            model,
            raw=_cut(model.raw, top, bottom),
            rectified=_cut(model.rectified, top, bottom),
        )
        self._rectifier = None


def _cut(camera: Pinhole, top: int, bottom: int) -> Pinhole:
    return replace(camera, height=camera.height - top - bottom, cy=camera.cy - top)


def _same(a: CameraModel, b: CameraModel) -> bool:
    return (
        a.raw == b.raw
        and a.rectified == b.rectified
        and a.distortion_model == b.distortion_model
        and a.distortion == b.distortion
        and a.frame_id == b.frame_id
        and np.array_equal(a.rotation, b.rotation)
    )
