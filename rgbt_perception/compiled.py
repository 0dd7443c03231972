"""Loops over pixels, compiled by Numba where it is installed; without it nothing is compiled.

NumPy and OpenCV do one operation a pass over a picture; a compiled loop does all of a step's in
one. Every loop stands beside plain NumPy that gives the same result: that is what runs without
Numba (extra ``cpu``) or with NUMBA_DISABLE_JIT=1, and what its test compares it with.

The machine code is kept beside the source or, where that cannot be written to, in the user's cache
folder (NUMBA_CACHE_DIR names another one).
"""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Callable
from functools import cache
from typing import Any, Generic, ParamSpec

Parameters = ParamSpec("Parameters")
_lock = threading.Lock()


@cache
def compiles() -> bool:
    """Whether loops are compiled in this process."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return False
    return importlib.util.find_spec("numba") is not None


class CompiledLoop(Generic[Parameters]):
    """A function of arrays and numbers that writes its results into arrays.

    It is compiled at its first call, once for every combination of types, which takes about a
    second; later processes load what was kept. Other threads run meanwhile and while it runs.
    """

    def __init__(self, loop: Callable[Parameters, None]) -> None:
        self.plain = loop
        self._compiled: Callable[..., Any] | None = None

    def __call__(self, *args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        """Run it.

        Raises:
            ImportError: Numba is not installed; see ``compiles``.
        """
        if self._compiled is None:
            with _lock:
                if self._compiled is None:
                    self._compiled = _compile(self.plain)
        self._compiled(*args, **kwargs)


def compiled_loop(loop: Callable[Parameters, None]) -> CompiledLoop[Parameters]:
    """Decorator for a function in Numba's subset of Python."""
    return CompiledLoop(loop)


def _compile(loop: Callable[..., None]) -> Callable[..., Any]:
    import numba

    try:
        return numba.njit(loop, nogil=True, error_model="numpy", cache=True)
    except RuntimeError:  # no folder can be written to: compiled anew by every process
        return numba.njit(loop, nogil=True, error_model="numpy")
