from __future__ import annotations

import contextlib
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbt_perception.errors import InputError
from rgbt_perception.sensing.decode import (
    color_picture,
    depth_picture,
    label_picture,
    thermal_picture,
)

RNG = np.random.default_rng(3)
COLOR = RNG.integers(0, 256, (6, 8, 3), dtype=np.uint8)
SIXTEEN = RNG.integers(0, 65536, (6, 8), dtype=np.uint16)


def png(picture):
    return cv2.imencode(".png", picture)[1].tobytes()


def jpeg(picture, quality=95):
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


@pytest.mark.parametrize("text", ["rgb8; png compressed bgr8", "bgr8; png compressed bgr8", "png"])
def test_png_colour_is_exact(compressed_image, text):
    np.testing.assert_array_equal(
        color_picture(compressed_image(text, png(COLOR[..., ::-1]))), COLOR
    )


@pytest.mark.parametrize("text", ["rgb8; jpeg compressed bgr8", "jpeg", "jpg"])
def test_jpeg_colour_is_close(compressed_image, text):
    flat = np.full((16, 16, 3), (30, 90, 200), dtype=np.uint8)
    result = color_picture(compressed_image(text, jpeg(flat[..., ::-1]))).astype(int)
    assert np.abs(result - flat).max() <= 3


def test_jpeg_that_was_encoded_as_rgb(compressed_image):
    message = compressed_image("rgb8; png compressed rgb8", png(COLOR))
    np.testing.assert_array_equal(color_picture(message), COLOR)


@pytest.mark.parametrize("text", ["mono16; png compressed ", "16UC1; png compressed", "png"])
def test_sixteen_bit_png_stays_sixteen_bit(compressed_image, text):
    result = thermal_picture(compressed_image(text, png(SIXTEEN)))
    assert result.dtype == np.uint16
    np.testing.assert_array_equal(result, SIXTEEN)


def test_sixteen_bit_colour_and_alpha(compressed_image):
    deep = COLOR.astype(np.uint16) * 257
    np.testing.assert_array_equal(
        color_picture(compressed_image("rgb16; png compressed bgr16", png(deep[..., ::-1]))), COLOR
    )
    clear = np.dstack([COLOR[..., ::-1], np.full((6, 8), 9, np.uint8)])
    np.testing.assert_array_equal(color_picture(compressed_image("png", png(clear))), COLOR)


def test_mosaic_in_png(compressed_image):
    mosaic = np.full((6, 8), 10, dtype=np.uint8)
    mosaic[::2, ::2] = 200
    result = color_picture(compressed_image("bayer_rggb8; png compressed ", png(mosaic)))
    assert (result == (200, 10, 10)).all()


def test_labels_in_png(compressed_image):
    labels = RNG.integers(0, 15, (6, 8), dtype=np.uint8)
    result = label_picture(compressed_image("mono8; png compressed ", png(labels)))
    np.testing.assert_array_equal(result, labels)


def depth_header(z0, farthest):
    return struct.pack("<iff", 1, z0, farthest)


@pytest.mark.parametrize("text", ["32FC1; compressedDepth png", "32FC1; compressedDepth"])
def test_inverse_depth(compressed_image, text):
    steps = RNG.integers(1, 65536, (6, 8), dtype=np.uint16)
    steps[0, 0] = 0
    result = depth_picture(compressed_image(text, depth_header(100.0, 10.0) + png(steps)))
    a = 100.0 * 101.0
    b = 1.0 - a / 10.0
    for row in range(6):
        for column in range(8):
            if steps[row, column] == 0:
                assert np.isnan(result[row, column])
            else:
                expected = a / (int(steps[row, column]) - b)
                assert result[row, column] == pytest.approx(expected, rel=1e-6)


def test_millimetres(compressed_image):
    steps = np.array([[0, 1, 1500, 65535]] * 4, dtype=np.uint16)
    message = compressed_image("16UC1; compressedDepth png", depth_header(0, 0) + png(steps))
    result = depth_picture(message)
    assert np.isnan(result[:, 0]).all()
    np.testing.assert_allclose(result[0, 1:], [0.001, 1.5, 65.535], rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "data", "expected"),
    [
        ("png", b"", "JPEG or PNG"),
        ("jpeg", b"not a picture", "JPEG or PNG"),
        ("png", png(SIXTEEN)[:60], "cut off"),
        ("png", png(SIXTEEN)[:-12], "cut off"),
        ("jpeg", jpeg(COLOR)[:-2], "cut off"),
        ("jpeg", jpeg(COLOR)[: len(jpeg(COLOR)) // 2], "cut off"),
        ("jpeg", b"\xff\xd8\xff\xd9", "broken"),
        ("png", png(SIXTEEN)[:60] + b"??" + png(SIXTEEN)[62:], "checksum"),
        ("png", png(SIXTEEN)[:33] + b"\xff" + png(SIXTEEN)[34:], "cut off"),
        ("png", png(SIXTEEN)[:8] + png(SIXTEEN)[33:], "begins with"),
        ("png", png(SIXTEEN)[:33] + png(SIXTEEN)[-12:], "broken"),
        ("32FC1; compressedDepth png", b"", "12-byte header"),
        ("32FC1; compressedDepth png", depth_header(100, 10), "12-byte header"),
        ("32FC1; compressedDepth png", depth_header(100, 10) + b"x", "JPEG or PNG"),
        ("32FC1; compressedDepth png", depth_header(0, 10) + png(SIXTEEN), "quantisation 0"),
        ("32FC1; compressedDepth png", depth_header(9, np.nan) + png(SIXTEEN), "depth_max nan"),
        ("32FC1; compressedDepth png", depth_header(9, 9) + png(COLOR), "16-bit channel"),
        ("32FC1; compressedDepth rvl", depth_header(9, 9) + b"abcdefghi", "rvl"),
        ("rgb8; compressedDepth png", depth_header(9, 9) + png(SIXTEEN), "'32FC1; compressedDepth"),
    ],
)
def test_broken_data_is_named(compressed_image, text, data, expected):
    with pytest.raises(InputError) as caught:
        depth_picture(compressed_image(text, data))
    assert expected in str(caught.value)
    assert repr(text) in str(caught.value)
    assert "'camera'" in str(caught.value)
    assert "\n" not in str(caught.value)


@settings(deadline=None)
@given(
    text=st.sampled_from(["png", "mono16; png compressed ", "32FC1; compressedDepth png", "a;b;c"]),
    start=st.sampled_from([b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n"]),
    body=st.binary(max_size=60),
    end=st.sampled_from([b"", b"\xff\xd9", b"IEND"]),
)
def test_garbage_is_refused(compressed_image, text, start, body, end):
    header = depth_header(100, 10) if "Depth" in text else b""
    with pytest.raises(InputError):
        thermal_picture(compressed_image(text, header + start + body + end))


@settings(deadline=None)
@given(place=st.integers(0, 10_000), value=st.integers(1, 255))
def test_a_flipped_byte_is_refused_in_png_and_survived_in_jpeg(compressed_image, place, value):
    data = bytearray(jpeg(COLOR))
    data[place % len(data)] ^= value
    with contextlib.suppress(InputError):
        assert thermal_picture(compressed_image("jpeg", data)).ndim == 2
    data = bytearray(png(SIXTEEN))
    data[place % len(data)] ^= value
    with pytest.raises(InputError):
        thermal_picture(compressed_image("png", data))
