"""Ground that is taken stays taken."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.simulation.scenes.occupancy import Occupancy

rectangles = st.tuples(
    st.floats(-4, 4), st.floats(-4, 4), st.floats(-4, 4), st.floats(0.2, 3), st.floats(0.2, 3)
)
Rectangle = tuple[float, float, float, float, float]


def filled(rectangle: Rectangle) -> np.ndarray:
    """A grid of points inside a rectangle, edges included."""
    x, y, yaw, hx, hy = rectangle
    u, v = (a.ravel() for a in np.meshgrid(np.linspace(-hx, hx, 15), np.linspace(-hy, hy, 15)))
    c, s = np.cos(yaw), np.sin(yaw)
    return np.stack([x + u * c - v * s, y + u * s + v * c], axis=1)


def inside(points: np.ndarray, rectangle: Rectangle) -> bool:
    x, y, yaw, hx, hy = rectangle
    c, s = np.cos(yaw), np.sin(yaw)
    d = points - (x, y)
    u, v = d[:, 0] * c + d[:, 1] * s, d[:, 1] * c - d[:, 0] * s
    return bool(((np.abs(u) < hx - 1e-6) & (np.abs(v) < hy - 1e-6)).any())


@given(rectangles, rectangles)
def test_overlapping_ground_is_refused(one: Rectangle, two: Rectangle) -> None:
    occupancy = Occupancy()
    occupancy.take(*one[:3], one[3:])
    accepted = occupancy.try_take(*two[:3], two[3:], gap=0.0)
    if inside(filled(two), one) or inside(filled(one), two):
        assert not accepted
    if np.hypot(one[0] - two[0], one[1] - two[1]) > np.hypot(*one[3:]) + np.hypot(*two[3:]):
        assert accepted


@given(rectangles, st.floats(0.1, 2.0))
def test_lanes_stay_free(rectangle: Rectangle, margin: float) -> None:
    occupancy = Occupancy()
    lane = np.stack([np.linspace(-8, 8, 200), np.zeros(200)], axis=1)
    occupancy.keep_free(lane, margin)
    if occupancy.try_take(*rectangle[:3], rectangle[3:]):
        nearest = np.abs(filled(rectangle)[:, 1])[np.abs(filled(rectangle)[:, 0]) < 8].min()
        assert nearest > margin - 0.1
        # `is_clear` grows the rectangle at its corners by the diagonal of the margin.
        assert occupancy.is_clear(lane, max(0.0, margin - 0.15) / np.sqrt(2))


def test_refused_ground_is_not_taken() -> None:
    occupancy = Occupancy()
    assert occupancy.try_take(0.0, 0.0, 0.0, (1.0, 1.0))
    assert not occupancy.try_take(1.5, 0.0, 0.0, (1.0, 1.0))
    assert occupancy.try_take(2.5, 0.0, 0.0, (1.0, 1.0), gap=0.2)
    assert not occupancy.is_clear(np.array([[0.5, 0.5]]), 0.0)
    assert occupancy.is_clear(np.array([[0.0, 1.6]]), 0.5)
