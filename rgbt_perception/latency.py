"""Percentiles of many durations in little memory."""

from __future__ import annotations

import math
from collections.abc import Mapping

_BINS_PER_DECADE = 200  # each bin is 1.2 % wide
_LOWEST_MS = 1e-4


class LatencyHistogram:
    """Counts durations in logarithmic bins."""

    def __init__(self) -> None:
        self._bins: dict[int, int] = {}
        self.count = 0

    def add(self, milliseconds: float) -> None:
        """Count one duration."""
        position = math.log10(max(milliseconds, _LOWEST_MS) / _LOWEST_MS) * _BINS_PER_DECADE
        index = int(position)
        self._bins[index] = self._bins.get(index, 0) + 1
        self.count += 1

    def percentile(self, share: float) -> float:
        """Milliseconds that ``share`` (0 to 1) of the durations stay within; 0 without any."""
        left = share * self.count
        for index in sorted(self._bins):
            left -= self._bins[index]
            if left <= 0:
                return _LOWEST_MS * 10 ** ((index + 0.5) / _BINS_PER_DECADE)
        return 0.0


class StageLatencies:
    """A histogram for each stage, in order of first appearance."""

    def __init__(self) -> None:
        self._stages: dict[str, LatencyHistogram] = {}

    def add(self, stages: Mapping[str, float]) -> None:
        """Count one frame's stages, milliseconds by name."""
        for name, milliseconds in stages.items():
            self._stages.setdefault(name, LatencyHistogram()).add(milliseconds)

    def summary(self) -> dict[str, dict[str, float]]:
        """``{stage: {"p50", "p99"}}`` in milliseconds."""
        return {
            name: {
                "p50": round(histogram.percentile(0.5), 3),
                "p99": round(histogram.percentile(0.99), 3),
            }
            for name, histogram in self._stages.items()
        }
