"""One log line for each problem and interval."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from rgbt_perception.hosting.findings import Finding

_INTERVAL_NS = 10_000_000_000


class ProblemLog:
    """Tells of findings that are problems: when they begin, again from time to time, at the end.

    What may follow from another problem is not told beside it.
    """

    def __init__(
        self,
        warn: Callable[[str], None],
        inform: Callable[[str], None],
        interval_ns: int = _INTERVAL_NS,
    ) -> None:
        """Say where to.

        Args:
            warn: takes the line of a problem.
            inform: takes the line of its end.
            interval_ns: between two lines of a lasting problem, nanoseconds.
        """
        self._warn, self._inform, self._interval_ns = warn, inform, interval_ns
        self._told: dict[str, tuple[str, int]] = {}

    def report(self, findings: Sequence[Finding], now_ns: int) -> None:
        """Log what is new or due.

        Args:
            findings: of all parts.
            now_ns: steady clock, nanoseconds.
        """
        explained = any(finding.problem and not finding.follows for finding in findings)
        for finding in findings:
            if finding.problem and finding.follows and explained:
                continue
            problem, told_ns = self._told.get(finding.name, ("", 0))
            if not finding.problem:
                if problem:
                    del self._told[finding.name]
                    self._inform(f"{finding.name}: all right again: {finding.message}")
            elif finding.problem != problem or now_ns - told_ns >= self._interval_ns:
                self._told[finding.name] = (finding.problem, now_ns)
                self._warn(finding.message)


class FaultLog:
    """Tells of exceptions: each kind once an interval, with how many there were since.

    Any thread may report.
    """

    def __init__(self, error: Callable[[str], None], interval_ns: int = _INTERVAL_NS) -> None:
        """Say where to.

        Args:
            error: takes the line.
            interval_ns: between two lines of the same kind, nanoseconds.
        """
        self._error, self._interval_ns = error, interval_ns
        self._lock = threading.Lock()
        self._told: dict[str, tuple[int, int]] = {}

    def report(self, fault: BaseException, now_ns: int) -> bool:
        """Log an exception unless its kind was logged just now.

        Args:
            fault: the exception.
            now_ns: steady clock, nanoseconds.

        Returns:
            Whether it was logged.
        """
        kind = type(fault).__name__
        with self._lock:
            told_ns, since = self._told.get(kind, (now_ns - self._interval_ns, 0))
            due = now_ns - told_ns >= self._interval_ns
            self._told[kind] = (now_ns, 0) if due else (told_ns, since + 1)
        if due:
            more = f"; {since} more since the last line" if since else ""
            text = " ".join(str(fault).split())
            self._error(f"a pair could not be processed: {kind}: {text}{more}")
        return due
