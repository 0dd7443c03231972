"""The outputs as writers."""

from __future__ import annotations

from collections.abc import Mapping, Set

from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.hosting.delivery import NotSentError
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

    def send(self, output: Output) -> None:
        """Send what somebody subscribes to, in the runner's thread.

        Raises:
            NotSentError: DDS does not take it.
        """
        writer = self._writers[output.topic]
        # The page of --view has outputs built that go nowhere else.
        if not (writer.subscribers or writer.qos.transient_local):
            return
        try:
            sent = writer.publish(output.message)
        except InputError:
            raise  # no message of its type: a fault
        except RgbtError as error:
            raise NotSentError(str(error)) from error
        if not sent:
            raise NotSentError(f"{writer.topic}: a reliable subscriber does not keep up")

    def subscribers(self) -> dict[str, int]:
        """How many subscribe, by full name."""
        return {writer.topic: writer.subscribers for writer in self._writers.values()}
