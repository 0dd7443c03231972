"""A simulated rig as a ROS node: plays a recording in a loop, or renders a scene live."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import rclpy
from rclpy.node import Node
from rclpy.publisher import Publisher

from rgbt_perception.errors import RgbtError
from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.nodes.program import run
from rgbt_perception.nodes.qos import profile
from rgbt_perception.nodes.rclpy_factory import message_class
from rgbt_perception.nodes.settings import declared
from rgbt_perception.recording.streaming import Pace, Timed, rename_rig_frames, restamp
from rgbt_perception.recording.types import typestore
from rgbt_perception.simulation.settings import SimulatorSettings

NODE = "simulator"
_LIVE = Qos(reliable=True, transient_local=False, depth=5)
# /tf_static comes in several messages, and a late subscriber needs them all.
_LATCHED = Qos(reliable=True, transient_local=True, depth=100)
# One graph has one of each, whatever the rig's namespace.
_GLOBAL = ("/tf", "/tf_static")
_TELL_EVERY_S = 10.0


class SimulatorNode(Node):
    """Publishes the inputs of the perception and their ground truth, stamped with the present.

    Topics are those of the source, relative to the node's namespace.
    """

    def __init__(self) -> None:
        """Declare the parameters and open the source.

        Raises:
            RgbtError: a parameter or the source is not usable.
        """
        super().__init__(NODE)
        self.settings = declared(self, SimulatorSettings)
        self.failure: RgbtError | None = None
        self._publishers_by_topic: dict[str, Publisher] = {}
        self._left_out: set[str] = set()
        self._stopped = threading.Event()
        self._stream = self.settings.stream(self._stopped, self._is_known)
        self._thread = threading.Thread(target=self._run, name="stream")
        self._thread.start()

    @property
    def playing(self) -> bool:
        """Whether there is more to come."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End the stream and its processes."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        settings = self.settings
        what = settings.recording or "the shipped sample"
        if settings.source.value == "rendering":
            what = f"{settings.scene.value}/{settings.light.value}/{settings.weather.value}"
        self.get_logger().info(f"{settings.source.value}: {what}")
        pace = Pace(settings.speed, self._stopped)
        origin_ns = 0
        try:
            for item in self._stream:
                elapsed_ns = pace.wait(item.due_ns)
                if self._stopped.is_set():
                    break
                # The first message decides; with simulated time that clock may start late.
                origin_ns = origin_ns or self.get_clock().now().nanoseconds - elapsed_ns
                self._publish(item, origin_ns + elapsed_ns)
                self._tell(pace, elapsed_ns)
        except RgbtError as error:
            self.failure = error
        except ImportError as error:  # rosbags comes from pip, not with ROS
            self.failure = RgbtError(f"needs {error.name}: pip install {error.name}")
        except Exception as error:
            # The signal that ends the node takes its publishers away at once.
            if self.context.ok():
                self.failure = RgbtError(f"internal error: {type(error).__name__}: {error}")
                raise
        finally:
            self._stream.close()  # type: ignore[attr-defined]
        if self.failure is not None:
            self.get_logger().fatal(str(self.failure))

    def _publish(self, item: Timed, now_ns: int) -> None:
        prefix = self.settings.frame_prefix
        restamp(item.message, now_ns - item.time_ns, prefix)
        if prefix and item.topic == "/rig":
            rename_rig_frames(item.message, prefix)
        publisher = self._publisher(item)
        # Bytes spare the conversion to rclpy's classes; nobody there, nothing to serialise.
        if item.latched or publisher.get_subscription_count():
            publisher.publish(bytes(typestore().serialize_cdr(item.message, item.type_name)))

    def _publisher(self, item: Timed) -> Publisher:
        publisher = self._publishers_by_topic.get(item.topic)
        if publisher is None:
            topic = item.topic if item.topic in _GLOBAL else item.topic.lstrip("/")
            kind: Any = message_class(item.type_name)
            publisher = self.create_publisher(
                kind, topic, profile(_LATCHED if item.latched else _LIVE)
            )
            self._publishers_by_topic[item.topic] = publisher
        return publisher

    def _is_known(self, topic: str, type_name: str) -> bool:
        """Whether messages of that type can be published; one warning for each topic if not."""
        with suppress(ImportError, AttributeError):
            if type_name in typestore().types and message_class(type_name):
                return True
        if topic not in self._left_out:
            self._left_out.add(topic)
            self.get_logger().warning(f"{topic}: left out, type {type_name} is not known here")
        return False

    def _tell(self, pace: Pace, elapsed_ns: int) -> None:
        """Say so when rendering is slower than the rate."""
        if pace.slipped_ns > 0.1 * elapsed_ns + 1e9:
            share = 1.0 - pace.slipped_ns / elapsed_ns
            self.get_logger().warning(
                f"the source gives {share:.0%} of the rate asked for "
                f"({self.settings.speed:g} x); more jobs, smaller pictures or a lower rate help",
                throttle_duration_sec=_TELL_EVERY_S,
            )


def main(args: Sequence[str] | None = None) -> int:
    """Run until the source ends or the node is stopped.

    Returns:
        Exit code: 0 done, 1 the source failed.
    """
    return run(NODE, args, SimulatorNode, spin=_play, end=_stopped)


def _play(node: SimulatorNode) -> None:
    while rclpy.ok() and node.playing:
        rclpy.spin_once(node, timeout_sec=0.1)


def _stopped(node: SimulatorNode) -> int:
    node.stop()
    return 1 if node.failure else 0
