from __future__ import annotations

import numpy as np
import pytest

from rgbt_perception.evaluation.baselines import BIN_WIDTH, DepthHistogram


def frames(seed: int, count: int = 4) -> list[tuple[np.ndarray, np.ndarray]]:
    """Truth that grows from row to row, and the pixels that count."""
    rng = np.random.default_rng(seed)
    result = []
    for _ in range(count):
        rows = np.geomspace(0.6, 70.0, 6)[:, None]
        truth = np.clip(rows * rng.lognormal(0.0, 0.6, (6, 9)), 0.5, 80.0).astype(np.float32)
        result.append((truth, rng.random((6, 9)) < rng.uniform(0.2, 0.9)))
    return result


def mean_abs_rel(data: list[tuple[np.ndarray, np.ndarray]], guess: np.ndarray) -> float:
    """Mean over frames of the mean over pixels; the guess has one value a row."""
    errors = []
    for truth, scored in data:
        error = np.abs(guess[:, None] - truth) / truth
        errors.append(error[scored].mean())
    return float(np.mean(errors))


@pytest.mark.parametrize("seed", range(5))
def test_no_other_constant_is_better(seed: int) -> None:
    data = frames(seed)
    histogram = DepthHistogram(6)
    for truth, scored in data:
        histogram.add(truth, scored)
    fitted = mean_abs_rel(data, np.full(6, histogram.constant()))
    # The optimum lies on one of the depths.
    candidates = np.concatenate([truth[scored] for truth, scored in data])
    best = min(mean_abs_rel(data, np.full(6, value)) for value in candidates)
    assert best <= fitted + 1e-12
    assert fitted == pytest.approx(best, abs=BIN_WIDTH)


@pytest.mark.parametrize("seed", range(3))
def test_no_other_depth_for_a_row_is_better(seed: int) -> None:
    data = frames(seed)
    histogram = DepthHistogram(6)
    for truth, scored in data:
        histogram.add(truth, scored)
    rows = histogram.rows()
    fitted = mean_abs_rel(data, rows)
    for row in range(6):
        candidates = np.concatenate([truth[row][scored[row]] for truth, scored in data])
        for value in candidates:
            other = rows.copy()
            other[row] = value
            assert mean_abs_rel(data, other) >= fitted - BIN_WIDTH
    assert fitted < mean_abs_rel(data, np.full(6, histogram.constant()))


def test_every_frame_has_the_same_weight() -> None:
    # One frame of 50 pixels at 10 m against three frames of one pixel at 5 m.
    histogram = DepthHistogram(5)
    histogram.add(np.full((5, 10), 10.0, np.float32), np.ones((5, 10), bool))
    for _ in range(3):
        one = np.zeros((5, 10), bool)
        one[2, 2] = True
        histogram.add(np.full((5, 10), 5.0, np.float32), one)
    assert histogram.constant() == pytest.approx(5.0, rel=BIN_WIDTH)


@pytest.mark.parametrize("depth", [0.3, 0.5, 3.7, 40.0, 80.0])
def test_depths_are_kept_to_half_a_bin(depth: float) -> None:
    histogram = DepthHistogram(2)
    histogram.add(np.full((2, 2), depth, np.float32), np.ones((2, 2), bool))
    assert histogram.constant() == pytest.approx(depth, rel=0.51 * BIN_WIDTH)


def test_nothing_counted() -> None:
    histogram = DepthHistogram(3)
    histogram.add(np.ones((3, 3), np.float32), np.zeros((3, 3), bool))
    assert np.isnan(histogram.constant())
    assert np.isnan(histogram.rows()).all()


def test_tells_its_own_error() -> None:
    data = frames(7)
    histogram = DepthHistogram(6)
    assert histogram.abs_rel() == {}
    for truth, scored in data:
        histogram.add(truth, scored)
    errors = histogram.abs_rel()
    constant = mean_abs_rel(data, np.full(6, histogram.constant()))
    assert errors["constant"] == pytest.approx(constant, abs=BIN_WIDTH)
    assert errors["row"] == pytest.approx(mean_abs_rel(data, histogram.rows()), abs=BIN_WIDTH)
    assert errors["row"] < errors["constant"]


def test_rows_without_pixels_count_nothing() -> None:
    histogram = DepthHistogram(2)
    histogram.add(np.full((2, 3), 5.0, np.float32), np.array([[True] * 3, [False] * 3]))
    assert max(histogram.abs_rel().values()) < BIN_WIDTH
