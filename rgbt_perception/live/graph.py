"""The ROS graph as this participant discovers it: topics, endpoints and their nodes."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from cyclonedds.builtin import (
    BuiltinDataReader,
    BuiltinTopicDcpsParticipant,
    BuiltinTopicDcpsPublication,
    BuiltinTopicDcpsSubscription,
)
from cyclonedds.core import InstanceState, ReadCondition, SampleState, ViewState
from cyclonedds.domain import DomainParticipant

from rgbt_perception.hosting.graph import Endpoint
from rgbt_perception.live.quality import reliable, transient_local
from rgbt_perception.live.topic_names import node_name, ros_name
from rgbt_perception.live.wire_types import ros_type_name

_AT_ONCE = 64
# The binding reads every QoS policy through buffers that all threads of the process share.
_QOS_READING = threading.Lock()
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Found:
    topic: str
    type_name: str
    reliable: bool
    transient_local: bool


class Graph:
    """Follows the announcements of DDS; ``update`` is called when a condition fires.

    Reading is safe from any thread.
    """

    def __init__(self, participant: DomainParticipant) -> None:
        """Start to listen.

        Args:
            participant: through which to listen.
        """
        self._lock = threading.Lock()
        self._publishers: dict[bytes, _Found] = {}
        self._subscriptions: dict[bytes, _Found] = {}
        self._participants: set[bytes] = set()
        # Participant to its nodes' names with the endpoints of each.
        self._nodes: dict[bytes, dict[str, list[bytes]]] = {}
        self._readers = {
            BuiltinDataReader(participant, topic): store
            for topic, store in (
                (BuiltinTopicDcpsParticipant, None),
                (BuiltinTopicDcpsPublication, self._publishers),
                (BuiltinTopicDcpsSubscription, self._subscriptions),
            )
        }
        self.conditions = [
            ReadCondition(reader, ViewState.Any | SampleState.NotRead | InstanceState.Any)
            for reader in self._readers
        ]

    def update(self) -> None:
        """Take in what was announced since."""
        for reader, store in self._readers.items():
            while samples := _take(reader):
                with self._lock:
                    for sample in samples:
                        self._announced(sample, store)

    def take_nodes(self, message: Any) -> None:
        """Take in a ``rmw_dds_common/msg/ParticipantEntitiesInfo``."""
        nodes = {
            node_name(info.node_namespace, info.node_name): [
                bytes(gid.data) for gid in (*info.writer_gid_seq, *info.reader_gid_seq)
            ]
            for info in message.node_entities_info_seq
        }
        with self._lock:
            self._nodes[bytes(message.gid.data)] = nodes

    def publishers(self, topic: str) -> list[Endpoint]:
        """Those of a topic, by node."""
        return self._endpoints(self._publishers, topic)

    def subscriptions(self, topic: str) -> list[Endpoint]:
        """Those of a topic, by node."""
        return self._endpoints(self._subscriptions, topic)

    def topics(self) -> dict[str, list[str]]:
        """Every topic with its types; more than one type is somebody's mistake."""
        found: dict[str, set[str]] = defaultdict(set)
        with self._lock:
            for endpoint in (*self._publishers.values(), *self._subscriptions.values()):
                found[endpoint.topic].add(endpoint.type_name)
        return {topic: sorted(found[topic]) for topic in sorted(found)}

    def nodes(self) -> list[str]:
        """Full names of all nodes."""
        with self._lock:
            return sorted(
                name
                for participant, nodes in self._nodes.items()
                if participant in self._participants
                for name in nodes
            )

    def close(self) -> None:
        """Stop to listen."""
        self.conditions.clear()
        self._readers.clear()

    def _announced(self, sample: Any, store: dict[bytes, _Found] | None) -> None:
        key = sample.key.bytes
        gone = sample.sample_info.instance_state != InstanceState.Alive
        if store is None:
            if gone:
                self._participants.discard(key)
                self._nodes.pop(key, None)
            else:
                self._participants.add(key)
            return
        topic = None if gone else ros_name(sample.topic_name)
        if topic is None:
            store.pop(key, None)
            return
        qos = sample.qos
        type_name = ros_type_name(sample.type_name)
        store[key] = _Found(topic, type_name, reliable(qos), transient_local(qos))

    def _endpoints(self, store: dict[bytes, _Found], topic: str) -> list[Endpoint]:
        with self._lock:
            owners = {
                gid: name
                for nodes in self._nodes.values()
                for name, gids in nodes.items()
                for gid in gids
            }
            found = [
                Endpoint(owners.get(gid, ""), f.type_name, f.reliable, f.transient_local)
                for gid, f in store.items()
                if f.topic == topic
            ]
        return sorted(found, key=lambda endpoint: endpoint.node)


def _take(reader: BuiltinDataReader) -> list[Any]:
    with _QOS_READING:
        return reader.take(N=_AT_ONCE)
