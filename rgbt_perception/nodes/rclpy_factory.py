"""Builds ROS messages of rclpy's classes without copying pictures more often than needed."""

from __future__ import annotations

import array
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

_TYPECODES = {np.dtype(np.uint8): "B", np.dtype(np.float64): "d"}


@cache
def message_class(type_name: str) -> Any:
    """The class of a type such as ``sensor_msgs/msg/Image``."""
    package, _, name = type_name.partition("/msg/")
    return getattr(import_module(f"{package}.msg"), name)


def type_name(message: Any) -> str:
    """The type of a class such as ``sensor_msgs.msg.Image``."""
    return f"{message.__module__.partition('.')[0]}/msg/{message.__name__}"


class _Room:
    """Bytes as Python's array and as NumPy's."""

    def __init__(self, size: int) -> None:
        self.values: array.array[int] = array.array("B", b"\0") * size
        self.array: npt.NDArray[np.uint8] = np.frombuffer(self.values, np.uint8)
        self.address = self.array.ctypes.data


class RclpyFactory:
    """See ``MessageFactory``.

    rclpy's classes copy a sequence of numbers in the constructor and once more in the setter; a
    list or a NumPy array they even convert element by element (16 ms for a VGA picture). With
    their field checks on, the setter takes an ``array.array`` as it is, so every sequence is one
    and is set after construction: one copy in all, or none of what was written to a ``room``.
    """

    def __init__(self, *, reuse: bool = False) -> None:
        """Start without room.

        Args:
            reuse: ``room`` gives the same memory again for the same size. For a host that has
                published a message, which serialises it, before it makes the next one of that
                size.
        """
        self._reuse = reuse
        self._room: _Room | None = None

    def make(self, type_name: str, **fields: Any) -> Any:
        """A message.

        Args:
            type_name: e.g. ``sensor_msgs/msg/Image``.
            fields: its fields.
        """
        plain = {k: v for k, v in fields.items() if not isinstance(v, array.array)}
        message = message_class(type_name)(check_fields=True, **plain)
        for name, value in fields.items():
            if name not in plain:
                setattr(message, name, value)
        return message

    def data(self, array_: npt.NDArray[Any]) -> array.array[Any]:
        """A one-dimensional uint8 or float64 array as value of an unbounded sequence field."""
        room = self._room
        if room is not None and array_.ctypes.data == room.address:
            assert array_.nbytes == len(room.values), "a room is given back as a whole"
            return room.values
        values: array.array[Any] = array.array(_TYPECODES[array_.dtype])
        values.frombytes(np.ascontiguousarray(array_).view(np.uint8).data)
        return values

    def room(self, size: int) -> npt.NDArray[np.uint8]:
        """See ``MessageFactory``; what was given before is forgotten."""
        room = self._room
        if room is None or not self._reuse or len(room.values) != size:
            room = self._room = _Room(size)
        return room.array
