"""The outputs as publishers."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from rclpy.node import Node

from rgbt_perception.errors import RgbtError
from rgbt_perception.hosting.interfaces import output_qos
from rgbt_perception.nodes.qos import profile
from rgbt_perception.nodes.rclpy_factory import message_class
from rgbt_perception.outputs import Output, offered_topics


class Publishers:
    """Advertises every output below the node's name."""

    def __init__(self, node: Node, *, scene: bool) -> None:
        """Advertise.

        Args:
            node: of the topics.
            scene: there is a scene network.

        Raises:
            RgbtError: the package of a message type is not installed.
        """
        self._node = node
        # All of them first: nothing is advertised when one is missing.
        classes = {topic: _message_class(kind) for topic, kind in offered_topics(scene).items()}
        self._publishers: Mapping[str, Any] = {
            topic: node.create_publisher(message, f"~/{topic}", profile(output_qos(topic)))
            for topic, message in classes.items()
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


def _message_class(kind: str) -> Any:
    try:
        return message_class(kind)
    except ModuleNotFoundError as error:
        package = kind.partition("/")[0].replace("_", "-")
        raise RgbtError(f"{kind}: {error}; expected ros-$ROS_DISTRO-{package}") from None
