"""True pictures that wait for the output computed from the picture of their moment."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from rgbt_perception.evaluation.ground_truth import Condition
from rgbt_perception.sensing.decode import stamp_of

# 2 s at 30 Hz. Truths arrive with the pictures, before the output is computed.
_KEPT = 60


class KeptTruths:
    """The last few messages of one topic, not decoded, by their stamps.

    Attributes:
        received: messages since the start.
    """

    def __init__(self) -> None:
        self.received = 0
        self._messages: OrderedDict[int, tuple[Any, Condition]] = OrderedDict()

    def take(self, message: Any, condition: Condition) -> None:
        """Keep a message, and what it shows."""
        self.received += 1
        stamp_ns = stamp_of(message)
        self._messages[stamp_ns] = (message, condition)
        self._messages.move_to_end(stamp_ns)
        while len(self._messages) > _KEPT:
            self._messages.popitem(last=False)

    def has_passed(self, stamp_ns: int) -> bool:
        """Whether the topic, which is in order, has gone on from before a stamp to after it."""
        later = False
        # The newest first; where the stamps jumped back, those from before the jump say nothing.
        for kept_ns in reversed(self._messages):
            if kept_ns <= stamp_ns:
                return later
            later = True
        return False

    def at(self, stamp_ns: int, tolerance_ns: int) -> tuple[Any, Condition] | None:
        """The message nearest to a stamp, and what it shows; None when none is near enough."""
        if not tolerance_ns:
            return self._messages.get(stamp_ns)
        nearest = min(self._messages, key=lambda s: abs(s - stamp_ns), default=None)
        if nearest is None or abs(nearest - stamp_ns) > tolerance_ns:
            return None
        return self._messages[nearest]
