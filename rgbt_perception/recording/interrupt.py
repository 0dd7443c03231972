"""Keeps Ctrl-C, and what ends a service, out of a section that must not be left half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let a Ctrl-C or a SIGTERM that arrives inside the block take effect after it.

    Signals reach the main thread only, so in other threads there is nothing to do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    found = {number: signal.getsignal(number) for number in _SIGNALS}
    # None: a handler that is not Python's and could not be put back.
    previous = {number: handler for number, handler in found.items() if handler is not None}
    arrived: list[int] = []
    for number in previous:
        signal.signal(number, lambda number, frame: arrived.append(number))
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        if arrived:
            signal.raise_signal(arrived[0])
