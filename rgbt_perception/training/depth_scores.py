"""Validation: error of every estimate on the same pixels, beside two baselines without pictures."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import torch
from torch import Tensor

from rgbt_perception.evaluation.baselines import DepthHistogram
from rgbt_perception.evaluation.metrics import most_confident_abs_rel
from rgbt_perception.models.coarse_depth import bounded_depth
from rgbt_perception.models.confidence_depth import DepthPrediction
from rgbt_perception.training.dataset import DepthBatch
from rgbt_perception.training.losses import FARTHEST_M, NEAREST_M

KEPT_SHARE = 0.7
ESTIMATES = ("fused", "rgb", "thermal", "ungated")


class DepthScores:
    """abs_rel in the thermal view, mean over pictures.

    The pixels are those of design: truth in range and every estimate known.
    """

    def __init__(self, height: int) -> None:
        self._sums: dict[str, float] = defaultdict(float)
        self._within = self._kept = 0.0
        self._pictures = 0
        self._histogram = DepthHistogram(height)
        self._truths: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, batch: DepthBatch, gated: DepthPrediction, ungated: DepthPrediction) -> None:
        """Count the pictures of a batch."""
        truth = batch.thermal_truth
        scored = (truth >= NEAREST_M) & (truth <= FARTHEST_M)
        scored &= (gated.rgb_depth > 0) & (batch.inputs.thermal_mask > 0.5)
        depths = {
            "fused": bounded_depth(gated.log_depth),
            "rgb": gated.rgb_depth,
            "thermal": bounded_depth(gated.thermal.log_depth),
            "ungated": bounded_depth(ungated.log_depth),
        }
        for index in range(len(truth)):
            mask = scored[index, 0]
            if not mask.any():
                continue
            t = truth[index, 0][mask]
            for name, depth in depths.items():
                self._sums[name] += _abs_rel(depth[index, 0][mask], t)
            ratio = (torch.log(depths["fused"][index, 0][mask] / t)).abs()
            self._within += float((ratio < np.log(1.25)).float().mean())
            self._kept += most_confident_abs_rel(
                depths["fused"][index, 0][mask].numpy(),
                t.numpy(),
                -gated.log_scale[index, 0][mask].numpy(),
                KEPT_SHARE,
            )
            self._pictures += 1
            pixels = truth[index, 0].numpy(), mask.numpy()
            self._histogram.add(*pixels)
            self._truths.append(pixels)

    def result(self) -> dict[str, float]:
        """abs_rel by estimate, ``constant`` and ``by_row``; delta1 of the fused depth.

        ``abs_rel_keep70``: of the fused depth without its 30 % least confident pixels.
        """
        count = max(self._pictures, 1)
        scores = {f"abs_rel_{name}": self._sums[name] / count for name in ESTIMATES}
        scores["delta1_fused"] = self._within / count
        scores["abs_rel_keep70"] = self._kept / count
        constant, rows = self._histogram.constant(), self._histogram.rows()[:, None]
        for name, guess in (("constant", np.full_like(rows, constant)), ("by_row", rows)):
            total = 0.0
            for truth, mask in self._truths:
                wide = np.broadcast_to(guess, truth.shape)[mask]
                total += float(np.mean(np.abs(wide - truth[mask]) / truth[mask]))
            scores[f"abs_rel_{name}"] = total / count
        return scores


def _abs_rel(estimate: Tensor, truth: Tensor) -> float:
    return float(((estimate - truth).abs() / truth).mean())
