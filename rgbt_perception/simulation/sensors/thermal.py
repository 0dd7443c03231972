"""The thermal camera: an uncooled microbolometer with 16-bit output."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.simulation.randomness import generator
from rgbt_perception.simulation.rendering.arrays import Float32

KELVIN_PER_COUNT = 0.01


@dataclass(frozen=True)
class ThermalSensor:
    """One thermal camera.

    Attributes:
        blur_px: standard deviation of the lens blur.
        netd_kelvin: standard deviation of the noise that changes from frame to frame.
        column_kelvin, row_kelvin: fixed pattern of columns and of rows.
        pixel_kelvin: fixed pattern of single pixels.
        drift_kelvin_per_s: how fast the slow pattern grows after a shutter.
        shutter_period_s: time between shutters.
    """

    blur_px: float
    netd_kelvin: float
    column_kelvin: float
    row_kelvin: float
    pixel_kelvin: float
    drift_kelvin_per_s: float
    shutter_period_s: float

    def picture(
        self, kelvin: Float32, seed: int, index: int, since_shutter_s: float
    ) -> npt.NDArray[np.uint16]:
        """What the camera sends.

        Args:
            kelvin: (H, W) apparent temperature.
            seed: of the recording.
            index: of the frame; equal arguments give equal noise.
            since_shutter_s: seconds since the shutter last evened the pixels out.

        Returns:
            (H, W) uint16, counts of 0.01 K.
        """
        height, width = kelvin.shape
        sharp = cv2.GaussianBlur(kelvin, (0, 0), self.blur_px)
        seen = 0.96 * sharp + 0.04 * cv2.GaussianBlur(kelvin, (0, 0), 4 * self.blur_px)
        rng = generator(seed, "thermal_noise", index)
        noise = rng.standard_normal((height, width), dtype=np.float32)
        seen += noise * np.float32(self.netd_kelvin)
        fixed = generator(seed, "fixed_pattern")
        grown = 0.4 + self.drift_kelvin_per_s * since_shutter_s
        pattern = fixed.standard_normal((1, width)) * self.column_kelvin
        pattern = pattern + fixed.standard_normal((height, 1)) * self.row_kelvin
        pattern = pattern + fixed.standard_normal((height, width)) * self.pixel_kelvin
        slow = cv2.resize(
            fixed.standard_normal((4, 5)), (width, height), interpolation=cv2.INTER_CUBIC
        )
        seen += (pattern * grown + slow * self.drift_kelvin_per_s * since_shutter_s).astype(
            np.float32
        )
        # A housing warmer than the scene brightens the corners.
        y = np.linspace(-1, 1, height)[:, None]
        x = np.linspace(-1, 1, width)[None, :]
        seen += (0.1 * grown * (x * x + y * y)).astype(np.float32)
        counts = np.clip(np.rint(seen / KELVIN_PER_COUNT), 0, 65535)
        return np.asarray(counts, dtype=np.uint16)


def draw_thermal_sensor(seed: int, width: int) -> ThermalSensor:
    """The thermal camera of a seed."""
    rng = generator(seed, "thermal_sensor")
    return ThermalSensor(
        blur_px=float(rng.uniform(0.45, 0.75) + 0.3 * width / 640),
        netd_kelvin=float(rng.uniform(0.03, 0.08)),
        column_kelvin=float(rng.uniform(0.02, 0.08)),
        row_kelvin=float(rng.uniform(0.01, 0.04)),
        pixel_kelvin=float(rng.uniform(0.01, 0.04)),
        drift_kelvin_per_s=float(rng.uniform(0.0, 0.03)),
        shutter_period_s=float(rng.uniform(20, 90)),
    )
