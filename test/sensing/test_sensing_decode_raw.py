from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.sensing.decode_raw import decode_raw, eight_bit

RNG = np.random.default_rng(7)
CHANNEL_ORDERS = {"rgb": "rgb", "bgr": "bgr", "rgba": "rgba", "bgra": "bgra"}


def rgb_of_yuv(y: int, u: int, v: int) -> tuple[int, int, int]:
    """BT.601, limited range, nothing darker than black."""
    luma = 255.0 / 219.0 * (max(y, 16) - 16)
    red = luma + 1.402 * 255.0 / 224.0 * (v - 128)
    blue = luma + 1.772 * 255.0 / 224.0 * (u - 128)
    green = (luma - 0.299 * red - 0.114 * blue) / 0.587
    return tuple(round(min(max(value, 0.0), 255.0)) for value in (red, green, blue))


def packed(values, order, big):
    return struct.pack((">" if big else "<") + order * len(values), *values)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("big", [0, 1])
@pytest.mark.parametrize("order", CHANNEL_ORDERS)
def test_channel_orders(raw_image, order, bits, big):
    colors = [(1, 2, 3), (250, 100, 0), (255, 0, 77), (9, 9, 200)]
    scale = 257 if bits == 16 else 1
    values = []
    for red, green, blue in colors:
        channel = {"r": red * scale, "g": green * scale, "b": blue * scale, "a": 13 * scale}
        values += [channel[name] for name in CHANNEL_ORDERS[order]]
    rows = np.frombuffer(packed(values, "H" if bits == 16 else "B", big), np.uint8).reshape(2, -1)
    result = decode_raw(raw_image(f"{order}{bits}", 2, rows, padding=3, big=big))
    assert result.dtype == np.uint8
    assert result.reshape(-1, 3).tolist() == [list(color) for color in colors]


@pytest.mark.parametrize(("encoding", "channels"), [("8UC3", 3), ("8UC4", 4), ("16UC3", 3)])
def test_unnamed_channels_are_bgr(raw_image, encoding, channels):
    pixel = [10, 20, 30, 255][:channels]
    if encoding.startswith("16"):
        rows = np.array([pixel], dtype="<u2") * 257
        rows = rows.astype("<u2").view(np.uint8)
    else:
        rows = np.array([pixel], dtype=np.uint8)
    assert decode_raw(raw_image(encoding, 1, rows)).tolist() == [[[30, 20, 10]]]


@pytest.mark.parametrize(
    ("encoding", "code", "dtype"),
    [
        ("mono8", "B", np.uint8),
        ("8UC1", "B", np.uint8),
        ("mono16", "H", np.uint16),
        ("16UC1", "H", np.uint16),
        ("32FC1", "f", np.float32),
        ("64FC1", "d", np.float64),
    ],
)
@pytest.mark.parametrize("big", [0, 1])
@pytest.mark.parametrize("padding", [0, 1, 8])
def test_single_channels_keep_their_values(raw_image, encoding, code, dtype, big, padding):
    values = [0, 1, 200, 255, 7, 130] if code == "B" else [0, 1, 2.5e4, 65535, 258, 40000]
    values = [float(v) if code in "fd" else int(v) for v in values]
    rows = np.frombuffer(packed(values, code, big), np.uint8).reshape(2, -1)
    result = decode_raw(raw_image(encoding, 3, rows, big=big, padding=padding))
    assert result.dtype == dtype
    assert result.dtype.isnative
    assert result.ravel().tolist() == values
    cv2.resize(result, (6, 4))  # whatever it is, OpenCV must take it


@pytest.mark.parametrize(
    ("encoding", "order"),
    [("yuv422", "uyvy"), ("uyvy", "uyvy"), ("yuv422_yuy2", "yuyv"), ("yuyv", "yuyv")],
)
@given(data=st.data())
def test_yuv422(raw_image, encoding, order, data):
    numbers = st.integers(0, 255)
    u, v = data.draw(numbers), data.draw(numbers)
    lumas = [data.draw(numbers), data.draw(numbers)]
    next_luma = iter(lumas)
    row = [{"y": next_luma, "u": iter([u]), "v": iter([v])}[name].__next__() for name in order]
    result = decode_raw(raw_image(encoding, 2, [row, row], padding=2))
    expected = np.array([rgb_of_yuv(y, u, v) for y in lumas])
    assert np.abs(result - expected[None].astype(int)).max() <= 1


