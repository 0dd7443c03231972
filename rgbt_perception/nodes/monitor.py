"""Tells how the node is: on /diagnostics and, problems only, in the log."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from rgbt_perception.hosting.findings import Finding
from rgbt_perception.hosting.loading import Loading
from rgbt_perception.hosting.throttle import FaultLog, ProblemLog
from rgbt_perception.hosting.watchdog import Level
from rgbt_perception.nodes.activation import Activation
from rgbt_perception.nodes.diagnostics import NodeDiagnostics

# What get_publishers_info_by_topic shows; other policies are told as they are.
_SHOWN = ("RELIABILITY", "DURABILITY", "TYPE")


class Monitor:
    """Asks once a period, on the steady clock: simulated time may stand still."""

    def __init__(
        self, node: Node, active: Callable[[], Activation | None], period_s: float
    ) -> None:
        """Begin.

        Args:
            node: whose log and diagnostics these are.
            active: what there is to monitor; None while the node is not active.
            period_s: between two looks, seconds.
        """
        self._node = node
        self._active = active
        self._failure = ""
        self._loading: Finding | None = None
        # Configuring has a thread of its own.
        self._looking = threading.Lock()
        self._diagnostics = NodeDiagnostics(node, "rgbt_perception")
        self._problems = ProblemLog(self._warn, self._inform)
        self._faults = FaultLog(self._error)
        self._period_s = 0.0
        self._timer = None
        self.every(period_s)

    def every(self, period_s: float) -> None:
        """Look that often from now on."""
        if period_s != self._period_s:
            self.close()
            self._period_s = period_s
            steady = Clock(clock_type=ClockType.STEADY_TIME)
            self._timer = self._node.create_timer(period_s, self.look, clock=steady)

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._node.destroy_timer(self._timer)
            self._timer = None

    def look(self) -> None:
        """See how everything is and tell."""
        if not self._node.context.ok():
            return  # ending; nobody can be told any more
        with self._looking:
            self._look(time.monotonic_ns())

    def loading(self, loading: Loading) -> None:
        """Tell that the networks are still being loaded, from any thread."""
        self._loading = loading.finding()
        self._inform(self._loading.message)
        self.look()

    def failed(self, line: str) -> None:
        """Take why the last transition failed; empty when it did not."""
        self._failure, self._loading = line, None
        self.look()

    def fault(self, error: BaseException) -> None:
        """Take an exception, from any thread; it is logged once in a while."""
        if not self._node.context.ok():
            return
        if self._faults.report(error, time.monotonic_ns()):
            self._error("".join(traceback.format_exception(error)).rstrip())

    def mismatch(self, topic: str, policy: str) -> None:
        """Take that a publisher cannot be heard: the look finds out which and why."""
        if policy not in _SHOWN:
            self._warn(f"{topic}: a publisher offers an incompatible QoS ({policy.lower()})")
        self.look()

    def _look(self, now_ns: int) -> None:
        active = self._active()
        try:
            findings = [self._idle()] if active is None else active.assess(now_ns)
            if active is not None:
                self._problems.report(findings, now_ns)
            self._diagnostics.publish(findings)
        except Exception as error:
            self.fault(error)

    # rclpy tells the callers of its logger apart by their lines and wants one level at each.

    def _inform(self, line: str) -> None:
        self._node.get_logger().info(line)

    def _warn(self, line: str) -> None:
        self._node.get_logger().warning(line)

    def _error(self, line: str) -> None:
        self._node.get_logger().error(line)

    def _idle(self) -> Finding:
        if self._loading is not None:
            return self._loading
        if self._failure:
            return Finding(Level.ERROR, "pipeline", self._failure, problem="transition")
        return Finding(Level.OK, "pipeline", "not active")
