"""Keeps Ctrl-C out of a section that must not be left half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let a Ctrl-C that arrives inside the block take effect after it.

    Signals reach the main thread only, so in other threads there is nothing to do.
    """
    previous = signal.getsignal(signal.SIGINT)
    # None: a handler that is not Python's and could not be put back.
    if threading.current_thread() is not threading.main_thread() or previous is None:
        yield
        return
    arrived: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda number, frame: arrived.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
        if arrived and callable(previous):
            previous(*arrived[0])
