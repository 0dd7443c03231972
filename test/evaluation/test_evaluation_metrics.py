from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.evaluation.metrics import (
    DEPTH_METRICS,
    depth_metrics,
    median_scale,
    most_confident_abs_rel,
)

depths = st.floats(min_value=0.1, max_value=100.0, allow_nan=False)
pixels = st.lists(st.tuples(depths, depths, st.floats(0.0, 1.0)), min_size=1, max_size=40)


def test_hand_computed_case() -> None:
    metrics = depth_metrics(np.array([2.0, 3.0]), np.array([1.0, 4.0]))
    assert metrics["abs_rel"] == pytest.approx((1.0 + 0.25) / 2)
    assert metrics["sq_rel"] == pytest.approx((1.0 + 0.25) / 2)
    assert metrics["rmse"] == pytest.approx(1.0)
    assert metrics["rmse_log"] == pytest.approx(
        math.sqrt((math.log(2) ** 2 + math.log(0.75) ** 2) / 2)
    )
    # Ratios 2 and 4/3 against 1.25, 1.5625 and 1.953125.
    assert (metrics["delta1"], metrics["delta2"], metrics["delta3"]) == (0.0, 0.5, 0.5)


def test_perfect_estimate() -> None:
    truth = np.linspace(0.5, 80.0, 50, dtype=np.float32)
    metrics = depth_metrics(truth, truth)
    assert [metrics[name] for name in DEPTH_METRICS] == [0, 0, 0, 0, 1, 1, 1]


@given(pixels)
def test_equals_the_slow_formulas(values: list[tuple[float, float, float]]) -> None:
    d, t = np.array([v[0] for v in values]), np.array([v[1] for v in values])
    n = len(values)
    slow = {
        "abs_rel": sum(abs(a - b) / b for a, b, _ in values) / n,
        "sq_rel": sum((a - b) ** 2 / b for a, b, _ in values) / n,
        "rmse": math.sqrt(sum((a - b) ** 2 for a, b, _ in values) / n),
        "rmse_log": math.sqrt(sum((math.log(a) - math.log(b)) ** 2 for a, b, _ in values) / n),
    }
    fast = depth_metrics(d, t)
    for name, value in slow.items():
        assert fast[name] == pytest.approx(value, rel=1e-9, abs=1e-12)
    for power in (1, 2, 3):
        share = sum(max(a / b, b / a) < 1.25**power for a, b, _ in values) / n
        close = any(abs(max(a / b, b / a) / 1.25**power - 1) < 1e-9 for a, b, _ in values)
        assert close or fast[f"delta{power}"] == pytest.approx(share)


@given(pixels, st.floats(0.1, 10.0))
def test_median_scaling_removes_a_common_factor(
    values: list[tuple[float, float, float]], factor: float
) -> None:
    truth = np.array([v[1] for v in values])
    scaled = factor * truth * median_scale(factor * truth, truth)
    np.testing.assert_allclose(scaled, truth, rtol=1e-9)


def test_most_confident_pixels_are_kept() -> None:
    truth = np.ones(10)
    estimate = np.array([2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.1])
    confidence = np.array([0.1, 0.0, 0.2, 0.9, 0.9, 0.8, 0.9, 0.7, 0.9, 0.6])
    assert most_confident_abs_rel(estimate, truth, confidence, 0.7) == pytest.approx(0.1 / 7)
    assert most_confident_abs_rel(estimate, truth, -confidence, 0.7) == pytest.approx(
        (3.0 + 0.1 + 0.0) / 7
    )


def test_unknown_confidence_goes_first() -> None:
    truth, estimate = np.ones(2), np.array([3.0, 1.5])
    confidence = np.array([np.nan, 0.0])
    assert most_confident_abs_rel(estimate, truth, confidence, 0.5) == pytest.approx(0.5)


@given(pixels, st.randoms())
def test_ties_do_not_depend_on_the_order(values: list[tuple[float, float, float]], rng) -> None:
    def score(rows: list[tuple[float, float, float]]) -> float:
        d, t, c = (np.array(column) for column in zip(*rows, strict=True))
        return most_confident_abs_rel(d, t, np.round(c, 1), 0.7)

    shuffled = list(values)
    rng.shuffle(shuffled)
    assert score(values) == pytest.approx(score(shuffled), rel=1e-9)


@given(pixels)
def test_constant_confidence_selects_nothing(values: list[tuple[float, float, float]]) -> None:
    d, t = np.array([v[0] for v in values]), np.array([v[1] for v in values])
    kept = most_confident_abs_rel(d, t, np.full(d.shape, 0.5), 0.7)
    assert kept == pytest.approx(depth_metrics(d, t)["abs_rel"], rel=1e-9)
