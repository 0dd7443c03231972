from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.errors import InputError
from rgbt_perception.frames import Pinhole
from rgbt_perception.sensing.camera_info import camera_model_from_message
from rgbt_perception.sensing.encode import camera_info_message

FULL = Pinhole(640, 480, 500.0, 510.0, 319.5, 239.5)


def info(factory, **changes):
    message = camera_info_message(factory, FULL, 0, "cam")
    roi = changes.pop("roi", None)
    if roi:
        left, top, width, height = roi
        message.roi.x_offset, message.roi.y_offset = left, top
        message.roi.width, message.roi.height = width, height
    for name, value in changes.items():
        setattr(message, name, value)
    return message


@given(
    binning=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    left=st.integers(0, 100),
    top=st.integers(0, 100),
    point=st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(2, 50)),
)
def test_region_and_binning_move_every_point_alike(factory, binning, left, top, point):
    bx, by = (max(b, 1) for b in binning)
    message = info(factory, binning_x=binning[0], binning_y=binning[1], roi=(left, top, 480, 360))
    model = camera_model_from_message(message, "t")
    assert (model.raw.width, model.raw.height) == (480 // bx, 360 // by)
    assert model.raw == model.rectified
    x, y, z = point
    u, v, _ = model.raw.matrix @ (x / z, y / z, 1)
    full_u, full_v, _ = FULL.matrix @ (x / z, y / z, 1)
    # Distances from the picture's left and top border, in pixels of the sensor.
    assert (u + 0.5) * bx == pytest.approx(full_u + 0.5 - left, abs=1e-9)
    assert (v + 0.5) * by == pytest.approx(full_v + 0.5 - top, abs=1e-9)


def test_no_region_and_whole_region_are_the_same(factory):
    whole = camera_model_from_message(info(factory, roi=(0, 0, 640, 480)), "t")
    assert whole.raw == camera_model_from_message(info(factory), "t").raw == FULL


def test_binning_agrees_with_resizing(factory):
    model = camera_model_from_message(info(factory, binning_x=2, binning_y=2), "t")
    assert model.raw == FULL.resized(320, 240)


def test_drivers_that_fill_only_k(factory):
    empty = np.zeros(12)
    model = camera_model_from_message(
        info(factory, p=empty, r=np.zeros(9), d=np.zeros(0), distortion_model="", binning_x=2), "t"
    )
    assert model.is_rectified
    assert model.rectified.fx == 250.0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"k": np.zeros(9)}, "focal lengths in k are 0 and 0"),
        ({"k": np.full(9, np.nan)}, "k holds"),
        ({"k": np.zeros(9), "binning_x": 2}, "focal lengths in k"),
        ({"k": np.full(9, np.nan), "binning_x": 2}, "k holds"),
        ({"k": np.zeros(4), "binning_x": 2}, "expected 9"),
        ({"p": np.full(12, np.inf)}, "p holds"),
        ({"p": -np.ones(12)}, "focal lengths in p"),
        ({"r": np.ones(9)}, "not a rotation"),
        ({"d": np.zeros(3)}, "d has 3 coefficients"),
        ({"d": np.array([np.nan] * 5)}, "d holds"),
        ({"distortion_model": "kannala"}, "'kannala'"),
        ({"width": 0}, "0x480"),
        ({"binning_x": 1000}, "0x480"),
        ({"roi": (200, 0, 500, 100)}, "500x100 at (200, 0)"),
        ({"roi": (0, 400, 100, 100)}, "100x100 at (0, 400)"),
        ({"roi": (5, 0, 0, 0)}, "0x0 at (5, 0)"),
    ],
)
def test_bad_numbers_are_named_with_their_topic(factory, changes, expected):
    with pytest.raises(InputError) as caught:
        camera_model_from_message(info(factory, **changes), "/thermal/camera_info")
    assert str(caught.value).startswith("/thermal/camera_info: ")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
