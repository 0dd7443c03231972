from __future__ import annotations

import numpy as np
import pytest

from rgbt_perception.latency import LatencyHistogram, StageLatencies


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_percentiles_are_within_a_bin_of_the_exact_ones(share):
    values = np.random.default_rng(0).lognormal(2.0, 1.0, 20_000)
    histogram = LatencyHistogram()
    for value in values:
        histogram.add(value)
    assert histogram.count == len(values)
    assert histogram.percentile(share) == pytest.approx(
        np.percentile(values, share * 100), rel=0.02
    )


def test_empty_and_zero_durations():
    histogram = LatencyHistogram()
    assert histogram.percentile(0.5) == 0.0
    histogram.add(0.0)
    assert histogram.percentile(0.5) < 1e-3


def test_stages_keep_their_order():
    stages = StageLatencies()
    stages.add({"b": 1.0, "a": 2.0})
    stages.add({"b": 3.0})
    summary = stages.summary()
    assert list(summary) == ["b", "a"]
    assert summary["a"]["p50"] == pytest.approx(2.0, rel=0.01)
    assert summary["b"]["p99"] == pytest.approx(3.0, rel=0.01)
