"""The outputs as publishers."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from rclpy.node import Node

from rgbt_perception.hosting.interfaces import output_qos
from rgbt_perception.nodes.qos import profile
from rgbt_perception.nodes.rclpy_factory import message_class
from rgbt_perception.outputs import TOPICS, Output


class Publishers:
    """Advertises every output below the node's name."""

    def __init__(self, node: Node) -> None:
        """Advertise."""
        self._node = node
        self._publishers: Mapping[str, Any] = {
            topic: node.create_publisher(
                message_class(kind), f"~/{topic}", profile(output_qos(topic))
            )
            for topic, kind in TOPICS.items()
        }

    def wanted(self) -> Set[str]:
        """The topics that somebody subscribes to."""
        if not self._node.context.ok():
            return frozenset()
        return {
            topic
            for topic, publisher in self._publishers.items()
            if publisher.get_subscription_count()
        }

    def publish(self, outputs: list[Output]) -> None:
        """Send what the runner gives, in its thread."""
        for output in outputs:
            try:
                self._publishers[output.topic].publish(output.message)
            except Exception:
                # A signal ends ROS at any moment; what cannot be sent then is no fault.
                if self._node.context.ok():
                    raise

    def close(self) -> None:
        """Take the topics back; the runner must have stopped."""
        for publisher in self._publishers.values():
            self._node.destroy_publisher(publisher)
