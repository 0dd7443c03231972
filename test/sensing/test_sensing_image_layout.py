from __future__ import annotations

import array
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.errors import InputError
from rgbt_perception.sensing.decode import color_picture, depth_picture, thermal_picture
from rgbt_perception.sensing.image_layout import LAYOUTS, first_plane, message_bytes


def test_a_view_of_the_message_is_not_copied(raw_image):
    message = raw_image("rgb8", 4, np.arange(36).reshape(3, 12), padding=5)
    message.data = np.frombuffer(message.data, dtype=np.uint8)
    assert np.shares_memory(first_plane(message), message.data)


@pytest.mark.parametrize("kind", [bytes, bytearray, lambda b: array.array("B", b), np.frombuffer])
def test_every_kind_of_data_field_is_read(kind):
    data = (
        kind(b"\x01\x02\x03") if kind is not np.frombuffer else np.frombuffer(b"\1\2\3", np.uint8)
    )
    assert message_bytes(SimpleNamespace(data=data)).tolist() == [1, 2, 3]


@given(
    padding=st.integers(0, 9),
    width=st.integers(1, 7),
    height=st.integers(1, 7),
    seed=st.integers(0),
)
def test_row_padding_never_shows(raw_image, padding, width, height, seed):
    pixels = np.random.default_rng(seed).integers(0, 65536, (height, width), dtype=np.uint16)
    rows = pixels.astype("<u2").view(np.uint8).reshape(height, -1)
    result = first_plane(raw_image("16UC1", width, rows, padding=padding))
    assert result.dtype == np.uint16
    assert result.dtype.isnative
    np.testing.assert_array_equal(result, pixels)


def errors_of(message):
    with pytest.raises(InputError) as caught:
        first_plane(message)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"step": 0}, "step of at least 12 bytes"),
        ({"step": 11}, "step of at least 12 bytes"),
        ({"data": bytes(35)}, "expected 36 bytes"),
        ({"data": bytes(37)}, "expected 36 bytes"),
        ({"data": b""}, "expected 36 bytes"),
        ({"width": 0}, "at least 1 rows and columns"),
        ({"height": 0}, "at least 1 rows and columns"),
        ({"encoding": "rgb9"}, "unknown encoding"),
        ({"encoding": ""}, "unknown encoding"),
        ({"encoding": "mono16", "data": bytes(20), "step": 4}, "step of at least 8 bytes"),
        ({"encoding": "bayer_rggb8", "height": 2}, "at least 3 rows"),
        ({"encoding": "yuyv", "width": 3}, "even width"),
        ({"encoding": "nv12"}, "even width and height"),
        ({"encoding": "nv24", "step": 4}, "expected 36 bytes"),
    ],
)
def test_contradictions_are_named(raw_image, change, expected):
    message = raw_image("rgb8", 4, np.zeros((3, 12)))
    for name, value in change.items():
        setattr(message, name, value)
    if change.get("encoding") == "nv24":
        message.data = bytes(35)
    text = errors_of(message)
    assert expected in text
    assert repr(message.encoding) in text
    assert f"{message.width}x{message.height}" in text
    assert f"step {message.step}" in text
    assert f"{len(message.data)} bytes" in text
    assert "'camera'" in text


@given(
    encoding=st.sampled_from([*LAYOUTS, "", "rgb", "8UC2"]),
    width=st.integers(0, 9),
    height=st.integers(0, 9),
    step=st.integers(0, 80),
    big=st.integers(0, 1),
    length=st.one_of(st.none(), st.integers(0, 900)),
)
def test_garbage_is_refused_or_decoded_but_never_crashes(
    encoding, width, height, step, big, length
):
    planes = LAYOUTS[encoding].planes if encoding in LAYOUTS else 2
    size = height * step * planes // 2 if length is None else length
    message = SimpleNamespace(
        header=SimpleNamespace(frame_id=""),
        encoding=encoding,
        width=width,
        height=height,
        step=step,
        is_bigendian=big,
        data=(np.arange(size) % 251).astype(np.uint8),
    )
    for decode, channels in ((color_picture, (3,)), (thermal_picture, ()), (depth_picture, ())):
        try:
            picture = decode(message)
        except InputError:
            continue
        assert picture.shape == (height, width, *channels)


@given(st.integers(1, 2**32 - 1), st.integers(1, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_huge_sizes_are_refused_at_once(width, height, step):
    message = SimpleNamespace(
        header=SimpleNamespace(frame_id=""),
        encoding="bgr8",
        width=width,
        height=height,
        step=step,
        is_bigendian=0,
        data=b"ab",
    )
    errors_of(message)
