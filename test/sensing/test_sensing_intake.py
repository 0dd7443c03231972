from __future__ import annotations

import numpy as np
import pytest

from rgbt_perception.errors import InputError
from rgbt_perception.geometry.camera import make_camera_model
from rgbt_perception.sensing.encode import image_message
from rgbt_perception.sensing.intake import RgbIntake

CAMERA = make_camera_model(
    name="rgb", width=120, height=90, k=[100, 0, 59.5, 0, 100, 44.5, 0, 0, 1], frame_id="rgb"
)


def picture(factory, width=120, height=90):
    rows, columns = np.mgrid[:height, :width]
    image = np.stack([columns, rows, np.full_like(rows, 7)], axis=-1).astype(np.uint8)
    return image_message(factory, image, "rgb8", 5, "rgb")


def test_detail_that_the_view_cannot_show_is_left_out_with_its_geometry(factory):
    intake = RgbIntake(CAMERA)
    assert intake.frame(picture(factory)).image.shape == (90, 120, 3)
    intake.limit_detail(49.0)
    frame = intake.frame(picture(factory))
    assert frame.image.shape == (45, 60, 3)
    assert intake.geometry == CAMERA.resized(60, 45)
    # Each small pixel is the mean of four: columns 2 j and 2 j + 1, rows 2 i and 2 i + 1.
    np.testing.assert_allclose(frame.image[10, 20], [40.5, 20.5, 7], atol=0.5)
    intake.limit_detail(1000.0)
    assert intake.frame(picture(factory)).image.shape == (90, 120, 3)


def test_a_wrong_size_is_told_in_the_sizes_that_were_sent(factory):
    intake = RgbIntake(CAMERA)
    intake.limit_detail(40.0)
    with pytest.raises(InputError, match=r"rgb/image: the picture is 60x45, .* for 120x90"):
        intake.frame(picture(factory, 60, 45))
