"""Loops over pixels, compiled by Numba where it is installed; without it nothing is compiled.

NumPy and OpenCV do one operation a pass over a picture; a compiled loop does all of a step's in
one. Every loop stands beside plain NumPy that gives the same result: that is what runs without
Numba (extra ``cpu``) or with NUMBA_DISABLE_JIT=1, and what its test compares it with.

The machine code is kept beside the source or, where that cannot be written to, in the user's cache
folder (NUMBA_CACHE_DIR names another one).
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import cache
from typing import Any, Generic, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T", bound=np.generic)
Parameters = ParamSpec("Parameters")
_log = logging.getLogger(__name__)
_lock = threading.Lock()
_plain = ContextVar("plain", default=False)


def compiles() -> bool:
    """Whether loops are compiled in this process."""
    return _is_there() and not _plain.get()


@contextlib.contextmanager
def without_loops() -> Iterator[None]:
    """In this thread everything goes the plain way meanwhile."""
    before = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(before)


@cache
def _is_there() -> bool:
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return False
    if importlib.util.find_spec("numba") is None:
        return False
    try:
        import numba  # noqa: F401
    except Exception as error:  # as where it does not fit to NumPy
        _log.warning("loops are not compiled: numba does not load (%s)", error)
        return False
    return True


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
        try:
            self._compiled(*args, **kwargs)
        except (EOFError, pickle.UnpicklingError, OSError) as error:
            # What was kept is damaged or cannot be kept; the loop has not begun.
            _log.warning("a loop is compiled anew: its kept code cannot be used (%r)", error)
            self._compiled = _compile(self.plain, keep=False)
            self._compiled(*args, **kwargs)


def compiled_loop(loop: Callable[Parameters, None]) -> CompiledLoop[Parameters]:
    """Decorator for a function in Numba's subset of Python."""
    return CompiledLoop(loop)


def prepared(array: npt.NDArray[T]) -> npt.NDArray[T]:
    """An array as loops take it: contiguous and, so that it is of one type with others, writeable.

    Itself where it is; else a copy, which costs less than compiling for another type.
    """
    return np.require(array, requirements=["C", "W"])


def _compile(loop: Callable[..., None], *, keep: bool = True) -> Callable[..., Any]:
    import numba

    if keep:
        # No folder that can be written to: compiled anew by every process.
        with contextlib.suppress(RuntimeError):
            return numba.njit(loop, nogil=True, error_model="numpy", cache=True)
    return numba.njit(loop, nogil=True, error_model="numpy")
