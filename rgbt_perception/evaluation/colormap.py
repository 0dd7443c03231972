"""Numbers to colours: depth, confidence, temperature and modes. All colours are R G B."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.frames import ColorImage, FloatImage, Mode

UNKNOWN = (62, 64, 68)
"""Where there is no value."""

MODE_COLORS: dict[Mode, tuple[int, int, int]] = {
    Mode.WAITING: (176, 180, 186),
    Mode.FULL: (46, 139, 87),
    Mode.RGB_ONLY: (44, 110, 190),
    Mode.THERMAL_ONLY: (214, 122, 28),
    Mode.DEGRADED: (196, 166, 22),
    Mode.FAULT: (190, 44, 44),
}

_NICE = (0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0)
_SHARES = (1.0, 99.0)
_TICK_GAP = 0.11


@dataclass(frozen=True)
class DepthScale:
    """The depths at both ends of the colours, metres; equal ratios get equal steps of colour."""

    near_m: float
    far_m: float

    def ticks(self) -> list[float]:
        """Round depths from near to far, metres, with room for their text between them."""
        ticks: list[float] = []
        for value in _NICE:
            if self.near_m <= value <= self.far_m and (
                not ticks or self.position(value) - self.position(ticks[-1]) >= _TICK_GAP
            ):
                ticks.append(value)
        return ticks

    def position(self, depth: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """0 at the near end, 1 at the far end, NaN where unknown."""
        ratio = np.log(np.asarray(depth, dtype=np.float64) / self.near_m)
        return np.asarray(np.clip(ratio / np.log(self.far_m / self.near_m), 0.0, 1.0))


def depth_scale(pictures: Iterable[FloatImage]) -> DepthScale:
    """The round limits that hold 98 % of every picture's depths.

    Args:
        pictures: (H, W) float32 each, metres, NaN where unknown.
    """
    near, far = _NICE[-1], _NICE[0]
    for picture in pictures:
        known = picture[np.isfinite(picture)]
        if known.size:
            low, high = np.percentile(known, _SHARES)
            near, far = min(near, float(low)), max(far, float(high))
    if near > far:
        return DepthScale(_NICE[0], _NICE[-1])
    low_end = max([value for value in _NICE[:-1] if value <= near * 1.05], default=_NICE[0])
    high_end = min([value for value in _NICE if value >= far * 0.95], default=_NICE[-1])
    if high_end <= low_end:
        high_end = _NICE[_NICE.index(low_end) + 1]
    return DepthScale(low_end, high_end)


def depth_colors(depth: FloatImage, scale: DepthScale) -> ColorImage:
    """Near is warm (red), far is cold (blue), unknown is grey; logarithmic.

    Args:
        depth: (H, W) float32, metres, NaN where unknown.
        scale: its limits.

    Returns:
        (H, W, 3) uint8.
    """
    # The ends of the table are nearly black; what lies between is even in lightness steps.
    share = 0.97 - 0.90 * scale.position(depth)
    return _looked_up(share, cv2.COLORMAP_TURBO)


def confidence_colors(confidence: FloatImage) -> ColorImage:
    """0 is dark blue, 1 is bright yellow; (H, W) float32 to (H, W, 3) uint8."""
    return _looked_up(confidence, cv2.COLORMAP_VIRIDIS)


def temperature_colors(kelvin: FloatImage) -> tuple[ColorImage, float, float]:
    """Cold is dark, hot is bright; the limits are the 1st and 99th percentile.

    Args:
        kelvin: any shape, float32, NaN where unknown, not everywhere.

    Returns:
        The colours with a last axis of 3, and the limits in kelvin.
    """
    low, high = (float(v) for v in np.nanpercentile(kelvin, (1.0, 99.0)))
    share = (kelvin - low) / max(high - low, 1e-6)
    return _looked_up(share, cv2.COLORMAP_INFERNO), low, high


def grey_levels(counts: npt.NDArray[np.generic]) -> tuple[float, float]:
    """The thermal counts that are black and white: the 1st and 99th percentile; (H, W) any type."""
    values = np.asarray(counts, dtype=np.float32)
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = np.percentile(known, (1.0, 99.0))
    return float(low), float(high)


def grey_picture(
    counts: npt.NDArray[np.generic], levels: tuple[float, float] | None = None
) -> ColorImage:
    """Thermal counts as a picture, warm is white.

    Args:
        counts: (H, W) any type.
        levels: the counts that are black and white; None for the picture's own ``grey_levels``.

    Returns:
        (H, W, 3) uint8.
    """
    low, high = grey_levels(counts) if levels is None else levels
    values = np.nan_to_num(np.asarray(counts, dtype=np.float32))
    share = (values - low) / max(high - low, 1e-6)
    grey = np.rint(255.0 * np.clip(share, 0.0, 1.0)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1)


def _looked_up(share: npt.NDArray[np.floating], table: int) -> ColorImage:
    bgr = cv2.applyColorMap(np.arange(256, dtype=np.uint8).reshape(-1, 1), table)
    colors = np.ascontiguousarray(bgr.reshape(256, 3)[:, ::-1])
    known = np.isfinite(share)
    index = np.rint(255.0 * np.clip(np.where(known, share, 0.0), 0.0, 1.0)).astype(np.uint8)
    picture = colors[index]
    picture[~known] = UNKNOWN
    return np.asarray(picture, dtype=np.uint8)
