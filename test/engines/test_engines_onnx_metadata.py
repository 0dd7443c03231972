from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.engines.choice import model_path
from rgbt_perception.engines.onnx_metadata import onnx_metadata
from rgbt_perception.engines.onnxruntime import OnnxRuntimeEngine
from rgbt_perception.errors import InputError


def field(number, content):
    """One field of bytes as protobuf writes it; everything here is shorter than 128 bytes."""
    key = number << 3 | 2
    return bytes([key, len(content)]) + content


def test_reads_what_onnxruntime_reads():
    path = model_path("confidence_depth")
    expected = OnnxRuntimeEngine(path, threads=1).metadata
    assert expected
    found = onnx_metadata(path.read_bytes())
    assert {**found, "file": path.name, "precision": "fp32"} == dict(expected)


def test_other_fields_are_skipped():
    version = bytes([1 << 3, 0x96, 0x01])  # a number of two bytes
    doubles = bytes([3 << 3 | 1]) + bytes(8)
    floats = bytes([4 << 3 | 5]) + bytes(4)
    pair = field(1, b"unit") + field(2, "\N{DEGREE SIGN}C".encode())
    content = version + field(7, b"graph") + doubles + field(14, pair) + floats
    assert onnx_metadata(content) == {"unit": "\N{DEGREE SIGN}C"}
    assert onnx_metadata(b"") == {}


@pytest.mark.parametrize(
    "content", [bytes([14 << 3 | 2, 5, 1]), bytes([0xFF] * 12), bytes([1 << 3 | 3])]
)
def test_what_is_no_protobuf_is_refused(content):
    with pytest.raises(InputError, match="no ONNX file"):
        onnx_metadata(content)


@given(st.binary(max_size=60))
def test_any_bytes_give_texts_or_one_error(content):
    try:
        found = onnx_metadata(content)
    except InputError:
        return
    assert all(isinstance(text, str) for pair in found.items() for text in pair)
