"""Section ``calibration``: extrinsics that are not quite those of the cameras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.evaluation.suite.disturbance import DisturbedDepth
from rgbt_perception.evaluation.suite.scenes import ESTIMATES_WANTED, SeenPair
from rgbt_perception.evaluation.suite.section import SectionResult
from rgbt_perception.frames import Matrix
from rgbt_perception.geometry.transforms import transform
from rgbt_perception.pipeline import DepthPipeline

ROTATIONS_DEG = (0.5, 1.0, 2.0)
TRANSLATIONS_M = (0.02, 0.05)
_EXACT = "exact"
_SEED = 20
_NOTE = (
    "The rotation of thermal_T_rgb turned about, or its translation moved along, a random axis; "
    "one axis a recording, the same for all levels. abs_rel, all estimates of the disturbed run "
    "on the same pixels."
)


class CalibrationSection:
    """See the module."""

    def __init__(self) -> None:
        turned = {f"{angle:g} degrees": (angle, 0.0) for angle in ROTATIONS_DEG}
        moved = {f"{length * 100:g} cm": (0.0, length) for length in TRANSLATIONS_M}
        self._levels = turned | moved
        self._depth = DisturbedDepth([_EXACT, *self._levels])
        self._recordings = 0

    def add(self, seen: Sequence[SeenPair], pipeline: DepthPipeline) -> None:
        """See ``Section.add``."""
        axis = random_axis(self._recordings)
        self._recordings += 1
        for item in seen:
            self._depth.add(_EXACT, item, item.perception)
            for level, (angle, length) in self._levels.items():
                calibration = item.pair.calibration
                wrong = disturbed(calibration.thermal_T_rgb, axis, angle, length)
                pair = replace(item.pair, calibration=replace(calibration, thermal_T_rgb=wrong))
                self._depth.add(level, item, pipeline.process(pair, ESTIMATES_WANTED))

    def result(self) -> SectionResult:
        """See ``Section.result``."""
        return self._depth.result("calibration error", _NOTE)


def random_axis(index: int) -> npt.NDArray[np.float64]:
    """A direction, (3,) of length 1, evenly distributed over the sphere; fixed for each index."""
    axis = np.random.default_rng((_SEED, index)).normal(size=3)
    return axis / np.linalg.norm(axis)


def disturbed(
    thermal_T_rgb: Matrix, axis: npt.NDArray[np.float64], angle_deg: float, length_m: float
) -> Matrix:
    """Extrinsics with an error.

    Args:
        thermal_T_rgb: (4, 4) float64, metres.
        axis: (3,) of length 1, thermal optical frame.
        angle_deg: by which the rotation is turned about the axis, degrees.
        length_m: by which the RGB camera is moved along it, metres.
    """
    turn, _ = cv2.Rodrigues(axis * np.radians(angle_deg))
    translation = thermal_T_rgb[:3, 3] + axis * length_m
    return transform(turn @ thermal_T_rgb[:3, :3], translation.tolist())
