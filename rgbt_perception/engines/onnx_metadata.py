"""Text properties of an ONNX file, read without an ONNX library.

Runtimes other than ONNX Runtime do not hand them on. Of the file (a protobuf message, ModelProto of
onnx.proto) only ``metadata_props`` is looked at: field 14, pairs of key (1) and value (2).
"""

from __future__ import annotations

from collections.abc import Iterator

from rgbt_perception.errors import InputError

_METADATA_PROPS = 14
_KEY, _VALUE = 1, 2
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10


def onnx_metadata(content: bytes) -> dict[str, str]:
    """The properties by name; none for a file without any.

    Args:
        content: of an ONNX file.

    Raises:
        InputError: it is no protobuf message.
    """
    found: dict[str, str] = {}
    view = memoryview(content)
    for number, value in _fields(view):
        if number == _METADATA_PROPS:
            parts = dict(_fields(value))
            found[_text(parts.get(_KEY))] = _text(parts.get(_VALUE))
    return found


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and content of every field that holds bytes; the others are skipped."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind = key & 7
        if kind == _VARINT:
            _, place = _varint(message, place)
            continue
        if kind == _BYTES:
            length, place = _varint(message, place)
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            raise InputError(f"no ONNX file: field of kind {kind} at byte {place}")
        end = place + length
        if end > len(message):
            raise InputError(f"no ONNX file: it ends within the field at byte {place}")
        if kind == _BYTES:
            yield key >> 3, message[place:end]
        place = end


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """A number of 7 bits a byte, least significant first, and where it ends."""
    value = 0
    for shift in range(_LONGEST_VARINT):
        if place >= len(message):
            break
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return value, place
    raise InputError(f"no ONNX file: no number at byte {place}")


def _text(value: memoryview | None) -> str:
    return "" if value is None else bytes(value).decode("utf-8", "replace")
