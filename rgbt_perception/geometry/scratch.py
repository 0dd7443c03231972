"""Room for intermediate results that is used again for every picture.

Fresh memory of a picture's size costs more than what is computed in it: the system hands it out
page by page, cleared, and it lies in no cache.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt


class Scratch(threading.local):
    """Arrays by name, each thread's its own.

    For what a function needs until it returns; results are allocated as ever.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, npt.NDArray[Any]] = {}

    def floats(self, name: str, *shape: int) -> npt.NDArray[np.float32]:
        """A float32 array of this shape; what is in it is left over from an earlier call."""
        return self._array(name, shape, np.dtype(np.float32))

    def levels(self, name: str, *shape: int) -> npt.NDArray[np.uint8]:
        """As ``floats``, of 8 bits."""
        return self._array(name, shape, np.dtype(np.uint8))

    def indices(self, name: str, *shape: int) -> npt.NDArray[np.intp]:
        """As ``floats``, of NumPy's type for indices."""
        return self._array(name, shape, np.dtype(np.intp))

    def _array(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        array = self._arrays.get(name)
        if array is None or array.shape != shape or array.dtype != dtype:
            array = self._arrays[name] = np.zeros(shape, dtype)
        return array
