"""Tells the graph of a host that is not in it yet: its networks are still being loaded."""

from __future__ import annotations

import time

from rgbt_perception.closing import Closing
from rgbt_perception.hosting.diagnostics import diagnostics_message
from rgbt_perception.hosting.findings import Finding
from rgbt_perception.hosting.interfaces import (
    DIAGNOSTICS,
    DIAGNOSTICS_QOS,
    DIAGNOSTICS_TYPE,
    NODE,
    resolve,
)
from rgbt_perception.live.configuration import Network
from rgbt_perception.live.endpoints import Writer
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.recording.types import RosbagsFactory

_FOUND_S = 1.0
_POLL_S = 0.02


class LoadingNotice(Closing):
    """A context manager around the loading. Joins the graph only when there is something to tell.

    To compile an engine takes minutes, in which a monitor of /diagnostics would see nothing.
    """

    def __init__(self, network: Network, namespace: str) -> None:
        """Prepare.

        Args:
            network: of the host.
            namespace: likewise.
        """
        self._network, self._namespace = network, namespace
        self._node: DdsNode | None = None
        self._writer: Writer | None = None

    def close(self) -> None:
        """Leave the graph, for the host to join it."""
        if self._node is not None:
            self._node.close()

    def __call__(self, finding: Finding) -> None:
        """Publish on /diagnostics; the first time it waits a moment for subscribers.

        Raises:
            RgbtError: the domain cannot be joined.
        """
        if self._writer is None:
            if self._node is None:
                self._node = DdsNode(NODE, namespace=self._namespace, network=self._network)
            self._writer = self._node.writer(DIAGNOSTICS, DIAGNOSTICS_TYPE, DIAGNOSTICS_QOS)
            # What is sent before a subscriber has been found never reaches it, and the next
            # notice is seconds away.
            end_s = time.monotonic() + _FOUND_S
            while not self._writer.subscribers and time.monotonic() < end_s:
                time.sleep(_POLL_S)
        name = resolve(NODE, self._namespace)
        message = diagnostics_message(RosbagsFactory(), [finding], name, time.time_ns())
        self._writer.publish(message)
