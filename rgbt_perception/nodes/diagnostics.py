"""Findings on /diagnostics, by diagnostic_updater."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from diagnostic_updater import Updater
from rclpy.node import Node

from rgbt_perception.hosting.findings import Finding


class _Updater(Updater):
    """Says nothing of a task before it has run."""

    def addedTaskCallback(self, task: Any) -> None:
        """Do not publish "Node starting up", which is OK, where a problem was found."""


class NodeDiagnostics:
    """Publishes one status for each finding.

    diagnostic_updater's own timer runs on ROS time, and with simulated time and no clock it never
    would: the host says when.
    """

    def __init__(self, node: Node, hardware_id: str) -> None:
        """Advertise.

        Args:
            node: publishes; its name comes before each status' name.
            hardware_id: what is diagnosed.
        """
        self._findings: dict[str, Finding] = {}
        self._updater = _Updater(node)
        self._updater.setHardwareID(hardware_id)
        # With the namespace: two rigs must not look like one.
        self._updater.node_name = node.get_fully_qualified_name().removeprefix("/")
        node.destroy_timer(self._updater.timer)

    def publish(self, findings: Iterable[Finding]) -> None:
        """Publish what is found now; what is not found any more disappears."""
        before = self._findings
        self._findings = {finding.name: finding for finding in findings}
        for name in before.keys() - self._findings.keys():
            self._updater.removeByName(name)
        for name in self._findings:
            if name not in before:
                self._updater.add(name, lambda status, name=name: self._fill(status, name))
        self._updater.update()

    def _fill(self, status: Any, name: str) -> Any:
        finding = self._findings[name]
        status.summary(bytes([finding.level]), finding.message)
        for key, value in finding.values.items():
            status.add(key, value)
        return status
