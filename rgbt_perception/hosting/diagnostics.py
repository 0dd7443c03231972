"""Findings as diagnostic_msgs/DiagnosticArray."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rgbt_perception.hosting.findings import Finding
from rgbt_perception.sensing.encode import MessageFactory, header


def diagnostics_message(
    factory: MessageFactory, findings: Sequence[Finding], node: str, stamp_ns: int
) -> Any:
    """diagnostic_msgs/DiagnosticArray.

    ``level`` is given as an int; a factory whose class holds it as a byte turns it into one.

    Args:
        factory: makes the messages.
        findings: one status each.
        node: full name of the node, e.g. ``/perception``; each status is named after it.
        stamp_ns: ROS time, nanoseconds.
    """
    name = node.removeprefix("/")
    return factory.make(
        "diagnostic_msgs/msg/DiagnosticArray",
        header=header(factory, stamp_ns, ""),
        status=[
            factory.make(
                "diagnostic_msgs/msg/DiagnosticStatus",
                level=int(finding.level),
                name=f"{name}: {finding.name}",
                message=finding.message,
                hardware_id="",
                values=[
                    factory.make("diagnostic_msgs/msg/KeyValue", key=key, value=value)
                    for key, value in finding.values.items()
                ],
            )
            for finding in findings
        ],
    )
