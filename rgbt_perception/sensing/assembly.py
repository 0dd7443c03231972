"""From matched messages to a frame pair: decode, judge, and add the geometry."""

from __future__ import annotations

from typing import Any

import numpy as np

from rgbt_perception.config import Config, ThermalConfig
from rgbt_perception.errors import InputError
from rgbt_perception.frames import FramePair, Matrix, Modality, Mode, RgbFrame, ThermalFrame
from rgbt_perception.geometry.rig import Rig, rectified_calibration, rig_from_yaml
from rgbt_perception.sensing.intake import CameraIntake, RgbIntake, ThermalIntake
from rgbt_perception.sensing.match import Match
from rgbt_perception.sensing.transform_tree import TransformTree
from rgbt_perception.statistics import Statistics


class PairAssembly:
    """What is known of both cameras, and the frame pairs made with it.

    Attributes:
        reasons: why the last match was not used in full; empty when it was.
    """

    def __init__(self, config: Config, statistics: Statistics, rig: Rig | None) -> None:
        """Start without pictures.

        Args:
            config: all parameters.
            statistics: counts what is refused and used.
            rig: replaces camera_info, tf_static and the radiometric scale of the messages.
        """
        self.reasons: tuple[str, ...] = ()
        self._config = config
        self._statistics = statistics
        self._rig = rig
        self._fallback_rig: Rig | None = None
        self._rgb = RgbIntake(rig.rgb if rig else None)
        self._thermal = self._thermal_intake(config.thermal)
        self._thermal_info: Any = None
        self._tree = TransformTree()

    def geometry_known(self, modality: Modality) -> bool:
        """Whether a camera's intrinsics are there."""
        return self._intake(modality).model is not None

    def frame_id(self, modality: Modality) -> str:
        """A camera's optical frame; empty while its geometry is unknown."""
        model = self._intake(modality).model
        return "" if model is None else model.frame_id

    def thermal_T_rgb(self) -> Matrix | None:
        """(4, 4) float64, RGB optical frame to thermal optical frame, metres; None = unknown."""
        if self._rig is not None:
            return self._rig.thermal_T_rgb
        known = self._tree.lookup(self.frame_id(Modality.THERMAL), self.frame_id(Modality.RGB))
        if known is None and self._fallback_rig is not None:
            return self._fallback_rig.thermal_T_rgb
        return known

    def prepare(self) -> Rig | None:
        """Compute ahead what the geometry decides, so that no picture waits for it.

        Returns:
            The geometry, None while something of it is unknown.
        """
        rgb, thermal, transform = self._rgb.model, self._thermal.model, self.thermal_T_rgb()
        if rgb is None or thermal is None or transform is None:
            return None
        self._limit_detail()
        self._rgb.prepare()
        self._thermal.prepare()
        return Rig(rgb, thermal, transform)

    @property
    def frames(self) -> tuple[str, ...]:
        """Every frame that the transforms named, sorted."""
        return self._tree.frames

    def set_info(self, modality: Modality, message: Any) -> None:
        """Take a CameraInfo.

        Raises:
            InputError: it cannot be used; the geometry in force stays.
        """
        self._intake(modality).set_info(message)
        if modality is Modality.THERMAL:
            self._thermal_info = message

    def add_transforms(self, message: Any) -> None:
        """Take a tf2_msgs/TFMessage.

        Raises:
            InputError: it cannot be used.
        """
        self._tree.add(message)

    def set_rig(self, text: str) -> None:
        """Take a rig file's text; it serves where camera_info and transforms are missing.

        Raises:
            InputError: it is no rig.
        """
        if self._rig is not None:
            return
        rig = self._fallback_rig = rig_from_yaml(text, "rig")
        self._rgb.set_fallback(rig.rgb)
        self._thermal.set_fallback(rig.thermal)
        self._thermal.set_radiometry(rig.kelvin_per_count, rig.kelvin_offset)

    def reconfigure(self, config: Config) -> None:
        """Use other parameters from the next pair on; what is known of the cameras stays."""
        before, self._config = self._config, config
        if config.thermal == before.thermal:
            return
        self._thermal = self._thermal_intake(config.thermal)
        if (rig := self._fallback_rig) is not None:
            self._thermal.set_fallback(rig.thermal)
            self._thermal.set_radiometry(rig.kelvin_per_count, rig.kelvin_offset)
        if self._thermal_info is not None:
            self._thermal.set_info(self._thermal_info)

    def pair(self, match: Match[Any], with_temperature: bool) -> FramePair | None:
        """Decode what matched; whatever cannot be used is named in the reasons.

        Args:
            match: messages of one or both cameras.
            with_temperature: also compute kelvin, where the scale is known.

        Returns:
            None when nothing of it can be used; ``reasons`` says why.
        """
        reasons = [f"{camera.value}_lost" for camera in match.lost]
        thermal = self._thermal_frame(match.thermal, with_temperature, reasons)
        rgb = self._rgb_frame(match.rgb, reasons)
        transform = self.thermal_T_rgb()
        thermal_model = self._thermal.geometry
        if transform is None and rgb is not None and thermal_model is not None:
            line = (
                f"no transform from {self.frame_id(Modality.RGB)!r} to "
                f"{self.frame_id(Modality.THERMAL)!r}: expected it in tf_static or in a rig file"
            )
            self._statistics.problem("extrinsics", line)
            reasons.append("no_extrinsics")
            if thermal is not None:
                rgb = None
            else:
                thermal_model = None
        self.reasons = tuple(reasons)
        if rgb is None and thermal is None:
            return None
        calibration = rectified_calibration(
            self._rgb.geometry, thermal_model, np.eye(4) if transform is None else transform
        )
        return FramePair(
            rgb=rgb,
            thermal=thermal,
            calibration=calibration,
            frame_id=self.frame_id(Modality.RGB if thermal_model is None else Modality.THERMAL),
            mode=_mode(rgb, thermal),
            reasons=self.reasons,
        )

    def _intake(self, modality: Modality) -> CameraIntake:
        return self._rgb if modality is Modality.RGB else self._thermal

    def _thermal_intake(self, config: ThermalConfig) -> ThermalIntake:
        rig = self._rig
        return ThermalIntake(
            config,
            rig.thermal if rig else None,
            rig.kelvin_per_count if rig else 0.0,
            rig.kelvin_offset if rig else 0.0,
        )

    def _thermal_frame(
        self, message: Any, with_temperature: bool, reasons: list[str]
    ) -> ThermalFrame | None:
        if message is None:
            return None
        try:
            frame = self._thermal.frame(message, with_temperature)
        except InputError as error:
            self._refuse(Modality.THERMAL, error, reasons)
            return None
        self._statistics.used[Modality.THERMAL.value] += 1
        if self._thermal.frozen:
            reasons.append("thermal_frozen")
            return None
        return frame

    def _rgb_frame(self, message: Any, reasons: list[str]) -> RgbFrame | None:
        if message is None:
            return None
        self._limit_detail()
        try:
            frame = self._rgb.frame(message)
        except InputError as error:
            self._refuse(Modality.RGB, error, reasons)
            return None
        self._statistics.used[Modality.RGB.value] += 1
        return frame

    def _limit_detail(self) -> None:
        if (thermal := self._thermal.geometry) is not None:
            self._rgb.limit_detail(thermal.rectified.fx * self._config.output.scale)

    def _refuse(self, modality: Modality, error: InputError, reasons: list[str]) -> None:
        self._statistics.reject(modality, "image", str(error))
        reasons.append(f"{modality.value}_rejected")


def _mode(rgb: RgbFrame | None, thermal: ThermalFrame | None) -> Mode:
    if rgb is None:
        return Mode.THERMAL_ONLY
    return Mode.RGB_ONLY if thermal is None else Mode.FULL
