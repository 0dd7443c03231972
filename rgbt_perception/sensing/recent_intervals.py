"""The usual interval between the events of one stream."""

from __future__ import annotations

from collections import deque

_WINDOW = 15
_KNOWN_FROM = 2


class RecentIntervals:
    """A running estimate of a stream's interval, nanoseconds.

    The estimate is the lower quartile of the last 15 intervals (ours). Dropped frames lengthen
    some intervals and leave the lower quartile alone until three of four are dropped; too small
    an estimate only costs waiting, too large a one would cost pairing with the wrong frame.
    """

    def __init__(self) -> None:
        self._values: deque[int] = deque(maxlen=_WINDOW)
        self.usual_ns = 0

    def add(self, interval_ns: int) -> None:
        """Take one more interval; zero and negative ones (jumps) are left out."""
        if interval_ns > 0:
            self._values.append(interval_ns)
            self.usual_ns = sorted(self._values)[(len(self._values) - 1) // 4]

    @property
    def is_known(self) -> bool:
        """Whether there were enough intervals to rely on ``usual_ns``."""
        return len(self._values) >= _KNOWN_FROM
