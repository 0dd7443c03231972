"""Keeps one problem from filling the log."""

from __future__ import annotations

_QUIET_NS = 10_000_000_000


class Repeats:
    """Says whether a problem of some kind is to be logged again; for one thread."""

    def __init__(self) -> None:
        self._told_ns: dict[str, int] = {}

    def due(self, kind: str, now_ns: int) -> bool:
        """Whether nothing of that kind was logged within the last 10 s.

        Args:
            kind: few different words, such as the name of an exception.
            now_ns: steady clock, nanoseconds.
        """
        if now_ns - self._told_ns.get(kind, now_ns - _QUIET_NS) < _QUIET_NS:
            return False
        self._told_ns[kind] = now_ns
        return True
