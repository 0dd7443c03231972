from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.frames import Pinhole
from rgbt_perception.geometry.letterbox import letterbox, resample


@given(
    st.integers(20, 1920), st.integers(20, 1200), st.floats(0.4, 2.0), st.sampled_from([64, 320])
)
def test_a_ray_keeps_its_place_in_the_picture(width, height, focal, size):
    camera = Pinhole(width, height, focal * width, focal * width, width / 2, height / 3)
    box = letterbox(camera, size, size)
    assert box.left >= 0
    assert box.left + box.width <= size
    assert box.top >= 0
    assert box.top + box.height <= size
    # The ray of the picture's corner (-0.5, -0.5) lies on the corner of the area.
    x, y = (-0.5 - camera.cx) / camera.fx, (-0.5 - camera.cy) / camera.fy
    canvas = box.canvas
    assert canvas.fx * x + canvas.cx == pytest.approx(box.left - 0.5, abs=1e-6)
    assert canvas.fy * y + canvas.cy == pytest.approx(box.top - 0.5, abs=1e-6)
    # The opposite corner too.
    x = (width - 0.5 - camera.cx) / camera.fx
    assert canvas.fx * x + canvas.cx == pytest.approx(box.left + box.width - 0.5, abs=1e-6)


def test_one_scale_on_both_axes():
    box = letterbox(Pinhole(1280, 720, 900, 900, 640, 360), 320, 256)
    assert (box.width, box.height, box.left, box.top) == (320, 180, 0, 38)
    assert box.area == (slice(38, 218), slice(0, 320))


def test_resample_keeps_the_mean_and_its_own_size():
    picture = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    small = resample(picture, 32, 24)
    assert small.shape == (24, 32, 3)
    assert small.mean() == pytest.approx(picture.mean(), abs=0.5)
    assert resample(picture, 128, 96) is picture
