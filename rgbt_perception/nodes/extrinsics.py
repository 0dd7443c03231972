"""The transform between the cameras from tf2."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import tf2_ros
from rclpy.node import Node
from rclpy.time import Time
from tf2_msgs.msg import TFMessage

from rgbt_perception.config import QosConfig
from rgbt_perception.hosting.interfaces import input_qos
from rgbt_perception.nodes.qos import profile
from rgbt_perception.session import Stream

# The same for every namespace, as for all of tf2.
_TOPIC = "/tf_static"


class Extrinsics:
    """Waits for the transform from the RGB to the thermal frame and reports each change of it.

    The frames are those of camera_info and may come after the transforms, and the transforms in
    parts and in any order: whenever one of them changes, the chain is looked up again. Only static
    transforms are read: the cameras of a rig do not move against each other. tf2 keeps those over
    a clock jump; the jump makes the chain be looked up again all the same.

    Attributes:
        subscription: to the static transforms.
        waiting: what is missing, and since when by the steady clock, nanoseconds; None while
            nothing is, or no transform has come at all.
    """

    def __init__(
        self,
        node: Node,
        *,
        found: Callable[[Any], None],
        arrived: Callable[[Stream, Any], None],
        fault: Callable[[BaseException], None],
    ) -> None:
        """Listen.

        Args:
            node: subscribes.
            found: called with a tf2_msgs/TFMessage that holds one transform, thermal_T_rgb.
            arrived: called with every message as it came.
            fault: told of a transform that tf2 cannot take; out of the callback it would end
                the executor.
        """
        self._node = node
        self._found = found
        self._arrived = arrived
        self._fault = fault
        self._buffer = tf2_ros.Buffer()
        self._frames = ("", "")
        self._seen: set[str] = set()
        self._last: Any = None
        self.waiting: tuple[str, int] | None = None
        qos = profile(input_qos(QosConfig())[Stream.TF_STATIC])
        self.subscription = node.create_subscription(TFMessage, _TOPIC, self._take, qos)

    def watch(self, rgb: str, thermal: str) -> None:
        """Name the cameras' optical frames; an empty name is not known yet."""
        frames = rgb.removeprefix("/"), thermal.removeprefix("/")
        if frames != self._frames:
            self._frames = frames
            self._look_up()

    def clock_jumped(self) -> None:
        """Forget what was found."""
        self._last = None
        self._look_up()

    def close(self) -> None:
        """Stop listening."""
        self._node.destroy_subscription(self.subscription)
        self._buffer.jump_handle.unregister()

    def _take(self, message: Any) -> None:
        try:
            self._arrived(Stream.TF_STATIC, message)
            for transform in message.transforms:
                self._buffer.set_transform_static(transform, "tf_static")
                self._seen |= {transform.header.frame_id, transform.child_frame_id}
            self._look_up()
        except Exception as error:
            self._fault(error)

    def _look_up(self) -> None:
        rgb, thermal = self._frames
        if not rgb or not thermal or rgb == thermal:
            self.waiting = None
            return
        try:
            stamped = self._buffer.lookup_transform(thermal, rgb, Time())
        except tf2_ros.TransformException:
            self._wait(rgb, thermal)
            return
        self.waiting = None
        if stamped != self._last:
            self._last = stamped
            self._found(TFMessage(transforms=[stamped]))

    def _wait(self, rgb: str, thermal: str) -> None:
        if not self._seen:
            return  # that nothing comes is told as of every input
        line = (
            f"{self.subscription.topic_name}: no transform from {rgb!r} to {thermal!r}; "
            f"offered frames {', '.join(sorted(self._seen))}; wanted it there or in a rig file"
        )
        since_ns = time.monotonic_ns() if self.waiting is None else self.waiting[1]
        self.waiting = line, since_ns
