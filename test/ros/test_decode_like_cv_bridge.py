"""Our decoding beside cv_bridge: the same pixels where both know the encoding, and more is refused.

The node does without cv_bridge (see the README); it is the yardstick here.
"""

import array

import numpy as np
import pytest

CvBridge = pytest.importorskip("cv_bridge", reason="needs ROS 2 (cv_bridge)").CvBridge

from sensor_msgs.msg import Image

from rgbt_perception.errors import InputError
from rgbt_perception.sensing.decode import color_picture, depth_picture, thermal_picture

# Bytes a pixel; odd rows show that the padding at their ends is left out.
COLOUR = {
    "rgb8": 3,
    "bgr8": 3,
    "rgba8": 4,
    "bgra8": 4,
    "mono8": 1,
    "bayer_rggb8": 1,
    "bayer_bggr8": 1,
    "bayer_gbrg8": 1,
    "bayer_grbg8": 1,
    "yuv422": 2,
    "yuv422_yuy2": 2,
    "mono16": 2,
    "rgb16": 6,
    "bgr16": 6,
}
THERMAL = {"mono8": 1, "mono16": 2, "16UC1": 2, "32FC1": 4}
WIDTH, HEIGHT = 48, 32


def message(encoding, size, padding=0):
    step = WIDTH * size + padding
    data = np.random.default_rng(size).integers(0, 256, HEIGHT * step, np.uint8)
    if encoding == "32FC1":
        data = np.linspace(280, 300, HEIGHT * WIDTH, dtype=np.float32).view(np.uint8)
    made = Image(height=HEIGHT, width=WIDTH, step=step, encoding=encoding)
    made.data = array.array("B", data.tobytes())
    return made


@pytest.mark.parametrize("padding", [0, 12])
@pytest.mark.parametrize("encoding", COLOUR)
def test_colour_is_the_same_to_the_bit(encoding, padding):
    made = message(encoding, COLOUR[encoding], padding)
    np.testing.assert_array_equal(color_picture(made), CvBridge().imgmsg_to_cv2(made, "rgb8"))


def test_rgb8_is_not_copied():
    made = message("rgb8", 3)
    assert np.shares_memory(color_picture(made), np.frombuffer(made.data, np.uint8))
    copied = CvBridge().imgmsg_to_cv2(made, "rgb8")
    assert not np.shares_memory(copied, np.frombuffer(made.data, np.uint8))


@pytest.mark.parametrize("encoding", THERMAL)
def test_counts_are_the_same_to_the_bit(encoding):
    made = message(encoding, THERMAL[encoding])
    np.testing.assert_array_equal(thermal_picture(made), CvBridge().imgmsg_to_cv2(made))


def test_our_depth_is_read_by_cv_bridge():
    made = message("32FC1", 4)
    np.testing.assert_array_equal(depth_picture(made), CvBridge().imgmsg_to_cv2(made))


@pytest.mark.parametrize("step", [0, WIDTH // 2])
def test_rows_that_are_too_short_pass_cv_bridge_and_not_us(step):
    made = message("mono8", 1)
    made.step = step
    assert CvBridge().imgmsg_to_cv2(made).shape == (HEIGHT, step)
    with pytest.raises(InputError, match="step"):
        thermal_picture(made)
