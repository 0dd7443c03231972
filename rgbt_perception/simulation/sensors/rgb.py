"""The RGB camera: lens, exposure control, noise, tone."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.simulation.randomness import generator
from rgbt_perception.simulation.rendering.arrays import Float32


@dataclass(frozen=True)
class RgbSensor:
    """One RGB camera.

    Attributes:
        blur_px: standard deviation of the lens blur.
        vignetting: share of light lost in the corners.
        target: mean brightness the exposure control aims at, 0 to 1 linear.
        max_exposure: largest exposure; 1 makes a sunlit white surface just saturate.
        max_shutter: exposure beyond which gain is used instead of time.
        full_well: electrons of a saturated pixel without gain.
        read_noise: electrons.
        white_balance: 0 keeps the light's colour, 1 removes it.
        saturation: of colours, 1 is natural.
    """

    blur_px: float
    vignetting: float
    target: float
    max_exposure: float
    max_shutter: float
    full_well: float
    read_noise: float
    white_balance: float
    saturation: float

    def picture(self, radiance: Float32, seed: int, index: int) -> npt.NDArray[np.uint8]:
        """What the camera sends.

        Args:
            radiance: (H, W, 3) linear.
            seed: of the recording.
            index: of the frame; equal arguments give equal noise.

        Returns:
            (H, W, 3) uint8, sRGB.
        """
        height, width = radiance.shape[:2]
        light = self._through_lens(radiance)
        exposure = self._exposure(light)
        signal = np.clip(light * np.float32(exposure), 0, 4)
        gain = max(1.0, exposure / self.max_shutter)
        rng = generator(seed, "rgb_noise", index)
        electrons = np.minimum(signal, 1.5) * np.float32(self.full_well / gain)
        spread = np.sqrt(electrons + np.float32(self.read_noise**2))
        noise = rng.standard_normal((height, width, 3), dtype=np.float32)
        signal += noise * spread * np.float32(gain / self.full_well)
        signal = self._balanced(signal)
        return _srgb(signal)

    def _through_lens(self, radiance: Float32) -> Float32:
        height, width = radiance.shape[:2]
        # Stray light: a small share of everything bright is spread widely.
        small = cv2.resize(radiance, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
        halo = cv2.GaussianBlur(small, (0, 0), max(1.0, width / 120)) * 0.7
        halo += cv2.GaussianBlur(small, (0, 0), max(2.0, width / 30)) * 0.3
        wide = cv2.resize(halo, (width, height), interpolation=cv2.INTER_LINEAR)
        sharp = cv2.GaussianBlur(radiance, (0, 0), self.blur_px)
        y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
        corners = 1 - np.float32(self.vignetting) * (x * x + y * y) / 2
        result: Float32 = (0.97 * sharp + 0.03 * wide) * corners[..., None]
        return result

    def _exposure(self, light: Float32) -> float:
        """Square-root metering: bright spots count less than their share of light."""
        mean = float(np.sqrt(np.maximum(light[::4, ::4].mean(axis=2), 0)).mean()) ** 2
        return float(min(self.max_exposure, self.target / max(mean, 1e-9)))

    def _balanced(self, signal: Float32) -> Float32:
        clipped = np.clip(signal[::4, ::4], 0, 1)
        means = clipped.reshape(-1, 3).mean(axis=0) + 1e-4
        gains = (means.mean() / means) ** self.white_balance
        signal = signal * np.clip(gains, 0.5, 2.0).astype(np.float32)
        grey = signal.mean(axis=2, keepdims=True)
        result: Float32 = grey + (signal - grey) * np.float32(self.saturation)
        return result


def draw_rgb_sensor(seed: int, width: int) -> RgbSensor:
    """The RGB camera of a seed."""
    rng = generator(seed, "rgb_sensor")
    return RgbSensor(
        blur_px=float(rng.uniform(0.45, 0.75) + 0.25 * width / 640),
        vignetting=float(rng.uniform(0.05, 0.35)),
        target=float(rng.uniform(0.11, 0.25)),
        max_exposure=float(10 ** rng.uniform(3.0, 3.5)),
        max_shutter=float(rng.uniform(80, 200)),
        full_well=float(rng.uniform(6000, 15000)),
        read_noise=float(rng.uniform(2.0, 5.0)),
        white_balance=float(rng.uniform(0.4, 0.9)),
        saturation=float(rng.uniform(0.8, 1.15)),
    )


def _srgb(linear: Float32) -> npt.NDArray[np.uint8]:
    """IEC 61966-2-1 transfer curve by table, after a soft shoulder near white."""
    shoulder = np.where(linear > 0.8, 0.8 + 0.2 * np.tanh((linear - 0.8) / 0.2), linear)
    index = (np.clip(shoulder, 0, 1) * 4095 + 0.5).astype(np.uint16)
    return _CURVE[index]


def _curve() -> npt.NDArray[np.uint8]:
    x = np.linspace(0, 1, 4096)
    curve = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(curve * 255), dtype=np.uint8)


_CURVE = _curve()
