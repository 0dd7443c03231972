"""What is particular to thermal pictures: normalisation, temperature, shutter freezes."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.compiled import compiles, prepared
from rgbt_perception.config import Normalization, ThermalConfig
from rgbt_perception.errors import InputError
from rgbt_perception.frames import FloatImage
from rgbt_perception.geometry.row_bands import row_bands
from rgbt_perception.sensing.thermal_loop import stretch
from rgbt_perception.sensing.thermal_range import SteadyRange
from rgbt_perception.sensing.thermal_shoulder import linear_range, with_shoulder

# CLAHE on 16 bits. OpenCV counts in 65536 bins and would clip below one pixel a bin; with 1024
# levels, 64 bins apart, a bin holds pixels enough to be clipped. The limit is in OpenCV's unit.
_CLAHE_LEVELS = 1024
_CLAHE_STEP = 65536 // _CLAHE_LEVELS
_CLAHE_CLIP = 3.0 * _CLAHE_STEP
_CLAHE_TILES = (4, 4)

_COMPARED_FIRST = 16


class ThermalNormalizer:
    """Turns thermal counts into a picture of 0 to 1 and into kelvin.

    * ``fixed``: a fixed range, in kelvin where the radiometric gain is known, else in counts.
    * ``percentile``: see ``SteadyRange``.
    * ``shoulder``: the same picture where nothing is far hotter than the rest; else the hot part is
      compressed so that the rest keeps a third of the range (see ``thermal_shoulder``).
    * ``clahe``: the percentile range, then contrast-limited adaptive histogram equalisation
      (Zuiderveld, Graphics Gems IV, 1994) in 4 x 4 tiles on 16 bits.

    Values beyond the range become 0 or 1. Of floating point input, NaN and -Inf become 0 and
    +Inf becomes 1 in the picture; all three are NaN in the temperature. Whether floating point
    numbers are kelvin, degrees or counts is not guessed: the gain and offset say it.
    """

    def __init__(
        self, config: ThermalConfig, kelvin_per_count: float = 0.0, kelvin_offset: float = 0.0
    ) -> None:
        """Choose the scale.

        Args:
            config: its own ``kelvin_per_count`` and ``kelvin_offset``, when the former is not 0,
                replace those of the rig.
            kelvin_per_count: gain of the rig file, 0 = unknown.
            kelvin_offset: kelvin at count 0 of the rig file.

        Raises:
            InputError: the scale is no scale.
        """
        gain, offset = kelvin_per_count, kelvin_offset
        if config.kelvin_per_count:
            gain, offset = config.kelvin_per_count, config.kelvin_offset
        if not (np.isfinite(gain) and np.isfinite(offset) and gain >= 0):
            raise InputError(
                f"radiometric scale: kelvin_per_count is {gain:g} and kelvin_offset {offset:g}, "
                "expected finite numbers, the first not negative"
            )
        self._config = config
        self._gain, self._offset = gain, offset
        self._range = SteadyRange(
            config.percentile_low, config.percentile_high, config.smoothing_s, gain
        )
        self._clahe = cv2.createCLAHE(_CLAHE_CLIP, _CLAHE_TILES)

    def crop(self, counts: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Cut the telemetry rows.

        Args:
            counts: (H, W).

        Returns:
            A view without them.

        Raises:
            InputError: nothing would be left.
        """
        top, bottom = self._config.telemetry_rows_top, self._config.telemetry_rows_bottom
        height = counts.shape[0]
        if top + bottom >= height:
            raise InputError(
                f"parameters thermal.telemetry_rows_top = {top} and telemetry_rows_bottom = "
                f"{bottom}: the picture has {height} rows, expected more than both together"
            )
        return counts[top : height - bottom]

    def normalize(self, counts: npt.NDArray[Any], stamp_ns: int) -> FloatImage:
        """Turn counts into a picture.

        Args:
            counts: (H, W) uint8, uint16 or float32, without telemetry rows.
            stamp_ns: acquisition time, nanoseconds.

        Returns:
            (H, W) float32, 0 (cold) to 1 (warm).
        """
        if self._config.normalization is Normalization.FIXED:
            low, high = self._config.range_low, self._config.range_high
            if self._gain > 0:
                low, high = (low - self._offset) / self._gain, (high - self._offset) / self._gain
        else:
            found = self._range.update(counts, stamp_ns)
            low, high = found.low, found.high
            if self._config.normalization is Normalization.SHOULDER:
                low, high = linear_range(found)
                if high < found.high:
                    warmest = (found.high - low) / (high - low)
                    return with_shoulder(_linear(counts, low, high), warmest)
        picture = _stretched(counts, low, high)
        if self._config.normalization is Normalization.CLAHE:
            levels = (picture * np.float32(_CLAHE_LEVELS - 1) + np.float32(0.5)).astype(np.uint16)
            equalized = self._clahe.apply(levels * np.uint16(_CLAHE_STEP))
            picture = equalized.astype(np.float32)
            picture *= np.float32(1 / 65535)
        return picture

    def temperature(self, counts: npt.NDArray[Any]) -> FloatImage | None:
        """Turn counts into kelvin.

        Args:
            counts: (H, W) uint8, uint16 or float32, without telemetry rows.

        Returns:
            (H, W) float32, kelvin, NaN where the counts are not finite; None when the radiometric
            scale is unknown.
        """
        if self._gain == 0:
            return None
        kelvin = counts.astype(np.float32)
        kelvin *= np.float32(self._gain)
        kelvin += np.float32(self._offset)
        if counts.dtype == np.float32:
            kelvin[~np.isfinite(kelvin)] = np.nan
        return kelvin


