"""A node of the ROS graph without ROS: writers, readers and the graph, over DDS."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from cyclonedds.core import DDSException, GuardCondition, Policy, WaitSet
from cyclonedds.core import Qos as DdsQos
from cyclonedds.domain import Domain, DomainParticipant
from cyclonedds.util import duration

from rgbt_perception.closing import Closing
from rgbt_perception.errors import RgbtError
from rgbt_perception.hosting.graph import Endpoint
from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.live.configuration import Network, network_from_environment, open_domain
from rgbt_perception.live.endpoints import OnMessage, OnUnreadable, Reader, Writer
from rgbt_perception.live.graph import Graph
from rgbt_perception.live.presence import Presence
from rgbt_perception.live.service_thread import ServiceThread
from rgbt_perception.live.services import Handler, Service
from rgbt_perception.live.topic_names import dds_name
from rgbt_perception.recording.types import typestore

if TYPE_CHECKING:
    from rosbags.typesys.store import Typestore

_log = logging.getLogger(__name__)
_AFTER_FAULT_S = 0.1
_FOREVER = duration(weeks=52)


class DdsNode(Closing):
    """A node: a context manager that is part of the graph inside its block.

    One thread waits for everything that arrives and calls back; callbacks should be short. The
    methods may be called from any thread, also from a callback, ``close`` excepted.
    """

    def __init__(self, name: str, *, namespace: str = "/", network: Network | None = None) -> None:
        """Join the graph.

        Args:
            name: of the node, such as ``perception``.
            namespace: with its leading slash.
            network: as the variables of ROS 2 say by default.

        Raises:
            RgbtError: the domain cannot be joined.
        """
        self.network = network or network_from_environment()
        self._domain: Domain | None = open_domain(self.network)
        try:
            self._participant = DomainParticipant(
                self.network.domain, DdsQos(Policy.Userdata(b"enclave=/;"))
            )
        except DDSException as error:
            raise RgbtError(
                f"DDS domain {self.network.domain} cannot be joined ({error}); "
                "look at CYCLONEDDS_URI and at the network interfaces"
            ) from None
        self._lock = threading.Lock()
        self._writers: dict[str, Writer] = {}
        self._readers: list[Reader] = []
        # None until there is a service.
        self._services: ServiceThread | None = None
        self._graph = Graph(self._participant)
        self._presence = Presence(self._participant, namespace, name, self._graph.take_nodes)
        self._wake = GuardCondition(self._participant)
        self._waitset = WaitSet(self._participant)
        for condition in (self._wake, self._presence.condition, *self._graph.conditions):
            self._waitset.attach(condition)
        self._running = True
        self._thread = threading.Thread(target=self._read, name="dds-reading", daemon=True)
        self._thread.start()
        self._presence.tell([], [])

    def writer(
        self, topic: str, type_name: str, qos: Qos, store: Typestore | None = None
    ) -> Writer:
        """Publish a topic.

        Args:
            topic: full name.
            type_name: e.g. ``sensor_msgs/msg/Image``.
            qos: offered.
            store: definitions of types; ROS 2 Jazzy's and this package's by default. A type
                that is not in it can be sent as CDR only.

        Raises:
            RgbtError: the topic is published by this node already, or DDS refuses.
        """
        definitions = typestore() if store is None else store
        known = definitions if type_name in definitions.fielddefs else None
        with self._lock:
            if topic in self._writers:
                raise RgbtError(f"{topic}: is published by this node already")
            try:
                writer = Writer(self._participant, dds_name(topic), topic, type_name, qos, known)
            except DDSException as error:
                raise RgbtError(f"{topic}: cannot be published ({error})") from None
            self._writers[topic] = writer
            self._tell()
        return writer

    def reader(
        self,
        topic: str,
        type_name: str,
        qos: Qos,
        on_message: OnMessage,
        *,
        raw: bool = False,
        on_unreadable: OnUnreadable | None = None,
    ) -> Reader:
        """Subscribe to a topic.

        Args:
            topic: full name.
            type_name: e.g. ``sensor_msgs/msg/Image``.
            qos: asked for.
            on_message: called on the reading thread with the topic, the message (its arrays
                are read-only) and its arrival on the steady clock, nanoseconds.
            raw: give the CDR bytes as a memoryview, not a message.
            on_unreadable: called likewise with a line about each message that cannot be read; by
                default it is logged from time to time.

        Raises:
            RgbtError: the type is not known (and not raw), or DDS refuses.
        """
        if not raw and type_name not in typestore().fielddefs:
            raise RgbtError(f"{topic}: no definition of {type_name}")
        store = None if raw else typestore()
        try:
            reader = Reader(
                *(self._participant, dds_name(topic), topic, type_name, qos, on_message, store),
                on_unreadable,
            )
        except DDSException as error:
            raise RgbtError(f"{topic}: cannot be subscribed to ({error})") from None
        with self._lock:
            self._readers = [*self._readers, reader]
            self._waitset.attach(reader.condition)
            self._tell()
        self._wake.set(True)
        return reader

    def service(self, name: str, type_name: str, handler: Handler, store: Typestore) -> Service:
        """Answer requests until the node is closed; of nodes that use Cyclone DDS.

        Args:
            name: full name.
            type_name: e.g. ``rcl_interfaces/srv/GetParameters``.
            handler: takes the request and returns the reply, on the services' own thread.
            store: knows the types of both.

        Raises:
            RgbtError: DDS refuses.
        """
        try:
            service = Service(self._participant, name, type_name, handler, store)
        except DDSException as error:
            raise RgbtError(f"{name}: cannot be served ({error})") from None
        with self._lock:
            if self._services is None:
                self._services = ServiceThread(self._participant)
            self._services.add(service)
            self._tell()
        return service

    def remove(self, endpoint: Writer | Reader) -> None:
        """Stop to publish or to subscribe."""
        with self._lock:
            if isinstance(endpoint, Writer):
                self._writers.pop(endpoint.topic, None)
            elif endpoint in self._readers:
                self._readers = [reader for reader in self._readers if reader is not endpoint]
                self._waitset.detach(endpoint.condition)
            self._tell()
        endpoint.close()

    def subscribers(self, topic: str) -> int:
        """How many subscriptions match a topic that this node publishes."""
        with self._lock:
            writer = self._writers.get(topic)
        return 0 if writer is None else writer.subscribers

    def endpoints(self, topic: str) -> list[Endpoint]:
        """The publishers of a topic, in any node."""
        return self._graph.publishers(topic)

    def subscriptions(self, topic: str) -> list[Endpoint]:
        """The subscriptions to a topic, in any node."""
        return self._graph.subscriptions(topic)

    def topics(self) -> dict[str, list[str]]:
        """Every topic of the graph with its types."""
        return self._graph.topics()

    def nodes(self) -> list[str]:
        """Full names of all nodes of the graph, this one too."""
        return self._graph.nodes()

    def close(self) -> None:
        """Leave the graph; not from a callback."""
        if not self._running:
            return
        self._running = False
        self._wake.set(True)
        self._thread.join()
        if self._services is not None:
            self._services.close()
        with self._lock:
            for writer in self._writers.values():
                writer.close()
            for reader in self._readers:
                reader.close()
            self._writers, self._readers, self._services = {}, [], None
            self._graph.close()
            self._presence.close()
            # DDS deletes an entity with the last reference to it, children first.
            del self._waitset, self._wake, self._participant
            self._domain = None

    def _tell(self) -> None:
        gids = [] if self._services is None else self._services.gids()
        self._presence.tell(
            [*(writer.gid for writer in self._writers.values()), *(reply for reply, _ in gids)],
            [*(reader.gid for reader in self._readers), *(request for _, request in gids)],
        )

    def _read(self) -> None:
        while self._running:
            self._waitset.wait(_FOREVER)
            self._wake.set(False)
            try:
                for reader in self._readers:
                    reader.deliver()
                self._graph.update()
                self._presence.deliver()
            except Exception:
                # What could not be taken fires again at once.
                _log.exception("reading from DDS failed")
                time.sleep(_AFTER_FAULT_S)
