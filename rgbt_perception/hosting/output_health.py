"""Whether the outputs leave the host."""

from __future__ import annotations

from rgbt_perception.hosting.findings import Finding, Onsets
from rgbt_perception.hosting.watchdog import Level
from rgbt_perception.statistics import Snapshot

_NAME = "outputs"
# A loss is told of until nothing was lost for so long.
_HOLD_NS = 2_000_000_000


class OutputHealth:
    """Judges the counts of what could not be sent. For one thread."""

    def __init__(self) -> None:
        self._onsets = Onsets()
        self._count = 0
        self._lost_ns: int | None = None

    def assess(self, snapshot: Snapshot, now_ns: int) -> Finding:
        """How it is.

        Args:
            snapshot: of the host's statistics.
            now_ns: steady clock, nanoseconds.
        """
        count = sum(snapshot.unsent.values())
        if count != self._count:
            self._count, self._lost_ns = count, now_ns
        lasts = self._lost_ns is not None and now_ns - self._lost_ns < _HOLD_NS
        problem = "unsent" if lasts else ""
        since_ns = self._onsets.since(_NAME, problem, now_ns)
        values = {"unsent": str(count)}
        values |= {f"unsent {topic}": str(lost) for topic, lost in snapshot.unsent.items()}
        if not problem:
            line = f"{count} messages were not sent" if count else "all sent"
            return Finding(Level.OK, _NAME, line, values)
        line = f"{snapshot.unsent_line}; {count} messages not sent so far"
        line = f"{line}; for {(now_ns - since_ns) / 1e9:.1f} s"
        return Finding(Level.WARN, _NAME, line, values, since_ns, problem)
