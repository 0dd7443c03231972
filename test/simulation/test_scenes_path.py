"""Paths and movement along them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.simulation.scenes.path import Path, along, steady, unsteady, winding
from rgbt_perception.simulation.scenes.rotations import rotate


def test_a_quarter_circle_ends_where_it_should() -> None:
    path = Path([(5.0, 0.0), (math.pi * 5.0, 0.1)])
    x, y, heading = path.at(path.length)
    assert (x, y, heading) == pytest.approx((15.0, 10.0, math.pi / 2))
    assert path.at(path.length, 2.0)[:2] == pytest.approx((13.0, 10.0))
    assert path.at(path.length + 3.0)[:2] == pytest.approx((15.0, 13.0))
    assert path.at(-2.0)[:2] == pytest.approx((-2.0, 0.0))


@given(st.integers(0, 10_000), st.floats(5.0, 200.0))
def test_winding_paths_are_smooth_and_do_not_turn_back(seed: int, length: float) -> None:
    path = winding(np.random.default_rng(seed), length, (9.0, 25.0), 14.0)
    assert path.length >= length
    points = path.points(-3.0, path.length + 3.0, 0.25)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert steps.max() <= 0.2501
    assert steps.min() > 0.2
    headings = [path.at(s)[2] for s in np.linspace(0.0, path.length, 200).tolist()]
    assert max(np.abs(headings)) < math.pi / 2
    assert np.abs(np.diff(headings)).max() <= path.length / 199 / 9.0 + 1e-9


@given(st.integers(0, 10_000), st.floats(0.0, 14.0), st.floats(0.0, 1.0))
def test_unsteady_speed_never_runs_backwards(seed: int, speed: float, depth: float) -> None:
    distance = unsteady(np.random.default_rng(seed), speed, depth, 3.0)
    travelled = [distance(t) for t in np.linspace(0.0, 60.0, 300).tolist()]
    assert travelled[0] == pytest.approx(3.0)
    assert np.diff(travelled).min() >= -1e-6
    assert np.diff(travelled).max() <= (1 + depth) * speed * 60.0 / 299 + 1e-6


def test_movers_face_the_way_they_go() -> None:
    path = Path([(30.0, 0.02)])
    for speed in (2.0, -2.0):
        motion = along(path, steady(speed, 15.0), 1.5, 0.3)
        (x0, y0, z0), turn = motion(1.0)
        (x1, y1, _), _ = motion(1.01)
        ahead = rotate(turn, (1.0, 0.0, 0.0))
        way = np.array([x1 - x0, y1 - y0])
        assert z0 == 0.3
        assert ahead[:2] == pytest.approx(way / np.linalg.norm(way), abs=0.01)
