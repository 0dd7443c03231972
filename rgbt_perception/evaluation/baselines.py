"""The two simplest depth estimates, fitted on the very truth they are scored against.

An estimate that does not beat them has learned nothing from the pictures. Being fitted on the
answers they are oracles: no real system could use them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rgbt_perception.frames import FloatImage

_NEAREST_M = 0.2
_FARTHEST_M = 100.0
BIN_WIDTH = 0.005
"""Relative width of the histogram's bins: fitted depths are exact to half of it."""

_BINS = int(np.ceil(np.log(_FARTHEST_M / _NEAREST_M) / np.log1p(BIN_WIDTH)))
_CENTRES = _NEAREST_M * (1.0 + BIN_WIDTH) ** (np.arange(_BINS) + 0.5)


class DepthHistogram:
    """Truth of a whole run by row and depth, in memory that does not grow with its length.

    The mean of ``|c - t| / t`` over pixels of depth t is least where c is their median weighted by
    ``1 / t`` (ours); every frame has the same total weight, as in the metrics.
    """

    def __init__(self, height: int) -> None:
        self._weights = np.zeros((height, _BINS))
        self._frames = 0

    def add(self, truth: FloatImage, scored: npt.NDArray[np.bool_]) -> None:
        """Count one frame.

        Args:
            truth: (H, W) float32, metres.
            scored: (H, W) bool, the pixels to count; their truth lies within 0.2 to 100 m.
        """
        rows = np.nonzero(scored)[0]
        depth = truth[scored].astype(np.float64)
        if depth.size == 0:
            return
        bins = np.floor(np.log(depth / _NEAREST_M) / np.log1p(BIN_WIDTH)).astype(np.int64)
        cells = rows * _BINS + np.clip(bins, 0, _BINS - 1)
        counts = np.bincount(cells, 1.0 / depth, minlength=self._weights.size)
        self._weights += counts.reshape(self._weights.shape) / depth.size
        self._frames += 1

    def constant(self) -> float:
        """The one depth with the least abs_rel, metres; NaN when nothing was counted."""
        return float(_weighted_median(self._weights.sum(axis=0, keepdims=True))[0])

    def rows(self) -> npt.NDArray[np.float64]:
        """For each row the depth with the least abs_rel, (H,) metres; NaN where nothing was."""
        return _weighted_median(self._weights)

    def abs_rel(self) -> dict[str, float]:
        """The error of ``constant`` and of ``row`` on what was counted, exact to half a bin.

        Mean over frames, as in the metrics; empty when nothing was counted.
        """
        if self._frames == 0:
            return {}
        guesses = {"constant": np.full(len(self._weights), self.constant()), "row": self.rows()}
        return {
            # Rows without any pixel have no guess and no weight.
            name: float(np.sum(self._weights * np.abs(np.nan_to_num(guess)[:, None] - _CENTRES)))
            / self._frames
            for name, guess in guesses.items()
        }


def _weighted_median(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    cumulative = np.cumsum(weights, axis=1)
    total = cumulative[:, -1:]
    middle = np.argmax(cumulative >= 0.5 * total, axis=1)
    return np.where(total[:, 0] > 0, _CENTRES[middle], np.nan)
