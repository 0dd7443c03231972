"""One side of the pairer: the frames that wait, what is known of the stream, what was counted."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from rgbt_perception.sensing.recent_intervals import RecentIntervals

T = TypeVar("T")

_REMEMBERED_STAMPS = 32


class Drop(str, Enum):
    """Why a frame left the pairer unused."""

    UNMATCHED = "unmatched"  # no frame of the other camera within the tolerance, or a nearer pair
    OVERFLOW = "overflow"  # the queue was full
    LATE = "late"  # earlier than a frame before it, or too late for its partners
    DUPLICATE = "duplicate"  # the stamp came before
    CLOCK_JUMP = "clock_jump"  # the stream's stamps jumped back while it waited


@dataclass(frozen=True)
class Waiting(Generic[T]):
    """A frame in the queue; ``time_ns`` is its stamp without the sensor's known delay."""

    time_ns: int
    stamp_ns: int
    item: T


class PairedStream(Generic[T]):
    """The state of one camera's stream.

    Attributes:
        queue: frames that wait for a decision, oldest first.
        newest_ns: time of the newest frame, waiting or not; None before the first.
        period: intervals between stamps.
        lost: the camera counts as lost.
        alive_ns: host time of the last frame that could still be paired.
        arrived_ns: host time of the last new frame.
        resumed_ns: host time since which the stream runs without a pause.
        received, matched, singles, dropped: counters.
    """

    def __init__(self, offset_ns: int, tolerance_ns: int, timeout_ns: int) -> None:
        self._offset_ns = offset_ns
        self._tolerance_ns = tolerance_ns
        self._timeout_ns = timeout_ns
        self._recent: deque[int] = deque(maxlen=_REMEMBERED_STAMPS)
        self._arrivals = RecentIntervals()
        self.queue: deque[Waiting[T]] = deque()
        self.newest_ns: int | None = None
        self.period = RecentIntervals()
        self.lost = False
        self.alive_ns: int | None = None
        self.arrived_ns: int | None = None
        self.resumed_ns: int | None = None
        self.received = 0
        self.matched = 0
        self.singles = 0
        self.dropped = dict.fromkeys(Drop, 0)

    def frame(self, stamp_ns: int, item: T) -> Waiting[T]:
        """Wrap a frame; does not take it."""
        return Waiting(stamp_ns - self._offset_ns, stamp_ns, item)

    def fault(self, time_ns: int) -> Drop | None:
        """What is wrong with a stamp in a stream that should only grow; CLOCK_JUMP is usable."""
        if self.newest_ns is None or time_ns > self.newest_ns:
            return None
        if self.newest_ns - time_ns > self._tolerance_ns:
            return Drop.CLOCK_JUMP
        return Drop.DUPLICATE if time_ns in self._recent else Drop.LATE

    def take(self, time_ns: int) -> None:
        """Note the stamp of a frame without fault, or of the first frame after a clock jump."""
        if self.newest_ns is not None:
            self.period.add(time_ns - self.newest_ns)
        self.newest_ns = time_ns
        self._recent.append(time_ns)

    def arrive(self, now_ns: int, other_alive_ns: int | None) -> None:
        """Note that a frame came.

        A pause of both streams (a paused player, a loop that restarts) must not make the camera
        that resumes second look lost, so the other's silence counts from the end of the pause.
        This holds once per silence: a slow or patchy stream must not postpone it for ever.
        """
        if self.arrived_ns is None or self.resumed_ns is None:
            self.resumed_ns = now_ns
        else:
            paused = now_ns - self.arrived_ns > self.patience_ns
            if paused and other_alive_ns is not None and self.resumed_ns <= other_alive_ns:
                self.resumed_ns = now_ns
            self._arrivals.add(now_ns - self.arrived_ns)
        self.arrived_ns = now_ns

    @property
    def patience_ns(self) -> int:
        """Silence that makes the stream silent: the timeout, for slow cameras 1.5 intervals."""
        return max(self._timeout_ns, self._arrivals.usual_ns * 3 // 2)

    def goes_on(self, now_ns: int) -> bool:
        """Whether frames keep coming."""
        return self.arrived_ns is not None and now_ns - self.arrived_ns <= self.patience_ns

    def is_overdue(self, now_ns: int) -> bool:
        """Whether the next frame should be here already: perhaps this stream has stopped too."""
        usual_ns = self._arrivals.usual_ns or self._timeout_ns
        return self.arrived_ns is None or now_ns - self.arrived_ns > usual_ns * 3 // 2

    @property
    def shortest_ns(self) -> int:
        """The shortest interval to reckon with, 0 when nothing is known.

        With intervals within 20 % of a nominal one, the estimate is at most 1.2 and the next
        interval at least 0.8 nominal: two thirds of the estimate.
        """
        return self.period.usual_ns * 2 // 3 if self.period.is_known else 0

    def drop(self, reason: Drop) -> None:
        """Drop the oldest waiting frame."""
        self.queue.popleft()
        self.dropped[reason] += 1

    def drop_all(self, reason: Drop) -> None:
        """Drop every waiting frame."""
        self.dropped[reason] += len(self.queue)
        self.queue.clear()
