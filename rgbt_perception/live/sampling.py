"""What arrives on one topic while it is looked at."""

from __future__ import annotations

import statistics
import time
from typing import Any

from rgbt_perception.hosting.streams import StreamState, StreamWatch
from rgbt_perception.recording.types import typestore
from rgbt_perception.sensing.decode import stamp_of


class Sampler:
    """Takes the CDR of a topic's messages; one reading thread writes, any thread reads.

    Attributes:
        type_name: of the messages.
        count: messages so far.
        largest: bytes of the largest one.
        first, last: messages; None before the first.
        transforms: of /tf or /tf_static, the last message about each set of frames.
        ages_s: wall clock minus stamp of each message with a header, seconds.
        stamps_ns: these stamps.
        unreadable: messages that are not of the type.
    """

    def __init__(self, type_name: str) -> None:
        """Wait for messages of a type that is known here."""
        self.type_name = type_name
        self.count = self.largest = self.unreadable = 0
        self.first: Any = None
        self.last: Any = None
        self.transforms: dict[tuple[str, ...], Any] = {}
        self.ages_s: list[float] = []
        self.stamps_ns: list[int] = []
        self._watch = StreamWatch()
        self._arrivals: list[int] = []

    def take(self, topic: str, data: memoryview, arrival_ns: int) -> None:
        """Callback of a raw reader."""
        try:
            message = typestore().deserialize_cdr(data, self.type_name)
        except Exception:
            self.unreadable += 1
            return
        self.count += 1
        self.largest = max(self.largest, len(data))
        self.first = message if self.first is None else self.first
        self.last = message
        self._arrivals.append(arrival_ns)
        self._watch.note(message, arrival_ns)
        if hasattr(message, "header"):
            self.stamps_ns.append(stamp_of(message))
            self.ages_s.append((time.time_ns() - self.stamps_ns[-1]) / 1e9)
        elif hasattr(message, "transforms"):
            about = tuple(stamped.child_frame_id for stamped in message.transforms)
            self.transforms[about] = message

    def state(self) -> StreamState:
        """As the hosts see it."""
        return self._watch.state(time.monotonic_ns())

    @property
    def rate_hz(self) -> float:
        """Messages a second between the first and the last; 0 below two messages."""
        if len(self._arrivals) < 2:
            return 0.0
        return (self.count - 1) * 1e9 / max(self._arrivals[-1] - self._arrivals[0], 1)

    @property
    def age_s(self) -> float | None:
        """Median of ``ages_s``; None without a stamp."""
        return statistics.median(self.ages_s) if self.ages_s else None
