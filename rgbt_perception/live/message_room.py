"""Memory in which the bytes of a large message become the whole message on the wire, uncopied."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

# Header, stamp, frame and a cloud's list of fields take about 300 bytes.
_BEFORE = 4096
_AFTER = 64


class Room:
    """Bytes of a message's ``data``, with space before and after for the rest of its CDR.

    Attributes:
        array: (size,) uint8 for the data.
    """

    def __init__(self, size: int) -> None:
        """Take memory for so many bytes; what lies there is undefined."""
        self._memory: npt.NDArray[np.uint8] = np.empty(_BEFORE + size + _AFTER, np.uint8)
        self.array = self._memory[_BEFORE : _BEFORE + size]
        self._address = self.array.ctypes.data

    def holds(self, array: npt.NDArray[Any]) -> bool:
        """Whether an array is that memory, as a whole."""
        return array.nbytes == self.array.nbytes and array.ctypes.data == self._address

    def framed(self, before: bytes, after: bytes) -> npt.NDArray[np.uint8] | None:
        """The data with other bytes round it.

        Args:
            before: up to the data.
            after: what follows it.

        Returns:
            (N,) uint8, a view; None when there is no space for so much.
        """
        if len(before) > _BEFORE or len(after) > _AFTER:
            return None
        start, end = _BEFORE - len(before), _BEFORE + len(self.array)
        self._memory[start:_BEFORE] = np.frombuffer(before, np.uint8)
        self._memory[end : end + len(after)] = np.frombuffer(after, np.uint8)
        return self._memory[start : end + len(after)]


class ReusedRoom:
    """The same memory for each message of the same size."""

    def __init__(self) -> None:
        """Start without any."""
        self._room: Room | None = None

    def take(self, size: int) -> npt.NDArray[np.uint8]:
        """(size,) uint8; what was taken before is overwritten or forgotten."""
        if self._room is None or len(self._room.array) != size:
            self._room = Room(size)
        return self._room.array

    def of(self, array: npt.NDArray[Any]) -> Room | None:
        """The room that an array was taken from, None for other arrays."""
        room = self._room
        return room if room is not None and room.holds(array) else None
