"""Tells ROS 2 which node this is, and hears it of others: the topic ``ros_discovery_info``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from cyclonedds.core import InstanceState, Policy, ReadCondition, SampleState, ViewState
from cyclonedds.core import Qos as DdsQos
from cyclonedds.domain import DomainParticipant
from cyclonedds.internal import InvalidSample
from cyclonedds.pub import DataWriter
from cyclonedds.sub import DataReader
from cyclonedds.topic import Topic

from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.live.quality import writer_qos
from rgbt_perception.live.wire_types import type_hash, wire_type
from rgbt_perception.recording.types import RosbagsFactory, typestore

_TOPIC = "ros_discovery_info"
_TYPE = "rmw_dds_common/msg/ParticipantEntitiesInfo"
_QOS = Qos(reliable=True, transient_local=True, depth=1)


class Presence:
    """Announces one node and the gids of its endpoints."""

    def __init__(
        self,
        participant: DomainParticipant,
        namespace: str,
        name: str,
        on_nodes: Callable[[Any], None],
    ) -> None:
        """Prepare; nothing is told yet.

        Args:
            participant: of the node.
            namespace: with its leading slash.
            name: of the node.
            on_nodes: called with each participant's announcement.
        """
        self._namespace, self._name = namespace, name
        self._on_nodes = on_nodes
        self._gid = participant.guid.bytes
        self._factory = RosbagsFactory()
        hashed = type_hash(_TYPE, typestore())
        self._type: Any = wire_type(_TYPE, typestore())
        topic = Topic(participant, _TOPIC, self._type)
        offered = writer_qos(_QOS, hashed)
        self._writer = DataWriter(participant, topic, offered)
        # All participants share one instance: keep-last would hide all but one of them.
        keep_all = DdsQos(
            Policy.Reliability.Reliable(0),
            Policy.Durability.TransientLocal,
            Policy.History.KeepAll,
            Policy.DataRepresentation(use_cdrv0_representation=True),
            Policy.Userdata(f"typehash={hashed};".encode()),
        )
        self._reader = DataReader(participant, topic, keep_all)
        self.condition = ReadCondition(
            self._reader, ViewState.Any | SampleState.NotRead | InstanceState.Any
        )

    def tell(self, writers: Sequence[bytes], readers: Sequence[bytes]) -> None:
        """Announce the node with its endpoints.

        Args:
            writers: gids, 16 bytes each.
            readers: gids.
        """
        make = self._factory.make
        node = make(
            "rmw_dds_common/msg/NodeEntitiesInfo",
            node_namespace=self._namespace,
            node_name=self._name,
            reader_gid_seq=[self._gid_message(gid) for gid in readers],
            writer_gid_seq=[self._gid_message(gid) for gid in writers],
        )
        info = make(_TYPE, gid=self._gid_message(self._gid), node_entities_info_seq=[node])
        sample = self._type.__new__(self._type)
        sample.cdr = bytes(typestore().serialize_cdr(info, _TYPE))
        self._writer.write(sample)

    def deliver(self) -> None:
        """Hand on what others announced."""
        for sample in self._reader.take(N=64):
            if isinstance(sample, InvalidSample):
                continue
            try:
                message = typestore().deserialize_cdr(memoryview(sample.cdr), _TYPE)
            except Exception:
                # Older distributions send a longer gid under the same name.
                continue
            self._on_nodes(message)

    def close(self) -> None:
        """Drop the endpoints."""
        del self._writer, self._reader, self.condition

    def _gid_message(self, gid: bytes) -> Any:
        return self._factory.make("rmw_dds_common/msg/Gid", data=np.frombuffer(gid, dtype=np.uint8))
