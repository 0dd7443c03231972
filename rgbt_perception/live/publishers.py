"""The outputs as writers."""

from __future__ import annotations

from collections.abc import Mapping, Set

from rgbt_perception.hosting.interfaces import output_qos
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.outputs import Output, offered_topics


class Publishers:
    """Advertises every output."""

    def __init__(self, node: DdsNode, names: Mapping[str, str]) -> None:
        """Advertise.

        Args:
            node: publishes.
            names: full names of what is offered by key of ``offered_topics``.
        """
        self._writers = {
            topic: node.writer(names[topic], kind, output_qos(topic))
            for topic, kind in offered_topics(scene=True).items()
            if topic in names
        }

    def wanted(self) -> Set[str]:
        """The topics that somebody subscribes to."""
        return {topic for topic, writer in self._writers.items() if writer.subscribers}

    def publish(self, outputs: list[Output]) -> None:
        """Send what somebody subscribes to, in the runner's thread."""
        for output in outputs:
            writer = self._writers[output.topic]
            # The page of --view has outputs built that go nowhere else.
            if writer.subscribers or writer.qos.transient_local:
                writer.publish(output.message)

    @property
    def unsent(self) -> int:
        """Messages that were given up since a reliable subscriber did not keep up."""
        return sum(writer.lost for writer in self._writers.values())

    def subscribers(self) -> dict[str, int]:
        """How many subscribe, by full name."""
        return {writer.topic: writer.subscribers for writer in self._writers.values()}
