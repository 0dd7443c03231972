"""The inputs as subscriptions that feed a runner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node

from rgbt_perception.config import Config
from rgbt_perception.hosting.findings import Finding
from rgbt_perception.hosting.input_health import InputTopic
from rgbt_perception.hosting.interfaces import INPUT_TYPES, input_qos
from rgbt_perception.hosting.runner import Runner
from rgbt_perception.hosting.watchdog import Level
from rgbt_perception.nodes.extrinsics import Extrinsics
from rgbt_perception.nodes.image_input import ImageInput
from rgbt_perception.nodes.pair_filter import PairFilter
from rgbt_perception.nodes.qos import asked, endpoint, mismatch_events, overridable, profile
from rgbt_perception.nodes.rclpy_factory import message_class, type_name
from rgbt_perception.session import IMAGES, INFOS, Stream

_PLAIN = (Stream.RGB_INFO, Stream.THERMAL_INFO, Stream.RIG)


class Inputs:
    """Subscribes to everything that the session takes."""

    def __init__(
        self,
        node: Node,
        config: Config,
        runner: Runner,
        *,
        fault: Callable[[BaseException], None],
        mismatch: Callable[[str, str], None],
    ) -> None:
        """Subscribe.

        Args:
            node: subscribes.
            config: QoS and transports; with a rig file only the pictures are subscribed to.
            runner: gets what comes.
            fault: told of an exception in a callback, which must not end the executor.
            mismatch: see ``mismatch_events``.
        """
        self._node = node
        self._runner = runner
        self._fault = fault
        self._frames = {Stream.RGB_INFO: "", Stream.THERMAL_INFO: ""}
        self._images: dict[Stream, ImageInput] = {}
        self._extrinsics: Extrinsics | None = None
        self._plain: dict[Stream, Any] = {}
        try:
            self._open(config, mismatch)
        except BaseException:
            self.close()
            raise

    def topics(self) -> dict[Stream, InputTopic]:
        """What is subscribed to now, and what is offered there."""
        subscriptions = {stream: image.subscription for stream, image in self._images.items()}
        subscriptions |= self._plain
        if self._extrinsics is not None:
            subscriptions[Stream.TF_STATIC] = self._extrinsics.subscription
        return {stream: self._topic(sub) for stream, sub in subscriptions.items()}

    def missing_transform(self, now_ns: int) -> Finding | None:
        """That the extrinsics are not known although transforms came and both frames are."""
        waiting = None if self._extrinsics is None else self._extrinsics.waiting
        if waiting is None:
            return None
        line, since_ns = waiting
        message = f"{line}; for {(now_ns - since_ns) / 1e9:.1f} s"
        return Finding(Level.WARN, Stream.TF_STATIC.value, message, {}, since_ns, "no_transform")

    def follow(self) -> None:
        """Go to the compressed pictures where only these are published, and back."""
        for image in self._images.values():
            image.follow()

    def clock_jumped(self) -> None:
        """Look up the extrinsics again."""
        if self._extrinsics is not None:
            self._extrinsics.clock_jumped()

    def close(self) -> None:
        """Unsubscribe."""
        for image in self._images.values():
            image.close()
        for subscription in self._plain.values():
            self._node.destroy_subscription(subscription)
        if self._extrinsics is not None:
            self._extrinsics.close()

    def _open(self, config: Config, mismatch: Callable[[str, str], None]) -> None:
        node, runner, fault = self._node, self._runner, self._fault
        for stream in IMAGES:
            self._images[stream] = ImageInput(
                node, stream, config, arrived=runner.arrived, fault=fault, mismatch=mismatch
            )
        pairs = PairFilter(
            runner.session,
            self._images[Stream.RGB_IMAGE],
            self._images[Stream.THERMAL_IMAGE],
            order=runner.pairing,
        )
        pairs.registerCallback(runner.offer_match)
        if config.rig:
            return
        self._extrinsics = Extrinsics(node, found=self._found, arrived=runner.arrived, fault=fault)
        for stream in _PLAIN:
            self._plain[stream] = self._subscribe(stream, config, mismatch)

    def _subscribe(
        self, stream: Stream, config: Config, mismatch: Callable[[str, str], None]
    ) -> Any:
        topic = self._node.resolve_topic_name(stream.value)

        def take(message: Any) -> None:
            try:
                self._runner.offer(stream, message)
                if stream in INFOS and self._extrinsics is not None:
                    self._frames[stream] = message.header.frame_id
                    self._extrinsics.watch(
                        self._frames[Stream.RGB_INFO], self._frames[Stream.THERMAL_INFO]
                    )
            except Exception as error:
                self._fault(error)

        return self._node.create_subscription(
            message_class(INPUT_TYPES[stream]),
            stream.value,
            take,
            profile(input_qos(config.qos)[stream]),
            qos_overriding_options=overridable(),
            event_callbacks=mismatch_events(topic, mismatch),
        )

    def _topic(self, subscription: Any) -> InputTopic:
        name, kind = subscription.topic_name, subscription.msg_type
        infos = self._node.get_publishers_info_by_topic(name)
        return InputTopic(
            name, type_name(kind), asked(subscription.qos_profile), [endpoint(i) for i in infos]
        )

    def _found(self, transforms: Any) -> None:
        self._runner.offer(Stream.TF_STATIC, transforms)
