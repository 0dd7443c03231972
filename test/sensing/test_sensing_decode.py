from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.errors import InputError
from rgbt_perception.sensing.decode import (
    color_picture,
    depth_picture,
    label_picture,
    stamp_of,
    thermal_picture,
)
from rgbt_perception.sensing.encode import header


def rows_of(array):
    return np.ascontiguousarray(array).view(np.uint8).reshape(len(array), -1)


@given(st.integers(-(2**31) * 10**9, 2**31 * 10**9 - 1))
def test_stamps_survive(factory, stamp_ns):
    assert stamp_of(SimpleNamespace(header=header(factory, stamp_ns, "x"))) == stamp_ns


def test_stamps_on_the_wire_have_positive_nanoseconds(factory):
    stamp = header(factory, -1, "x").stamp
    assert (stamp.sec, stamp.nanosec) == (-1, 999_999_999)


def test_rgb_is_not_copied(raw_image):
    message = raw_image("rgb8", 5, np.arange(45).reshape(3, 15))
    message.data = np.frombuffer(message.data, dtype=np.uint8)
    picture = color_picture(message)
    assert np.shares_memory(picture, message.data)
    np.testing.assert_array_equal(picture, np.arange(45).reshape(3, 5, 3))


def test_grey_becomes_colour(raw_image):
    grey = np.array([[0, 128, 255]], dtype=np.uint8)
    result = color_picture(raw_image("mono8", 3, grey))
    np.testing.assert_array_equal(result, np.repeat(grey[..., None], 3, axis=2))
    deep = (grey.astype("<u2") * 257 + 100).astype("<u2")
    deep[0, 2] = 65535
    result = color_picture(raw_image("mono16", 3, rows_of(deep)))
    np.testing.assert_array_equal(result, np.repeat(grey[..., None], 3, axis=2))


def test_float_is_no_colour(raw_image):
    message = raw_image("32FC1", 2, rows_of(np.zeros((2, 2), "<f4")))
    with pytest.raises(InputError, match=r"'32FC1'.*expected a colour or grey"):
        color_picture(message)


def test_thermal_counts_stay_as_sent(raw_image):
    counts = np.array([[0, 29315], [65535, 1]], dtype="<u2")
    result = thermal_picture(raw_image("mono16", 2, rows_of(counts)))
    assert result.dtype == np.uint16
    np.testing.assert_array_equal(result, counts)
    kelvin = np.array([[293.15, np.nan]], dtype="<f8")
    result = thermal_picture(raw_image("64FC1", 2, rows_of(kelvin)))
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, kelvin.astype(np.float32))


def test_what_float32_cannot_hold_is_no_measurement(raw_image):
    message = raw_image("64FC1", 2, rows_of(np.array([[1e300, 2.0]], dtype="<f8")))
    assert thermal_picture(message).tolist() == [[np.inf, 2.0]]
    np.testing.assert_array_equal(depth_picture(message), [[np.nan, 2.0]])


def test_thermal_video_in_colour_becomes_luminance(raw_image):
    colors = np.array([[(255, 0, 0), (0, 255, 0), (0, 0, 255), (80, 80, 80)]], dtype=np.uint8)
    result = thermal_picture(raw_image("rgb8", 4, colors.reshape(1, -1)))
    assert result.dtype == np.uint8
    expected = [round(0.299 * r + 0.587 * g + 0.114 * b) for r, g, b in colors[0].tolist()]
    assert result[0].tolist() == expected


def test_depth_units(raw_image):
    metres = np.array([[1.5, 0.0, -2.0, np.nan, np.inf, -np.inf]], dtype="<f4")
    result = depth_picture(raw_image("32FC1", 6, rows_of(metres)))
    assert result[0, 0] == 1.5
    assert np.isnan(result[0, 1:]).all()
    millimetres = np.array([[0, 1500, 65535]], dtype=">u2")
    result = depth_picture(raw_image("16UC1", 3, rows_of(millimetres), big=1))
    assert result.dtype == np.float32
    assert np.isnan(result[0, 0])
    np.testing.assert_allclose(result[0, 1:], [1.5, 65.535], rtol=1e-6)


@pytest.mark.parametrize("encoding", ["mono8", "rgb8"])
def test_what_is_no_depth(raw_image, encoding):
    message = raw_image(encoding, 1, np.zeros((1, 1 if encoding == "mono8" else 3)))
    with pytest.raises(InputError, match="32FC1 in metres or 16UC1 in millimetres"):
        depth_picture(message)


def test_labels(raw_image):
    labels = np.array([[0, 14], [3, 255]], dtype=np.uint8)
    np.testing.assert_array_equal(label_picture(raw_image("mono8", 2, labels)), labels)
    with pytest.raises(InputError, match="mono8"):
        label_picture(raw_image("mono16", 1, labels))