@pytest.mark.parametrize(("encoding", "order"), [("nv12", "uv"), ("nv21", "vu")])
@pytest.mark.parametrize("padding", [0, 3])
def test_nv12_and_nv21(raw_image, encoding, order, padding):
    width, height = 6, 4
    luma = RNG.integers(0, 256, (height, width))
    chroma = {"u": RNG.integers(0, 256, (2, 3)), "v": RNG.integers(0, 256, (2, 3))}
    plane = np.stack([chroma[name] for name in order], axis=-1).reshape(2, width)
    message = raw_image(encoding, width, np.vstack([luma, plane]), height=height, padding=padding)
    result = decode_raw(message).astype(int)
    assert result.shape == (height, width, 3)
    for row in range(height):
        for column in range(width):
            u, v = chroma["u"][row // 2, column // 2], chroma["v"][row // 2, column // 2]
            expected = rgb_of_yuv(luma[row, column], u, v)
            assert np.abs(result[row, column] - expected).max() <= 1


@pytest.mark.parametrize("padding", [0, 2])
def test_nv24_has_colour_for_every_pixel(raw_image, padding):
    width, height = 5, 3
    luma, u, v = RNG.integers(0, 256, (3, height, width))
    message = raw_image("nv24", width, luma, padding=padding)
    pairs = np.stack([u, v], axis=-1).reshape(height, 2 * width)
    rows = np.hstack([pairs, np.zeros((height, 2 * padding))]).astype(np.uint8)
    message.data += rows.tobytes()
    result = decode_raw(message).astype(int)
    for row in range(height):
        for column in range(width):
            expected = rgb_of_yuv(luma[row, column], u[row, column], v[row, column])
            assert np.abs(result[row, column] - expected).max() <= 1


@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("big", [0, 1])
@pytest.mark.parametrize("shape", [(3, 3), (6, 8), (7, 5)])
def test_bayer_of_one_colour(raw_image, pattern, bits, big, shape):
    color = {"r": 200, "g": 90, "b": 30}
    scale = 257 if bits == 16 else 1
    mosaic = np.zeros(shape, dtype=np.uint16)
    for row in range(shape[0]):
        for column in range(shape[1]):
            mosaic[row, column] = color[pattern[2 * (row % 2) + column % 2]] * scale
    kind = (">" if big else "<") + ("u2" if bits == 16 else "u1")
    rows = mosaic.astype(kind).view(np.uint8).reshape(shape[0], -1)
    result = decode_raw(raw_image(f"bayer_{pattern}{bits}", shape[1], rows, big=big, padding=1))
    # Every neighbour that demosaicing averages has the same value, so the result is exact.
    np.testing.assert_array_equal(result, np.broadcast_to([200, 90, 30], (*shape, 3)))


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("rggb", cv2.COLOR_BayerBG2RGB),
        ("bggr", cv2.COLOR_BayerRG2RGB),
        ("gbrg", cv2.COLOR_BayerGR2RGB),
        ("grbg", cv2.COLOR_BayerGB2RGB),
    ],
)
def test_bayer_of_a_picture(raw_image, pattern, code):
    mosaic = RNG.integers(0, 256, (12, 10), dtype=np.uint8)
    result = decode_raw(raw_image(f"bayer_{pattern}8", 10, mosaic, padding=6))
    np.testing.assert_array_equal(result, cv2.cvtColor(mosaic, code))


def test_sixteen_bits_round_to_eight():
    values = np.arange(65536, dtype=np.uint16)[None]
    expected = [(value * 255 + 32767) // 65535 for value in range(65536)]
    assert eight_bit(values)[0].tolist() == expected
