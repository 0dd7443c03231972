"""Whether processing keeps up with the cameras."""

from __future__ import annotations

from collections import deque

_WINDOW_NS = 2_000_000_000
_ENOUGH = 3
_SHARE = 0.1


class Pace:
    """Judges how many matches are replaced before they are processed. For one thread.

    Slow is: a tenth of the last two seconds' matches, and at least three, were replaced. It ends
    when none was replaced for two seconds: single hiccups neither begin nor prolong it for long.
    """

    def __init__(self) -> None:
        self._recent: deque[tuple[int, int]] = deque()
        self.slow = False

    def note(self, replaced: int, now_ns: int) -> None:
        """Note that a match is taken up.

        Args:
            replaced: matches that it replaced.
            now_ns: steady clock, nanoseconds.
        """
        self._recent.append((now_ns, replaced))
        while now_ns - self._recent[0][0] > _WINDOW_NS:
            self._recent.popleft()
        total = sum(count for _, count in self._recent)
        if self.slow:
            self.slow = total > 0
        else:
            self.slow = total >= max(_ENOUGH, _SHARE * (total + len(self._recent)))
