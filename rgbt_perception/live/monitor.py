"""Watches the host: problems to the log and to the page, everything to /diagnostics."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from rgbt_perception.hosting.diagnostics import diagnostics_message
from rgbt_perception.hosting.findings import Finding
from rgbt_perception.hosting.health import Health
from rgbt_perception.hosting.input_health import InputTopic
from rgbt_perception.hosting.interfaces import DIAGNOSTICS, DIAGNOSTICS_QOS, DIAGNOSTICS_TYPE
from rgbt_perception.hosting.runner import Runner
from rgbt_perception.hosting.throttle import FaultLog, ProblemLog
from rgbt_perception.hosting.watchdog import Level
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.live.view.state import Problem
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.session import Stream

_log = logging.getLogger(__name__)


class Monitor:
    """Judges a runner and its inputs and tells of it.

    Attributes:
        findings: the last ones.
    """

    def __init__(self, node: DdsNode, name: str, runner: Runner) -> None:
        """Advertise /diagnostics.

        Args:
            node: publishes.
            name: its full name; each status is named after it.
            runner: to judge.
        """
        self.findings: list[Finding] = []
        self._name = name
        self._health = Health(runner, time.monotonic_ns())
        self._problems = ProblemLog(_log.warning, _log.info)
        self._writer = node.writer(DIAGNOSTICS, DIAGNOSTICS_TYPE, DIAGNOSTICS_QOS)
        self._factory = RosbagsFactory()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong now."""
        return tuple(
            Problem("error" if finding.level is Level.ERROR else "warn", finding.message)
            for finding in self.findings
            if finding.problem
        )

    def check(self, inputs: Mapping[Stream, InputTopic]) -> None:
        """Judge, log what is new, publish; to be called once a period from one thread."""
        now_ns = time.monotonic_ns()
        self.findings = self._health.assess(inputs, now_ns)
        self._problems.report(self.findings, now_ns)
        if self._writer.subscribers:
            message = diagnostics_message(self._factory, self.findings, self._name, time.time_ns())
            self._writer.publish(message)


class Faults:
    """Logs the exceptions of a runner, each kind once an interval."""

    def __init__(self) -> None:
        self._log = FaultLog(_log.error)

    def __call__(self, fault: BaseException) -> None:
        """Log one."""
        self._log.report(fault, time.monotonic_ns())
        _log.debug("the exception", exc_info=fault)
