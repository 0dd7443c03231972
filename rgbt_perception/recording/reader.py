"""Reads a recording in the order of its log times, in constant memory."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from rgbt_perception.errors import InputError
from rgbt_perception.recording.definitions import MessageDecoder
from rgbt_perception.recording.storage import Storage, open_recording

if TYPE_CHECKING:
    from rosbags.interfaces import Connection


@dataclass(frozen=True)
class TopicInfo:
    """A topic of a recording.

    Attributes:
        type: e.g. ``sensor_msgs/msg/Image``.
        count: number of messages.
        latched: recorded as transient local: it holds for every later time.
    """

    type: str
    count: int
    latched: bool


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
        streams = [self._stream(storage, topics) for storage in self._storages]
        merged = streams[0] if len(streams) == 1 else heapq.merge(*streams, key=lambda raw: raw[1])
        for decoder, time_ns, data in merged:
            yield Message(decoder.topic, time_ns, decoder.type, decoder.decode(data, time_ns))

    def _stream(
        self, storage: Storage, topics: Collection[str] | None
    ) -> Iterator[tuple[MessageDecoder, int, bytes]]:
        wanted = [
            connection
            for connection in storage.reader.connections
            if connection.msgcount and (topics is None or connection.topic in topics)
        ]
        # An empty list would mean "all" to rosbags.
        if not wanted:
            return
        decoders = {connection.id: self._decoder(connection) for connection in wanted}
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
            yield decoders[connection.id], time_ns, data
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
        from rosbags.interfaces import ConnectionExtRosbag2, QosDurability

        extra = connection.ext
        latched = connection.topic == "/tf_static" or (
            isinstance(extra, ConnectionExtRosbag2)
            and any(
                q.durability == QosDurability.TRANSIENT_LOCAL for q in extra.offered_qos_profiles
            )
        )
        known = self.topics.get(connection.topic, TopicInfo(connection.msgtype, 0, False))
        self.topics[connection.topic] = TopicInfo(
            known.type, known.count + connection.msgcount, known.latched or latched
        )

    def _close(self) -> None:
        self._decoders.clear()
        while self._storages:
            self._storages.pop().reader.close()
