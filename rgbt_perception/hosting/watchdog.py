"""Whether results come, and come in time: by the steady clock, whatever ROS time does."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import IntEnum

from rgbt_perception.config import WatchdogConfig


class Level(IntEnum):
    """Levels of diagnostic_msgs/DiagnosticStatus."""

    OK = 0
    WARN = 1
    ERROR = 2
    STALE = 3


@dataclass(frozen=True)
class Verdict:
    """What the watchdog says.

    Attributes:
        level: OK, WARN or ERROR.
        message: with the number and the threshold it exceeded.
        since_ns: steady time since when; None while all is well.
        latency_ms: of the last result; None before the first.
        late: the latency alone is WARN or ERROR.
    """

    level: Level
    message: str
    since_ns: int | None
    latency_ms: float | None
    late: bool


class Watchdog:
    """Judges latencies and silence; any thread may note and ask.

    A level holds after its number of consecutive late results and ends with the first one in time.
    """

    def __init__(self, now_ns: int) -> None:
        """Start at steady time ``now_ns``, before the first result."""
        self._lock = threading.Lock()
        self._config = WatchdogConfig()
        self._latency_ms: float | None = None
        self._waiting_since_ns = now_ns
        self._idle = False
        self._over_warn = self._over_error = 0
        self._late_since_ns = now_ns

    def configure(self, config: WatchdogConfig) -> None:
        """Judge by these thresholds from now on."""
        with self._lock:
            self._config = config

    def restart(self, now_ns: int) -> None:
        """Forget how long nothing came: the host begins to wait for results now."""
        with self._lock:
            self._waiting_since_ns = now_ns

    def wanted(self, wanted: bool, now_ns: int) -> None:
        """Note whether anybody wants results: where nobody does, silence is no fault."""
        with self._lock:
            if self._idle or not wanted:
                self._waiting_since_ns = now_ns
            self._idle = not wanted
            if self._idle:
                # What was late before says nothing about the results that will be asked for.
                self._over_warn = self._over_error = 0

    @property
    def is_idle(self) -> bool:
        """Nobody wants results."""
        return self._idle

    def result(self, latency_ms: float, now_ns: int) -> None:
        """Note a result.

        Args:
            latency_ms: from when the pair is complete to its last output.
            now_ns: steady clock, nanoseconds.
        """
        with self._lock:
            self._latency_ms = latency_ms
            self._waiting_since_ns = now_ns
            if latency_ms > self._config.warn_ms:
                if self._over_warn == 0:
                    self._late_since_ns = now_ns
                self._over_warn += 1
            else:
                self._over_warn = 0
            self._over_error = self._over_error + 1 if latency_ms > self._config.error_ms else 0

    def verdict(self, now_ns: int) -> Verdict:
        """How it is at steady time ``now_ns``."""
        with self._lock:
            return self._verdict(now_ns)

    def _verdict(self, now_ns: int) -> Verdict:
        config, latency = self._config, self._latency_ms
        late = Level.OK
        count, limit = self._over_warn, config.warn_ms
        if self._over_error >= config.error_consecutive:
            late, count, limit = Level.ERROR, self._over_error, config.error_ms
        elif self._over_warn >= config.warn_consecutive:
            late = Level.WARN
        silent_s = (now_ns - self._waiting_since_ns) / 1e9
        if silent_s > config.timeout_s and not self._idle:
            known = "n/a, no result yet" if latency is None else f"last latency {latency:.1f} ms"
            message = f"no result for {silent_s:.1f} s exceeded {config.timeout_s:.1f} s ({known})"
            since_ns = self._waiting_since_ns
            return Verdict(Level.ERROR, message, since_ns, latency, late > Level.OK)
        if late > Level.OK and latency is not None:
            message = f"latency {latency:.1f} ms exceeded {limit:.1f} ms, {count} times in a row"
            return Verdict(late, message, self._late_since_ns, latency, True)
        if self._idle:
            return Verdict(Level.OK, "idle: nobody subscribes", None, latency, False)
        if latency is None:
            return Verdict(Level.OK, "latency n/a: no result yet", None, None, False)
        message = f"latency {latency:.1f} ms within {config.warn_ms:.1f} ms"
        return Verdict(Level.OK, message, None, latency, False)
