"""Reads a recording in the order of its log times, in constant memory."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from rgbt_perception.errors import InputError
from rgbt_perception.recording.definitions import MessageDecoder, definition_store
from rgbt_perception.recording.storage import Storage, open_recording

if TYPE_CHECKING:
    from rosbags.interfaces import Connection, Qos
    from rosbags.typesys.store import Typestore

# As ROS 2 has it where nothing is said.
_DEFAULT_DEPTH = 10
# Of histories that were recorded as unlimited.
_MAX_DEPTH = 1000


@dataclass(frozen=True)
class TopicInfo:
    """A topic of a recording.

    Attributes:
        type: e.g. ``sensor_msgs/msg/Image``.
        count: number of messages.
        latched: recorded as transient local: it holds for every later time.
        reliable: recorded as reliable, or not known.
        depth: of the publishers' histories, messages.
    """

    type: str
    count: int
    latched: bool
    reliable: bool = True
    depth: int = _DEFAULT_DEPTH


class Message(NamedTuple):
    """A message of a recording.

    Attributes:
        topic: with its leading slash.
        time_ns: log time, nanoseconds.
        type: e.g. ``sensor_msgs/msg/Image``.
        value: the message; its arrays are read-only.
    """

    topic: str
    time_ns: int
    type: str
    value: Any


class RawMessage(NamedTuple):
    """A message of a recording that was not deserialised.

    Attributes:
        topic: with its leading slash.
        time_ns: log time, nanoseconds.
        type: e.g. ``sensor_msgs/msg/Image``.
        data: CDR with its header of four bytes.
    """

    topic: str
    time_ns: int
    type: str
    data: bytes


class RecordingReader:
    """A recording being read: a context manager.

    Attributes:
        topics: by name; filled on entry.
        truncated: one line saying what was recovered if the recording was cut, else empty.
    """

    def __init__(self, path: Path) -> None:
        """Name the recording: an ``.mcap`` or ``.db3`` file, or a rosbag2 folder."""
        self._path = path
        self._storages: list[Storage] = []
        self._decoders: dict[tuple[int, int], MessageDecoder] = {}
        self.topics: dict[str, TopicInfo] = {}
        self.truncated = ""

    def __enter__(self) -> RecordingReader:
        """Open it.

        Raises:
            InputError: missing, not a recording, or without any message.
        """
        self._storages = open_recording(self._path)
        try:
            self._survey()
        except InputError:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self._close()

    def count(self, topics: Collection[str]) -> int:
        """Number of messages in these topics; a topic that is not there has none."""
        return sum(self.topics[name].count for name in set(topics) if name in self.topics)

    def messages(self, topics: Collection[str] | None = None) -> Iterator[Message]:
        """The messages in log-time order; one iteration at a time.

        Args:
            topics: only these are looked at; None means all.

        Raises:
            InputError: a type or message cannot be read, or the recording is damaged.
        """
        # A type that cannot be read is told before the first message.
        for storage in self._storages:
            for connection in _wanted(storage, topics):
                self._decoder(connection)
        for connection, time_ns, data in self._merged(topics):
            decoder = self._decoder(connection)
            yield Message(decoder.topic, time_ns, decoder.type, decoder.decode(data, time_ns))

    def raw_messages(self, topics: Collection[str] | None = None) -> Iterator[RawMessage]:
        """The messages as they were recorded, of known and unknown types, in log-time order.

        Args:
            topics: only these are looked at; None means all.

        Raises:
            InputError: the recording is damaged.
        """
        for connection, time_ns, data in self._merged(topics):
            yield RawMessage(connection.topic, time_ns, connection.msgtype, data)

    def definitions(self, topic: str) -> Typestore | None:
        """The definition of a topic's type, from the recording or of ROS 2 Jazzy; None if neither.

        Args:
            topic: one of ``topics``.
        """
        for storage in self._storages:
            for connection in storage.reader.connections:
                if (connection.topic, connection.msgtype) == (topic, self.topics[topic].type):
                    with suppress(InputError):
                        return definition_store(connection)
        return None

    def _merged(self, topics: Collection[str] | None) -> Iterator[tuple[Connection, int, bytes]]:
        streams = [self._stream(storage, topics) for storage in self._storages]
        return streams[0] if len(streams) == 1 else heapq.merge(*streams, key=lambda raw: raw[1])

    def _stream(
        self, storage: Storage, topics: Collection[str] | None
    ) -> Iterator[tuple[Connection, int, bytes]]:
        wanted = _wanted(storage, topics)
        # An empty list would mean "all" to rosbags.
        if not wanted:
            return
        found = False
        raw = storage.reader.messages(wanted)
        while True:
            try:
                connection, time_ns, data = next(raw)
            except StopIteration:
                break
            except Exception as error:
                reason = " ".join(str(error).split()) or type(error).__name__
                raise InputError(f"{self._path}: damaged recording ({reason})") from None
            found = True
            yield connection, time_ns, data
        if not found:
            raise InputError(f"{self._path}: damaged recording (its index finds no message)")

    def _survey(self) -> None:
        for storage in self._storages:
            for connection in storage.reader.connections:
                if not (connection.topic + connection.msgtype).isprintable():
                    names = f"topic {connection.topic!r} of type {connection.msgtype!r}"
                    raise InputError(f"{self._path}: damaged recording ({names})")
                self._add(connection)
        self.truncated = "; ".join(s.truncated for s in self._storages if s.truncated)
        if not any(topic.count for topic in self.topics.values()):
            state = "was cut off before its first message" if self.truncated else "is empty"
            raise InputError(f"{self._path}: the recording {state}, expected messages")

    def _decoder(self, connection: Connection) -> MessageDecoder:
        key = (id(connection.owner), connection.id)
        if key not in self._decoders:
            self._decoders[key] = MessageDecoder(connection)
        return self._decoders[key]

    def _add(self, connection: Connection) -> None:
        profiles = _offered(connection)
        latched = connection.topic == "/tf_static" or any(
            profile.durability.name == "TRANSIENT_LOCAL" for profile in profiles
        )
        best_effort = bool(profiles) and all(
            profile.reliability.name == "BEST_EFFORT" for profile in profiles
        )
        depth = max((profile.depth for profile in profiles), default=0)
        topic = connection.topic
        known = self.topics.get(topic, TopicInfo(connection.msgtype, 0, False, False, 0))
        self.topics[topic] = TopicInfo(
            known.type,
            known.count + connection.msgcount,
            known.latched or latched,
            known.reliable or not best_effort,
            max(known.depth, min(depth, _MAX_DEPTH) or _DEFAULT_DEPTH),
        )

    def _close(self) -> None:
        self._decoders.clear()
        while self._storages:
            self._storages.pop().reader.close()


def _wanted(storage: Storage, topics: Collection[str] | None) -> list[Connection]:
    return [
        connection
        for connection in storage.reader.connections
        if connection.msgcount and (topics is None or connection.topic in topics)
    ]


def _offered(connection: Connection) -> list[Qos]:
    from rosbags.interfaces import ConnectionExtRosbag2

    extra = connection.ext
    return extra.offered_qos_profiles if isinstance(extra, ConnectionExtRosbag2) else []
