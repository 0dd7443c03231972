"""Which values of a thermal picture become black and white, steady over time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_SAMPLES = 20_000
_MIN_SPAN_KELVIN = 2.0
_MIN_SPAN_COUNTS = {np.dtype(np.uint8): 8.0, np.dtype(np.uint16): 64.0}
_MIN_SPAN_SHARE = 0.005

KNEE = 90.0
"""Percentile where the bulk of a picture ends."""


@dataclass(frozen=True)
class Range:
    """Counts that become 0 and 1, and where the bulk of the picture ends.

    Attributes:
        low, high: counts, the first below the second.
        knee: counts below which 90 % of the pixels lie, from ``low`` to ``high``.
        least: the least span, counts.
    """

    low: float
    knee: float
    high: float
    least: float


def range_of(low: float, knee: float, high: float, least: float) -> Range:
    """The range of these percentiles, widened about its middle where it is below ``least``."""
    missing = least - (high - low)
    if missing > 0:
        low, high = low - missing / 2, high + missing / 2
    return Range(low, knee, high, least)


def percentile(ordered: npt.NDArray[Any], percent: float) -> float:
    """What ``np.percentile`` gives for numbers that are sorted, (N,), at least one."""
    place = (len(ordered) - 1) * (percent / 100)
    below = int(place)
    low, high = float(ordered[below]), float(ordered[min(below + 1, len(ordered) - 1)])
    share = place - below
    # The second form is exact at the upper end, as the first is at the lower.
    return low + (high - low) * share if share < 0.5 else high - (high - low) * (1 - share)


class SteadyRange:
    """Percentiles of each picture, smoothed over time, never narrower than noise.

    The percentiles come from about 20 000 pixels spread over the picture; with all pixels their
    ranks differ by less than 0.5 % of the picture. Smoothing is a first-order low pass by stamps
    (ours), so it does not depend on the frame rate; it starts anew when stamps go back.

    The least span is 2 K where the radiometric gain is known; else 8 counts of 8 bits, 64 counts
    of 16 bits, and for floating point numbers of unknown unit 0.5 % of their size. A picture of
    one temperature thus stays grey instead of showing amplified noise.
    """

    def __init__(
        self, percentile_low: float, percentile_high: float, smoothing_s: float, gain: float
    ) -> None:
        """Start without a range.

        Args:
            percentile_low, percentile_high: percent.
            smoothing_s: time constant, 0 = every picture alone.
            gain: kelvin per count, 0 = unknown.
        """
        knee = min(KNEE, percentile_high)
        self._percentiles = (percentile_low, knee, percentile_high)
        self._smoothing_s = smoothing_s
        self._gain = gain
        self._range: tuple[float, float, float] | None = None
        self._stamp_ns = 0

    def update(self, counts: npt.NDArray[Any], stamp_ns: int) -> Range:
        """Take a picture.

        Args:
            counts: (H, W) uint8, uint16 or float32, counts; what is not finite is left out.
            stamp_ns: acquisition time, nanoseconds.
        """
        seen = self._percentiles_of(counts)
        if seen is not None:
            self._range = self._smoothed(seen, stamp_ns)
            self._stamp_ns = stamp_ns
        low, knee, high = self._range or (0.0, 0.0, 0.0)
        least = self._least_span(counts.dtype, max(abs(low), abs(high)))
        return range_of(low, knee, high, least)

    def _percentiles_of(self, counts: npt.NDArray[Any]) -> tuple[float, float, float] | None:
        step = max(1, counts.size // _SAMPLES)
        # A step that divides the width would always look at the same columns.
        while math.gcd(step, counts.shape[1]) > 1:
            step += 1
        sample = counts.reshape(-1)[::step]
        if sample.dtype == np.float32:
            sample = sample[np.isfinite(sample)]
        if sample.size == 0:
            return None
        if sample.dtype == np.float32:
            low, knee, high = (float(value) for value in np.percentile(sample, self._percentiles))
        else:
            # Of whole numbers of 8 or 16 bits that is a radix sort, in a third of the time.
            ordered = np.sort(sample, kind="stable")
            low, knee, high = (percentile(ordered, percent) for percent in self._percentiles)
        return low, knee, high

    def _smoothed(
        self, seen: tuple[float, float, float], stamp_ns: int
    ) -> tuple[float, float, float]:
        if self._range is None or stamp_ns < self._stamp_ns or self._smoothing_s == 0:
            return seen
        weight = -math.expm1(-(stamp_ns - self._stamp_ns) / 1e9 / self._smoothing_s)
        low, knee, high = (
            old + weight * (new - old) for old, new in zip(self._range, seen, strict=True)
        )
        return low, knee, high

    def _least_span(self, dtype: np.dtype[Any], size: float) -> float:
        if self._gain > 0:
            span = _MIN_SPAN_KELVIN / self._gain
        else:
            span = _MIN_SPAN_COUNTS.get(dtype, _MIN_SPAN_SHARE * size)
        # Never below what single precision can tell apart.
        return max(span, 1e-6 * size, 1e-6)
