from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rgbt_perception.errors import InputError
from rgbt_perception.geometry.camera import make_camera_model

K = [90.0, 0, 41.3, 0, 92.0, 29.6, 0, 0, 1]
SIZE = {"width": 80, "height": 60}


def distorted(model: str, d, x, y):
    """Forward distortion on the plane z = 1: OpenCV's camera model, and its fisheye one.

    Zero coefficients mean no distortion in every model, as in ROS.
    """
    k1, k2, p1, p2, k3, k4, k5, k6 = (*d, *(0.0,) * 8)[:8]
    r2 = x * x + y * y
    if model == "equidistant" and any(d):
        r = np.sqrt(r2)
        theta = np.arctan(r)
        bent = theta * (1 + k1 * theta**2 + k2 * theta**4 + p1 * theta**6 + p2 * theta**8)
        scale = np.where(r > 1e-12, bent / np.maximum(r, 1e-12), 1.0)
        return x * scale, y * scale
    radial = (1 + k1 * r2 + k2 * r2**2 + k3 * r2**3) / (1 + k4 * r2 + k5 * r2**2 + k6 * r2**3)
    return (
        x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
        y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
    )


small = st.floats(-0.05, 0.05)
tiny = st.floats(-0.002, 0.002)
distortions = st.one_of(
    st.tuples(st.just("plumb_bob"), st.tuples()),
    st.tuples(st.just("plumb_bob"), st.tuples(small, small, tiny, tiny)),
    st.tuples(st.just("plumb_bob"), st.tuples(small, small, tiny, tiny, small)),
    st.tuples(
        st.just("rational_polynomial"),
        st.tuples(small, small, tiny, tiny, small, small, small, small),
    ),
    st.tuples(st.just("equidistant"), st.tuples(small, small, tiny, tiny)),
)


def camera(model="plumb_bob", d=(), turn=(0.0, 0.0, 0.0), **changes):
    rotation, _ = cv2.Rodrigues(np.array(turn, dtype=np.float64))
    values = {
        "name": "cam",
        **SIZE,
        "k": K,
        "d": d,
        "distortion_model": model,
        "r": rotation,
        "p": [80.0, 0, 39.0, 0, 0, 81.0, 30.5, 0, 0, 0, 1, 0],
    }
    return make_camera_model(**(values | changes))


@settings(deadline=None)
@given(distortions)
@example(("equidistant", (0.0,) * 4))
def test_raw_rays_undo_the_distortion(distortion):
    model = camera(*distortion)
    rays = model.raw_rays()
    assert rays.shape == (60, 80, 3)
    assert (rays[..., 2] == 1).all()
    x, y = distorted(*distortion, rays[..., 0], rays[..., 1])
    columns, rows = np.meshgrid(np.arange(80), np.arange(60))
    np.testing.assert_allclose(x * K[0] + K[2], columns, atol=2e-3)
    np.testing.assert_allclose(y * K[4] + K[5], rows, atol=2e-3)


@settings(deadline=None)
@given(distortions, st.tuples(small, small, small))
@example(("equidistant", (0.0,) * 4), (0.0, 0.0, 0.0))
def test_rays_and_rectification_maps_tell_the_same(distortion, turn):
    model = camera(*distortion, turn=turn)
    columns, rows = model.rectification_maps()
    assert columns.shape == rows.shape == (60, 80)
    assert columns.dtype == rows.dtype == np.float32
    # A rectified pixel's ray, turned back to the raw frame, must be that of the raw pixel.
    k = model.rectified
    u, v = np.meshgrid(np.arange(80), np.arange(60))
    rays = np.stack([(u - k.cx) / k.fx, (v - k.cy) / k.fy, np.ones((60, 80))], axis=-1)
    expected = rays @ model.rotation
    inside = (columns > 1) & (columns < 78) & (rows > 1) & (rows < 58)
    assert inside.sum() > 1000
    found = cv2.remap(model.raw_rays(), columns, rows, cv2.INTER_LINEAR)[inside]
    expected = (expected / expected[..., 2:])[inside]
    np.testing.assert_allclose(found, expected, atol=5e-4)  # 0.05 pixels, 1/32 of remap included


def test_without_distortion_the_maps_are_the_grid():
    model = make_camera_model(name="cam", **SIZE, k=K)
    assert model.is_rectified
    columns, rows = model.rectification_maps()
    u, v = np.meshgrid(np.arange(80), np.arange(60))
    np.testing.assert_allclose(columns, u, atol=1e-4)
    np.testing.assert_allclose(rows, v, atol=1e-4)


@pytest.mark.parametrize(
    "changes",
    [{"d": [0.01, 0, 0, 0, 0]}, {"p": [9, 0, 1, 0, 0, 9, 1, 0, 0, 0, 1, 0]}, {"turn": (0.1, 0, 0)}],
)
def test_what_still_has_to_be_rectified(changes):
    assert not camera(**changes).is_rectified


def test_zeros_of_lazy_drivers_mean_the_default():
    model = make_camera_model(
        name="cam", **SIZE, k=K, d=[0.0] * 5, distortion_model="", r=[0] * 9, p=[0] * 12
    )
    assert model.is_rectified
    assert model.distortion_model == "plumb_bob"
    assert (model.raw.fx, model.raw.cy) == (90.0, 29.6)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"width": 0}, "0x60"),
        ({"height": -1}, "80x-1"),
        ({"k": [0] * 9}, "focal lengths in k are 0 and 0"),
        ({"k": [-90.0, *K[1:]]}, "-90"),
        ({"k": [np.nan, *K[1:]]}, "k holds"),
        ({"k": K[:8]}, "expected 9"),
        ({"d": [0.1, 0.2]}, "d has 2 coefficients"),
        ({"d": [np.inf] * 5}, "d holds"),
        ({"model": "double_sphere"}, "'double_sphere'"),
        ({"model": "equidistant", "d": [0.0] * 5}, "d has 5 coefficients"),
        ({"r": [2, 0, 0, 0, 1, 0, 0, 0, 1]}, "r is not a rotation"),
        ({"r": [np.nan] * 9}, "r holds"),
        ({"p": [0.0, *[1.0] * 11]}, "focal lengths in p"),
        ({"p": [np.nan] * 12}, "p holds"),
    ],
)
def test_bad_numbers_are_named(changes, expected):
    with pytest.raises(InputError) as caught:
        camera(**changes)
    assert str(caught.value).startswith("cam: ")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
