from __future__ import annotations

import numpy as np
import pytest

from rgbt_perception.config import ThermalConfig
from rgbt_perception.errors import InputError
from rgbt_perception.geometry.camera import make_camera_model
from rgbt_perception.sensing.encode import camera_info_message, image_message
from rgbt_perception.sensing.intake import RgbIntake, ThermalIntake

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


@pytest.mark.parametrize("focal", [1.0, 1e-9, 5e-324])
def test_a_view_that_can_show_nothing_leaves_one_pixel(factory, focal):
    intake = RgbIntake(CAMERA)
    intake.limit_detail(focal)
    frame = intake.frame(picture(factory))
    assert frame.image.shape == (1, 1, 3)
    assert intake.geometry == CAMERA.resized(1, 1)


def test_a_much_smaller_picture_is_not_cut_as_the_large_one_was(factory):
    small = make_camera_model(name="rgb", width=3, height=2, k=[5, 0, 1, 0, 5, 0.5, 0, 0, 1])
    intake = RgbIntake()
    intake.set_info(camera_info_message(factory, CAMERA, 5, "rgb"))
    intake.limit_detail(10.0)
    assert intake.geometry.raw == CAMERA.resized(12, 9).raw
    intake.set_info(camera_info_message(factory, small, 6, "rgb"))
    assert intake.geometry.raw == small.raw
    assert intake.frame(picture(factory, 3, 2)).image.shape == (2, 3, 3)


def test_a_rig_that_is_told_again_does_not_start_the_picture_anew(factory):
    camera = make_camera_model(name="t", width=40, height=30, k=[50, 0, 20, 0, 50, 15, 0, 0, 1])
    intake = ThermalIntake(ThermalConfig(), camera, 0.01, 0.0)
    cold, warm = (np.linspace(a, a + 1000, 1200).reshape(30, 40) for a in (29000, 32000))

    def frame(counts, stamp):
        message = image_message(factory, counts.astype(np.uint16), "mono16", stamp, "t")
        return intake.frame(message, False).image

    before = frame(cold, 1)
    intake.set_radiometry(0.01, 0.0)
    assert frame(warm, 2).min() == 1.0  # the range is still that of the cold picture
    intake.set_radiometry(0.02, 0.0)
    np.testing.assert_allclose(frame(warm, 3), before, atol=0.01)
