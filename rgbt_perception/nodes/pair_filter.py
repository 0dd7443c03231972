"""Our pairing in time as a filter of message_filters."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from message_filters import SimpleFilter

from rgbt_perception.frames import Modality
from rgbt_perception.sensing.match import Match


class Pairing(Protocol):
    """What decides: a ``Session`` does."""

    def pair(self, modality: Modality, message: Any, now_ns: int) -> list[Match[Any]]:
        """Take a picture."""

    def wait(self, now_ns: int) -> list[Match[Any]]:
        """Let time pass without a picture."""


class PairFilter(SimpleFilter):
    """Signals one ``Match`` per pair, or per single picture while the other camera is lost.

    Unlike the stock synchronisers it goes on after an exception in a callback, after a backward
    jump of the stamps and without one of the cameras, and counts what it drops. Matches come in
    order of time whatever threads the pictures come in.
    """

    def __init__(
        self,
        pairing: Pairing,
        rgb: SimpleFilter,
        thermal: SimpleFilter,
        clock: Callable[[], int] = time.monotonic_ns,
        order: AbstractContextManager[Any] | None = None,
    ) -> None:
        """Connect to the two cameras.

        Args:
            pairing: holds the queues; used from whatever thread the messages come in.
            rgb, thermal: filters that signal pictures with a header.
            clock: steady, nanoseconds.
            order: lock that is held from pairing to the return of the callbacks; that of others
                who let the same pairing advance. None makes one.
        """
        super().__init__()
        self._pairing = pairing
        self._clock = clock
        self._order = threading.Lock() if order is None else order
        rgb.registerCallback(self.add, Modality.RGB)
        thermal.registerCallback(self.add, Modality.THERMAL)

    def add(self, message: Any, modality: Modality) -> None:
        """Take a picture and signal what is settled now."""
        with self._order:
            self._signal(self._pairing.pair(modality, message, self._clock()))

    def advance(self) -> None:
        """Let time pass: a silent camera becomes a lost one."""
        with self._order:
            self._signal(self._pairing.wait(self._clock()))

    def _signal(self, matches: list[Match[Any]]) -> None:
        for match in matches:
            self.signalMessage(match)
