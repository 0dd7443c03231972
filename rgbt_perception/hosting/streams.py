"""What arrives on one input: how often, how old, of what kind."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

from rgbt_perception.sensing.decode import stamp_of

# A picture stream silent for longer has stopped; the slowest cameras send one a second.
SILENT_S = 2.0
_REMEMBERED = 64
_WINDOW_NS = 5_000_000_000


class RateMeter:
    """Events a second over the last few seconds, on the steady clock.

    One thread notes them, any thread may ask.
    """

    def __init__(self) -> None:
        self._times: deque[int] = deque(maxlen=_REMEMBERED)

    def note(self, now_ns: int) -> None:
        """Count an event, steady clock, nanoseconds."""
        self._times.append(now_ns)

    def rate_hz(self, now_ns: int) -> float:
        """Events a second; falls to 0 within seconds after the last one."""
        # A copy in one step: the loop would fail when another event is noted meanwhile.
        times = [time for time in tuple(self._times) if now_ns - time <= _WINDOW_NS]
        if len(times) < 2:
            return 0.0
        usual_ns = (times[-1] - times[0]) / (len(times) - 1)
        # A pause longer than usual counts at once.
        span_ns = times[-1] - times[0] + max(0.0, now_ns - times[-1] - usual_ns)
        return (len(times) - 1) * 1e9 / span_ns if span_ns > 0 else 0.0


@dataclass(frozen=True)
class StreamState:
    """A stream at one moment.

    Attributes:
        received: messages so far.
        rate_hz: messages a second.
        age_s: seconds since the last one; None before the first.
        arrived_ns: steady time of the last one; None before the first.
        stamp_ns: stamp of the last one; None before the first and where there is none.
        encoding: encoding (or format) of the last picture.
        size: of the last picture, pixels; ``(0, 0)`` where the message does not say it.
    """

    received: int
    rate_hz: float
    age_s: float | None
    arrived_ns: int | None
    stamp_ns: int | None
    encoding: str
    size: tuple[int, int]


class StreamWatch:
    """Follows one input; any thread may note and ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._meter = RateMeter()
        self._received = 0
        self._arrived_ns: int | None = None
        self._stamp_ns: int | None = None
        self._encoding = ""
        self._size = (0, 0)

    def note(self, message: Any, now_ns: int) -> None:
        """Note that a ROS-shaped message came at steady time ``now_ns``."""
        stamp_ns = stamp_of(message) if hasattr(message, "header") else None
        encoding = getattr(message, "encoding", None) or getattr(message, "format", "")
        with self._lock:
            self._received += 1
            self._arrived_ns = now_ns
            self._stamp_ns = stamp_ns
            self._encoding = str(encoding)
            self._size = (getattr(message, "width", 0), getattr(message, "height", 0))
            self._meter.note(now_ns)

    def state(self, now_ns: int) -> StreamState:
        """How it is at steady time ``now_ns``."""
        with self._lock:
            arrived = self._arrived_ns
            return StreamState(
                received=self._received,
                rate_hz=self._meter.rate_hz(now_ns),
                age_s=None if arrived is None else max(0, now_ns - arrived) / 1e9,
                arrived_ns=arrived,
                stamp_ns=self._stamp_ns,
                encoding=self._encoding,
                size=self._size,
            )
