"""Builds ROS messages of rclpy's classes without copying pictures more often than needed."""

from __future__ import annotations

import array
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.hosting.message_room import ReusedRoom, Room
from rgbt_perception.nodes.serialized import RoomMessage

_TYPECODES = {np.dtype(np.uint8): "B", np.dtype(np.float64): "d"}


@cache
def message_class(type_name: str) -> Any:
    """The class of a type such as ``sensor_msgs/msg/Image``."""
    package, _, name = type_name.partition("/msg/")
    return getattr(import_module(f"{package}.msg"), name)


def type_name(message: Any) -> str:
    """The type of a class such as ``sensor_msgs.msg.Image``."""
    return f"{message.__module__.partition('.')[0]}/msg/{message.__name__}"


class RclpyFactory:
    """See ``MessageFactory``.

    rclpy's classes copy a sequence of numbers in the constructor and once more in the setter; a
    list or a NumPy array they even convert element by element (16 ms for a VGA picture). With
    their field checks on, the setter takes an ``array.array`` as it is, so every sequence is one
    and is set after construction: one copy in all.
    """

    def __init__(self, *, reuse: bool = False) -> None:
        """Start without room.

        Args:
            reuse: ``room`` gives the same memory again for the same size, and what was written
                there becomes a ``RoomMessage``. For a host that publishes a message, with
                ``serialized.publish``, before it makes the next one of that size.
        """
        self._reused = ReusedRoom() if reuse else None

    def make(self, type_name: str, **fields: Any) -> Any:
        """A message, or a ``RoomMessage`` where its data lies in a room.

        Args:
            type_name: e.g. ``sensor_msgs/msg/Image``.
            fields: its fields.
        """
        plain = {k: v for k, v in fields.items() if not isinstance(v, (array.array, Room))}
        message = message_class(type_name)(check_fields=True, **plain)
        room = None
        for name in fields.keys() - plain.keys():
            value = fields[name]
            if isinstance(value, Room):
                room = value
            else:
                setattr(message, name, value)
        return message if room is None else RoomMessage(message, room)

    def data(self, array_: npt.NDArray[Any]) -> array.array[Any] | Room:
        """A one-dimensional uint8 or float64 array as value of an unbounded sequence field."""
        room = None if self._reused is None else self._reused.of(array_)
        if room is not None:
            return room
        values: array.array[Any] = array.array(_TYPECODES[array_.dtype])
        values.frombytes(np.ascontiguousarray(array_).view(np.uint8).data)
        return values

    def room(self, size: int) -> npt.NDArray[np.uint8]:
        """See ``MessageFactory``."""
        return np.empty(size, np.uint8) if self._reused is None else self._reused.take(size)
