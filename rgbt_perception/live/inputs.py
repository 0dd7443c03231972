"""The inputs as subscriptions that feed a runner."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from rgbt_perception.config import Config
from rgbt_perception.hosting.input_health import InputTopic
from rgbt_perception.hosting.interfaces import INPUT_TYPES, image_topic, input_qos
from rgbt_perception.live.endpoints import Reader
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.session import IMAGES, Stream

# What a picture needs comes before it, also where both wait to be read.
_ORDER = (Stream.TF_STATIC, Stream.RIG, Stream.RGB_INFO, Stream.THERMAL_INFO)


class Inputs:
    """Subscribes to everything that the session takes; raw or compressed pictures."""

    def __init__(
        self,
        node: DdsNode,
        config: Config,
        names: Mapping[Stream, str],
        take: Callable[[Stream, Any], None],
        refuse: Callable[[Stream, str], None],
    ) -> None:
        """Subscribe.

        Args:
            node: subscribes.
            config: QoS and transports; with a rig file only the pictures are subscribed to.
            names: full names, pictures without ``/compressed``.
            take: called with every message, on the reading thread.
            refuse: called likewise with a line about each message that cannot be read.
        """
        self._node, self._config = node, config
        self._names, self._take, self._refuse = names, take, refuse
        self._lock = threading.Lock()
        self._readers: dict[Stream, Reader] = {}
        if not config.rig:
            for stream in _ORDER:
                self._subscribe(stream, names[stream], INPUT_TYPES[stream])
        self.follow()

    def follow(self) -> None:
        """Subscribe to what the publishers that are there now make the right topics."""
        published = {
            topic
            for name in (self._names[stream] for stream in IMAGES)
            for topic in (name, f"{name}/compressed")
            if self._node.endpoints(topic)
        }
        for stream in IMAGES:
            topic, type_name = image_topic(self._config, stream, self._names[stream], published)
            there = self._readers.get(stream)
            if there is None or there.topic != topic:
                self._subscribe(stream, topic, type_name)

    def topics(self) -> dict[Stream, str]:
        """Full name of each input that is subscribed to now."""
        with self._lock:
            return {stream: reader.topic for stream, reader in self._readers.items()}

    def offers(self) -> dict[Stream, InputTopic]:
        """Each input with its publishers."""
        with self._lock:
            readers = dict(self._readers)
        return {
            stream: InputTopic(
                reader.topic, reader.type_name, reader.qos, self._node.endpoints(reader.topic)
            )
            for stream, reader in readers.items()
        }

    def close(self) -> None:
        """Unsubscribe."""
        with self._lock:
            readers = list(self._readers.values())
            self._readers.clear()
        for reader in readers:
            self._node.remove(reader)

    def _subscribe(self, stream: Stream, topic: str, type_name: str) -> None:
        qos = input_qos(self._config.qos)[stream]

        def take(topic: str, message: Any, arrival_ns: int) -> None:
            self._take(stream, message)

        def refuse(line: str) -> None:
            self._refuse(stream, line)

        reader = self._node.reader(topic, type_name, qos, take, on_unreadable=refuse)
        with self._lock:
            before = self._readers.get(stream)
            self._readers[stream] = reader
        if before is not None:
            self._node.remove(before)
