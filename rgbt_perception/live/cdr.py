"""Messages as CDR that Cyclone DDS takes as it is: a cloud of 9 MB is not copied once more."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np
import numpy.typing as npt

from rgbt_perception.live.message_room import ReusedRoom, Room
from rgbt_perception.recording.types import RosbagsFactory

if TYPE_CHECKING:
    from rosbags.typesys.store import Typestore

_HEADER = 4  # representation and options
_WORD = 4
_LITTLE_ENDIAN = sys.byteorder == "little"
_NO_DATA = np.empty(0, np.uint8)
_BYTES = frozenset({"bool", "byte", "char", "int8", "octet", "uint8"})


class Cdr(np.ndarray[Any, np.dtype[np.uint8]]):
    """Bytes of CDR, padded to whole words as DDS wants them.

    Cyclone DDS' Python package pads whatever it is given with ``ljust``.
    """

    def ljust(self, width: SupportsIndex, fillchar: bytes | bytearray = b"\0", /) -> Cdr:
        """Itself, being long enough."""
        assert len(self) >= int(width)
        return self


class _RoomData(np.ndarray[Any, np.dtype[np.uint8]]):
    """The array of a room, as value of a message's field.

    Attributes:
        room: whose array it is.
    """

    room: Room


class CdrFactory(RosbagsFactory):
    """Builds messages of ``rosbags`` for a host that publishes each before it makes the next one.

    ``room`` gives the same memory again for the same size.
    """

    def __init__(self) -> None:
        """Start without room."""
        self._reused = ReusedRoom()

    def data(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A one-dimensional array as value of a sequence field: the array itself."""
        room = self._reused.of(array)
        if room is None:
            return array
        data = room.array.view(_RoomData)
        data.room = room
        return data

    def room(self, size: int) -> npt.NDArray[np.uint8]:
        """See ``MessageFactory``."""
        return self._reused.take(size)


def serialize(store: Typestore, message: Any, type_name: str) -> Cdr:
    """A message as CDR, with its header.

    Args:
        store: holds the definition.
        message: has the fields of the type. What was written to a room of ``CdrFactory`` is not
            copied: it is valid until something else is written there.
        type_name: e.g. ``sensor_msgs/msg/Image``.
    """
    data = getattr(message, "data", None)
    if isinstance(data, _RoomData):
        after = _bytes_after_data(store, type_name)
        if after is not None:
            framed = _framed(store, message, type_name, data.room, after)
            if framed is not None:
                return framed
    size = _HEADER + _size(store, message, type_name)
    # Fresh zeros: rosbags does not write the ends of strings.
    cdr = np.zeros(_padded(size), np.uint8)
    _write(store, message, type_name, cdr)
    return cdr.view(Cdr)


def _framed(store: Typestore, message: Any, type_name: str, room: Room, after: int) -> Cdr | None:
    """The same without a copy of the data, where it fits into its room."""
    bare = replace(message, data=_NO_DATA)
    size = _HEADER + _size(store, bare, type_name)
    rest = np.zeros(size, np.uint8)
    _write(store, bare, type_name, rest)
    # The data's length stands before it, in a word.
    place = size - after - _WORD
    length = len(room.array).to_bytes(_WORD, sys.byteorder)
    whole = size + len(room.array)
    padding = bytes(_padded(whole) - whole)
    framed = room.framed(rest[:place].tobytes() + length, rest[place + _WORD :].tobytes() + padding)
    return None if framed is None else framed.view(Cdr)


@cache
def _bytes_after_data(store: Typestore, type_name: str) -> int | None:
    """How many bytes follow a field ``data`` of bytes; None where that is not known ahead."""
    from rosbags.interfaces import Nodetype

    _, fields = store.fielddefs[type_name]
    names = [name for name, _ in fields]
    kind, detail = fields[names.index("data")][1]
    if kind != Nodetype.SEQUENCE or detail[0] != (Nodetype.BASE, ("uint8", 0)):
        return None
    behind = [definition for _, definition in fields[names.index("data") + 1 :]]
    if any(kind != Nodetype.BASE or detail[0] not in _BYTES for kind, detail in behind):
        return None
    return len(behind)


def _padded(size: int) -> int:
    return -(-size // _WORD) * _WORD


def _size(store: Typestore, message: Any, type_name: str) -> int:
    return int(store.get_msgdef(type_name).getsize_cdr(0, message, store))


def _write(store: Typestore, message: Any, type_name: str, cdr: npt.NDArray[np.uint8]) -> None:
    definition = store.get_msgdef(type_name)
    cdr[1] = _LITTLE_ENDIAN
    write = definition.serialize_cdr_le if _LITTLE_ENDIAN else definition.serialize_cdr_be
    write(cdr.data[_HEADER:], 0, message, store)
