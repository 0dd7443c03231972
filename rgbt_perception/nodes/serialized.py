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
        # The data's length stands before it, in a word; only single bytes may follow.
        kind: Any = type(self.message)
        place = len(bare) - _bytes_after_data(kind) - _WORD
        size = len(self.room.array).to_bytes(_WORD, "little" if bare[1] & 1 else "big")
        framed = self.room.framed(bare[:place] + size, bare[place + _WORD :])
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
        raise RgbtError(f"{publisher.topic_name}: cannot be published (rcl says {code})")


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


@cache
def _bytes_after_data(message_class: Any) -> int:
    fields = message_class.get_fields_and_field_types()
    names = list(fields)
    behind = names[names.index("data") + 1 :]
    assert fields["data"] == "sequence<uint8>", "a room holds bytes"
    assert all(fields[name] in _BYTES for name in behind), "what follows the data has no gaps"
    return len(behind)
