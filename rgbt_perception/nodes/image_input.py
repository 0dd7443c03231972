"""One camera's pictures, raw or compressed, as a filter of message_filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from message_filters import SimpleFilter, Subscriber
from rclpy.node import Node

from rgbt_perception.config import Config
from rgbt_perception.hosting.interfaces import COMPRESSED_IMAGE, image_topic, input_qos
from rgbt_perception.nodes.qos import mismatch_events, overridable, profile
from rgbt_perception.nodes.rclpy_factory import message_class
from rgbt_perception.session import Stream


class ImageInput(SimpleFilter):
    """Subscribes to a camera's raw or compressed topic and passes on what comes.

    message_filters' subscriber has no way back: the subscription beneath it is destroyed here.

    Attributes:
        stream: which camera.
        subscription: the subscription of now.
    """

    def __init__(
        self,
        node: Node,
        stream: Stream,
        config: Config,
        *,
        arrived: Callable[[Stream, Any], None],
        fault: Callable[[BaseException], None],
        mismatch: Callable[[str, str], None],
    ) -> None:
        """Subscribe.

        Args:
            node: subscribes.
            stream: which camera; the relative topic name.
            config: which of the two topics, and the QoS.
            arrived: called with every picture before it is passed on.
            fault: told of an exception there or in a filter that follows; out of the callback
                it would end the executor.
            mismatch: see ``mismatch_events``.
        """
        super().__init__()
        self.stream = stream
        self.subscription: Any = None
        self._node = node
        self._config = config
        self._arrived = arrived
        self._fault = fault
        self._mismatch = mismatch
        self._type_name = ""
        self.follow()

    def follow(self) -> None:
        """Subscribe to what the publishers that are there now make the right topic."""
        raw = self._node.resolve_topic_name(self.stream.value)
        names = (raw, f"{raw}/compressed")
        published = {name for name in names if self._node.count_publishers(name)}
        topic, type_name = image_topic(self._config, self.stream, raw, published)
        if type_name != self._type_name:
            self.close()
            self._subscribe(topic, type_name)

    def close(self) -> None:
        """Unsubscribe."""
        if self.subscription is not None:
            self._node.destroy_subscription(self.subscription)
            self.subscription = None

    def _subscribe(self, topic: str, type_name: str) -> None:
        # Remapping rules are for the names as they are written, so the raw one stays relative.
        name = topic if type_name == COMPRESSED_IMAGE else self.stream.value
        subscriber = Subscriber(
            self._node,
            message_class(type_name),
            name,
            # A fresh profile each time: rclpy writes the override parameters into it.
            qos_profile=profile(input_qos(self._config.qos)[self.stream]),
            qos_overriding_options=overridable(),
            event_callbacks=mismatch_events(topic, self._mismatch),
        )
        subscriber.registerCallback(self._take)
        self.subscription, self._type_name = subscriber.sub, type_name

    def _take(self, message: Any) -> None:
        try:
            self._arrived(self.stream, message)
            self.signalMessage(message)
        except Exception as error:
            self._fault(error)
