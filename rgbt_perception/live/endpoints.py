"""What a node writes to and reads from."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cyclonedds.core import DDSException, InstanceState, ReadCondition, SampleState, ViewState
from cyclonedds.domain import DomainParticipant
from cyclonedds.internal import InvalidSample
from cyclonedds.pub import DataWriter
from cyclonedds.sub import DataReader
from cyclonedds.topic import Topic

from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.live.cdr import Cdr, serialize
from rgbt_perception.live.quality import reader_qos, writer_qos
from rgbt_perception.live.repeats import Repeats
from rgbt_perception.live.wire_types import type_hash, wire_type
from rgbt_perception.recording.types import typestore

if TYPE_CHECKING:
    from rosbags.typesys.store import Typestore

# Called with the topic, the message and its arrival (steady clock, nanoseconds).
OnMessage = Callable[[str, Any, int], None]
# Called with one line about a message that cannot be read.
OnUnreadable = Callable[[str], None]
_log = logging.getLogger(__name__)


class Writer:
    """Publishes one topic.

    Attributes:
        topic: full name.
        type_name: e.g. ``sensor_msgs/msg/Image``.
        qos: as offered.
        lost: messages that were not written because a reliable subscriber did not keep up.
    """

    def __init__(
        self,
        participant: DomainParticipant,
        dds_topic: str,
        topic: str,
        type_name: str,
        qos: Qos,
        store: Typestore | None,
    ) -> None:
        """Announce it; made by ``DdsNode.writer``."""
        self.topic, self.type_name, self.qos = topic, type_name, qos
        self.lost = 0
        self._store = store
        self._type: Any = wire_type(type_name, store)
        hashed = type_hash(type_name, store)
        # None once closed.
        self._writer: Any = DataWriter(
            participant, Topic(participant, dds_topic, self._type), writer_qos(qos, hashed)
        )

    @property
    def gid(self) -> bytes:
        """Its identity in the ROS graph, 16 bytes."""
        return bytes(self._writer.guid.bytes)

    @property
    def subscribers(self) -> int:
        """How many subscriptions match now."""
        return int(self._writer.get_publication_matched_status().current_count)

    @property
    def refused(self) -> int:
        """How many subscriptions asked for a quality of service that is not offered."""
        return int(self._writer.get_offered_incompatible_qos_status().total_count)

    def publish(self, message: Any) -> bool:
        """Serialise and send a message.

        Args:
            message: has the fields of the type.

        Returns:
            Whether it was written.
        """
        if self._store is None:
            raise RgbtError(f"{self.topic}: no definition of {self.type_name}, send CDR")
        return self.publish_cdr(serialize(self._store, message, self.type_name))

    def publish_cdr(self, data: bytes | bytearray | Cdr) -> bool:
        """Send a message that is CDR already, with its header of four bytes.

        Returns:
            Whether it was written.

        Raises:
            InputError: the bytes are not of the type.
            RgbtError: DDS refuses.
        """
        sample = self._type.__new__(self._type)
        sample.cdr = data
        try:
            self._writer.write(sample)
        except DDSException as error:
            if error.code == DDSException.DDS_RETCODE_BAD_PARAMETER:
                line = f"{self.topic}: {len(data)} bytes are not a {self.type_name}"
                raise InputError(line) from None
            if error.code != DDSException.DDS_RETCODE_TIMEOUT:
                raise RgbtError(f"{self.topic}: cannot be written ({error})") from None
            self.lost += 1
            return False
        return True

    def flush(self, timeout_ns: int) -> bool:
        """Wait until reliable subscribers have everything.

        Returns:
            Whether they have.
        """
        try:
            return bool(self._writer.wait_for_acks(timeout_ns))
        except (DDSException, AttributeError):
            # cyclonedds 11.0.1 itself trips over a timeout, with an AttributeError.
            return False

    def close(self) -> None:
        """Drop the endpoint; nothing can be published any more."""
        self._writer = None


class Reader:
    """Subscribes to one topic.

    Attributes:
        topic: full name.
        type_name: e.g. ``sensor_msgs/msg/Image``.
        qos: as asked for.
        received: messages delivered.
        unreadable: messages whose text is not UTF-8; Cyclone itself drops what is not of the type.
        condition: fires when there is something to take; None once closed.
    """

    def __init__(
        self,
        participant: DomainParticipant,
        dds_topic: str,
        topic: str,
        type_name: str,
        qos: Qos,
        on_message: OnMessage,
        store: Typestore | None,
        on_unreadable: OnUnreadable | None = None,
    ) -> None:
        """Announce it; made by ``DdsNode.reader``."""
        self.topic, self.type_name, self.qos = topic, type_name, qos
        self.received = self.unreadable = 0
        self._on_message, self._on_unreadable = on_message, on_unreadable
        self._repeats = Repeats()
        self._store = store
        definitions = typestore() if store is None else store
        hashed = type_hash(type_name, definitions)
        kind = wire_type(type_name, definitions)
        reader = DataReader(
            participant, Topic(participant, dds_topic, kind), reader_qos(qos, hashed)
        )
        self._reader: Any = reader
        self.condition: Any = ReadCondition(
            reader, ViewState.Any | SampleState.NotRead | InstanceState.Any
        )

    @property
    def gid(self) -> bytes:
        """Its identity in the ROS graph, 16 bytes."""
        return bytes(self._reader.guid.bytes)

    @property
    def publishers(self) -> int:
        """How many publishers match now."""
        return int(self._reader.get_subscription_matched_status().current_count)

    @property
    def refused(self) -> int:
        """How many publishers offered a quality of service below the one asked for."""
        return int(self._reader.get_requested_incompatible_qos_status().total_count)

    def deliver(self) -> None:
        """Take what has arrived and call back; on the node's reading thread."""
        # One at a time: an 8 MB message is copied out only when the one before is dealt with.
        # Any callback may end with the reader closed.
        while (reader := self._reader) is not None and (samples := reader.take(N=1)):
            arrival_ns = time.monotonic_ns()
            for sample in samples:
                if not isinstance(sample, InvalidSample):
                    self._hand_over(sample.cdr, arrival_ns)

    def close(self) -> None:
        """Drop the endpoint."""
        # The condition holds the endpoint too.
        self.condition = self._reader = None

    def _hand_over(self, data: bytes, arrival_ns: int) -> None:
        message: Any = memoryview(data)
        if self._store is not None:
            try:
                message = self._store.deserialize_cdr(message, self.type_name)
            except Exception as error:
                self.unreadable += 1
                kind = type(error).__name__
                line = f"{len(data)} bytes are not a readable {self.type_name} ({kind})"
                if self._on_unreadable is not None:
                    self._on_unreadable(line)
                elif self._repeats.due("unreadable", arrival_ns):
                    _log.warning("%s: %s; %d so far", self.topic, line, self.unreadable)
                return
        self.received += 1
        try:
            self._on_message(self.topic, message, arrival_ns)
        except Exception as error:
            # The thread serves the other topics too.
            if self._repeats.due(type(error).__name__, arrival_ns):
                _log.exception("%s: a message could not be handled", self.topic)
