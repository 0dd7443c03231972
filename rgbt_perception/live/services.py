"""Answers requests of ROS 2 nodes: a service as rmw_cyclonedds_cpp has it on the wire.

A service is two topics, ``rq/NAMERequest`` and ``rr/NAMEReply``. Between the header of the CDR and
the message stand 16 bytes: the client's number and the request's, which the reply repeats; all
clients get all replies and pick their own. Other middlewares number requests in another way: their
clients find the service and get no answer.
"""

from __future__ import annotations

import logging
import struct
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cyclonedds.core import (
    DDSException,
    DDSStatus,
    InstanceState,
    Policy,
    ReadCondition,
    SampleState,
    ViewState,
)
from cyclonedds.domain import DomainParticipant
from cyclonedds.internal import InvalidSample
from cyclonedds.pub import DataWriter
from cyclonedds.sub import DataReader
from cyclonedds.topic import Topic

from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.live.quality import reader_qos, writer_qos
from rgbt_perception.live.repeats import Repeats
from rgbt_perception.live.service_types import reply_type, request_type
from rgbt_perception.live.topic_names import service_topics
from rgbt_perception.live.wire_types import type_hash, wire_type

if TYPE_CHECKING:
    from rosbags.typesys.store import Typestore

# Takes the request and returns the reply.
Handler = Callable[[Any], Any]

_QOS = Qos(reliable=True, depth=1000)
_CDR_HEADER = 4
_NUMBERS = 16
# A client that asks before its ear for replies is known here is waited for.
_PATIENCE_NS = 10_000_000_000
_log = logging.getLogger(__name__)


class Service:
    """One service; made by ``DdsNode.service``.

    Attributes:
        name: full name, e.g. ``/perception/get_parameters``.
        conditions: fire when there is something to do; empty once closed.
        answered: requests so far.
    """

    def __init__(
        self,
        participant: DomainParticipant,
        name: str,
        type_name: str,
        handler: Handler,
        store: Typestore,
    ) -> None:
        """Announce it.

        Args:
            participant: of the node.
            name: full name.
            type_name: e.g. ``rcl_interfaces/srv/GetParameters``.
            handler: called on the thread of the node's services.
            store: knows the types of requests and replies.
        """
        self.name, self.answered = name, 0
        self._handler, self._store = handler, store
        self._request, self._reply = request_type(type_name), reply_type(type_name)
        # By it a client knows that the two ends belong together.
        identity = f"serviceid={_hexadecimal(uuid.uuid4().bytes)};"
        ask, answer = service_topics(name)
        # Opaque, since the numbers are no part of the type.
        self._type: Any = wire_type(self._reply, None)
        self._writer: Any = DataWriter(
            participant,
            Topic(participant, answer, self._type),
            writer_qos(_QOS, type_hash(self._reply, store), identity),
        )
        self._reader: Any = DataReader(
            participant,
            Topic(participant, ask, wire_type(self._request, None)),
            reader_qos(_QOS, type_hash(self._request, store), identity),
        )
        asked = ReadCondition(self._reader, ViewState.Any | SampleState.NotRead | InstanceState.Any)
        self._writer.set_status_mask(DDSStatus.PublicationMatched)
        self.conditions: list[Any] = [asked, self._writer]
        # Client, reply and until when it is kept.
        self._waiting: list[tuple[str, bytes, int]] = []
        self._repeats = Repeats()

    @property
    def gids(self) -> tuple[bytes, bytes]:
        """Identities in the ROS graph: of the writer and of the reader, 16 bytes each."""
        return self._writer.guid.bytes, self._reader.guid.bytes

    def deliver(self) -> None:
        """Answer what has been asked; on the thread of the node's services."""
        if self._reader is None:
            return
        self._writer.get_publication_matched_status()  # else its condition fires again at once
        now_ns = time.monotonic_ns()
        while self._reader is not None and (samples := self._reader.take(N=1)):
            for sample in samples:
                if isinstance(sample, InvalidSample):
                    continue
                client = self._client(sample.sample_info.publication_handle)
                if not client:
                    self._tell("a client of another middleware is not answered", now_ns)
                elif (reply := self._answer(bytes(sample.cdr), now_ns)) is not None:
                    self._waiting.append((client, reply, now_ns + _PATIENCE_NS))
        if self._waiting:
            self._send(now_ns)

    def close(self) -> None:
        """Drop the endpoints."""
        self.conditions.clear()
        self._reader = self._writer = None

    def _answer(self, data: bytes, now_ns: int) -> bytes | None:
        """The reply as it goes over the wire; None to what is no request or fails."""
        numbers = data[_CDR_HEADER : _CDR_HEADER + _NUMBERS]
        try:
            rest = data[:_CDR_HEADER] + data[_CDR_HEADER + _NUMBERS :]
            request = self._store.deserialize_cdr(rest, self._request)
            client, number = struct.unpack("<Qq" if data[1] & 1 else ">Qq", numbers)
        except Exception as error:
            self._tell(f"a request cannot be read ({type(error).__name__})", now_ns)
            return None
        try:
            reply = bytes(self._store.serialize_cdr(self._handler(request), self._reply))
        except Exception:
            # The thread serves the other services too.
            _log.exception("%s: a request could not be answered", self.name)
            return None
        self.answered += 1
        return reply[:_CDR_HEADER] + struct.pack("<Qq", client, number) + reply[_CDR_HEADER:]

    def _send(self, now_ns: int) -> None:
        """Send the replies whose clients listen; forget those that do not come to it."""
        there = {
            _user_data(self._writer.get_matched_subscription_data(handle), "clientid")
            for handle in self._writer.get_matched_subscriptions()
        }
        later = []
        for client, reply, until_ns in self._waiting:
            if client not in there:
                if now_ns < until_ns:
                    later.append((client, reply, until_ns))
                continue
            sample = self._type.__new__(self._type)
            sample.cdr = reply
            try:
                self._writer.write(sample)
            except DDSException as error:
                self._tell(f"a reply was not sent ({error})", now_ns)
        self._waiting = later

    def _tell(self, line: str, now_ns: int) -> None:
        if self._repeats.due(line, now_ns):
            _log.warning("%s: %s", self.name, line)

    def _client(self, handle: int) -> str:
        """Which client a request came from; empty if it is none of rmw_cyclonedds_cpp."""
        return _user_data(self._reader.get_matched_publication_data(handle), "clientid")


def _user_data(endpoint: Any, key: str) -> str:
    """A value from what an endpoint of ROS 2 tells of itself; empty without it."""
    policy = None if endpoint is None else endpoint.qos[Policy.Userdata]
    text = b"" if policy is None else bytes(policy.data)
    for part in text.decode("ascii", "replace").split(";"):
        name, _, value = part.partition("=")
        if name == key:
            return value.strip()
    return ""


def _hexadecimal(data: bytes) -> str:
    return ".".join(f"{byte:x}" for byte in data)
