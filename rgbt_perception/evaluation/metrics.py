"""Error measures of depth estimates on the pixels of one frame.

The measures are those of Eigen, Puhrsch and Fergus, "Depth Map Prediction from a Single Image
using a Multi-Scale Deep Network" (NIPS 2014), section 4.2. A frame's pixels are averaged first,
frames afterwards, so that every frame counts alike.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32] | npt.NDArray[np.float64]

DEPTH_METRICS = ("abs_rel", "sq_rel", "rmse", "rmse_log", "delta1", "delta2", "delta3")


def depth_metrics(estimate: Values, truth: Values) -> dict[str, float]:
    """All of ``DEPTH_METRICS``.

    Args:
        estimate: (N,) metres, finite and positive, N >= 1.
        truth: (N,) metres, finite and positive.

    Returns:
        abs_rel (share), sq_rel and rmse (metres), rmse_log (natural logarithm) and delta1..3, the
        shares of pixels whose ratio to the truth, either way round, is below 1.25, 1.25^2, 1.25^3.
    """
    d = np.asarray(estimate, dtype=np.float64)
    t = np.asarray(truth, dtype=np.float64)
    error = d - t
    squared = error * error
    log_ratio = np.abs(np.log(d / t))
    metrics = {
        "abs_rel": float(np.mean(np.abs(error) / t)),
        "sq_rel": float(np.mean(squared / t)),
        "rmse": float(np.sqrt(np.mean(squared))),
        "rmse_log": float(np.sqrt(np.mean(log_ratio * log_ratio))),
    }
    for power in (1, 2, 3):
        metrics[f"delta{power}"] = float(np.mean(log_ratio < power * np.log(1.25)))
    return metrics


def median_scale(estimate: Values, truth: Values) -> float:
    """Factor that gives the estimate the truth's median.

    As in Zhou, Brown, Snavely and Lowe, "Unsupervised Learning of Depth and Ego-Motion from Video"
    (CVPR 2017), section 4.1.

    Args:
        estimate: (N,) metres, N >= 1.
        truth: (N,) metres.
    """
    return float(np.median(truth)) / float(np.median(estimate))


def most_confident_abs_rel(
    estimate: Values, truth: Values, confidence: Values, keep: float
) -> float:
    """abs_rel of the most confident pixels (ours).

    Pixels of equal confidence at the limit count with equal, fractional weight, so the result does
    not depend on their order: a constant confidence gives the abs_rel of all pixels.

    Args:
        estimate: (N,) metres, N >= 1.
        truth: (N,) metres.
        confidence: (N,) any scale; NaN counts as the least confident.
        keep: share of pixels kept, above 0, at most 1.
    """
    t = np.asarray(truth, dtype=np.float64)
    error = np.abs(np.asarray(estimate, dtype=np.float64) - t) / t
    certain = np.where(np.isnan(confidence), -np.inf, confidence)
    kept = max(1, round(keep * certain.size))
    limit = np.partition(certain, certain.size - kept)[certain.size - kept]
    above = certain > limit
    tied = certain == limit
    tied_weight = (kept - np.count_nonzero(above)) / np.count_nonzero(tied)
    return float((error[above].sum() + tied_weight * error[tied].sum()) / kept)