class FreezeDetector:
    """Tells when a camera repeats its last picture, as during a flat-field correction.

    Thermal cameras close a shutter every few minutes and send the last picture until it opens
    again; sensor noise makes every real picture different. A simulated camera without noise that
    looks at a still scene counts as frozen too: nothing tells the two apart. Telemetry rows must
    be cut before, since they count on while the picture stands still.
    """

    def __init__(self, frames: int) -> None:
        """Start unfrozen.

        Args:
            frames: identical pictures in a row that count as a freeze (1 acts as 2: a picture
                can only repeat another one), 0 = never.
        """
        self._frames = frames
        self._last: npt.NDArray[Any] | None = None
        self._run = 1

    def is_frozen(self, counts: npt.NDArray[Any]) -> bool:
        """Take a picture of any dtype; True while it is one of a run of identical ones."""
        if self._frames == 0:
            return False
        if self._last is not None and _is_same(self._last, counts):
            self._run += 1
        else:
            # A copy, since the caller's buffer may be used again.
            self._last = counts.copy()
            self._run = 1
        return self._run >= max(self._frames, 2)


def _stretched(counts: npt.NDArray[Any], low: float, high: float) -> FloatImage:
    """Counts from ``low`` to ``high`` as 0 to 1, (H, W) float32, clipped."""
    return _linear(counts, low, high, clip=True)


def _linear(counts: npt.NDArray[Any], low: float, high: float, clip: bool = False) -> FloatImage:
    """Counts from ``low`` to ``high`` as 0 to 1, (H, W) float32, beyond where they are."""
    picture: FloatImage = np.empty(counts.shape, np.float32)
    gain = np.float32(1 / (high - low))
    if compiles():
        stretch(prepared(counts), np.float32(low), gain, clip, picture)
        return picture
    for rows in row_bands(*counts.shape):
        band = picture[rows]
        band[:] = counts[rows]
        # Subtracting first keeps the precision of small spans of large numbers.
        band -= np.float32(low)
        band *= gain
        if counts.dtype == np.float32:
            band[np.isnan(band)] = 0
        if clip:
            np.clip(band, 0, 1, out=band)
    return picture


def _is_same(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> bool:
    """Whether two pictures are equal bit by bit; a few rows decide in nearly all cases."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.dtype == np.float32:
        # As bits, NaN equals NaN.
        a, b = a.view(np.uint32), b.view(np.uint32)
    few = slice(None, None, _COMPARED_FIRST)
    return np.array_equal(a[few], b[few]) and np.array_equal(a, b)
