"""Large messages to rclpy's publishers as finished CDR, which ROS copies once instead of twice.

rclpy converts a message to a C structure, and the middleware serialises that: at 9 MB a message
each costs time. ``Publisher.publish`` also takes bytes, but copies them too, and holds the
interpreter's lock while it sends. The function of rcl below it takes any memory.
"""

from __future__ import annotations

import array
import ctypes
import logging
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.errors import RgbtError
from rgbt_perception.hosting.message_room import Room

_log = logging.getLogger(__name__)
_WORD = 4
_BYTES = frozenset({"boolean", "byte", "char", "int8", "octet", "uint8"})


@dataclass(frozen=True)
class RoomMessage:
    """A message whose ``data`` lies in a room.

    Attributes:
        message: all of it but the data, which is empty.
        room: the data.
    """

    message: Any
    room: Room

    def cdr(self) -> npt.NDArray[np.uint8]:
        """The whole message, serialised; valid until something else is written to the room."""
        from rclpy.serialization import serialize_message

        bare = serialize_message(self.message)
        kind: Any = type(self.message)
        before, after = _round_data(bare, kind, len(self.room.array))
        framed = self.room.framed(before, after) if _is_laid_out(kind) else None
        if framed is not None:
            return framed
        self.message.data = array.array("B", self.room.array.tobytes())
        return np.frombuffer(serialize_message(self.message), np.uint8)


def serialized(message: Any) -> Any:
    """A message of rclpy, or one whose data lies in a room, as CDR."""
    from rclpy.serialization import serialize_message

    return message.cdr() if isinstance(message, RoomMessage) else serialize_message(message)


def publish(publisher: Any, message: Any) -> None:
    """Send a message of rclpy, or one whose data lies in a room."""
    if isinstance(message, RoomMessage):
        publish_cdr(publisher, message.cdr())
    else:
        publisher.publish(message)


def publish_cdr(publisher: Any, cdr: npt.NDArray[np.uint8]) -> None:
    """Send a message that is CDR already, with its header; (N,) uint8, contiguous.

    Raises:
        RgbtError: rcl refuses.
    """
    send = _rcl_publish()
    if send is None:
        publisher.publish(cdr.tobytes())
        return
    sample = _SerializedMessage(cdr.ctypes.data, len(cdr), len(cdr))
    with publisher.handle:
        code = send(publisher.handle.pointer, ctypes.byref(sample), None)
    if code:
        said = f"rcl says {code}: {_taken_rcl_error()}"
        raise RgbtError(f"{publisher.topic_name}: cannot be published ({said})")


class _SerializedMessage(ctypes.Structure):
    """rcl_serialized_message_t; only read, so that the allocator stays empty."""

    _fields_ = (
        ("buffer", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("capacity", ctypes.c_size_t),
        ("allocator", ctypes.c_void_p * 5),
    )


@cache
def _rcl_publish() -> Any:
    """rcl_publish_serialized_message of the library that rclpy has loaded; None without it."""
    try:
        send = ctypes.CDLL("librcl.so").rcl_publish_serialized_message
    except (OSError, AttributeError) as error:
        _log.info("clouds are published as bytes: %s", error)
        return None
    send.restype = ctypes.c_int
    send.argtypes = (ctypes.c_void_p, ctypes.POINTER(_SerializedMessage), ctypes.c_void_p)
    return send


class _ErrorString(ctypes.Structure):
    """rcutils_error_string_t."""

    _fields_ = (("text", ctypes.c_char * 1024),)


def _taken_rcl_error() -> str:
    """Why the last call of this thread failed; what is not taken, the next failure complains of."""
    try:
        rcutils = ctypes.CDLL("librcutils.so")
        tell, reset = rcutils.rcutils_get_error_string, rcutils.rcutils_reset_error
    except (OSError, AttributeError):
        return "no reason given"
    tell.restype, reset.restype = _ErrorString, None
    text = tell().text.decode(errors="replace")
    reset()
    return " ".join(text.split())


def _round_data(bare: bytes, message_class: Any, size: int) -> tuple[bytes, bytes]:
    """What stands before and after so many bytes of data, given the message without them.

    The data's length stands before it, in a word; only single bytes may follow.
    """
    place = len(bare) - _bytes_after_data(message_class) - _WORD
    length = size.to_bytes(_WORD, "little" if bare[1] & 1 else "big")
    return bare[:place] + length, bare[place + _WORD :]


@cache
def _is_laid_out(message_class: Any) -> bool:
    """Whether the middleware in use writes such a message as ``_round_data`` takes it to."""
    from rclpy.serialization import serialize_message

    message = message_class()
    before, after = _round_data(serialize_message(message), message_class, 1)
    message.data = array.array("B", b"\xa5")
    fits = bool(before + b"\xa5" + after == serialize_message(message))
    if not fits:
        _log.info("clouds are copied once more: the middleware lays them out otherwise")
    return fits


@cache
def _bytes_after_data(message_class: Any) -> int:
    fields = message_class.get_fields_and_field_types()
    names = list(fields)
    behind = names[names.index("data") + 1 :]
    assert fields["data"] == "sequence<uint8>", "a room holds bytes"
    assert all(fields[name] in _BYTES for name in behind), "what follows the data has no gaps"
    return len(behind)
