"""A perception node and the cameras of a small rig in one process, over real middleware."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

os.environ.setdefault("RMW_IMPLEMENTATION", "rmw_cyclonedds_cpp")
os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
os.environ.setdefault(
    "CYCLONEDDS_URI",
    '<CycloneDDS><Domain><General><Interfaces><NetworkInterface name="lo" multicast="true"/>'
    '</Interfaces></General><Internal><SocketReceiveBufferSize min="default" max="4MB"/>'
    "</Internal></Domain></CycloneDDS>",
)
# Of its own for every process, so that tests side by side do not hear each other.
DOMAIN = 60 + os.getpid() % 40

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from rclpy.signals import SignalHandlerOptions

from rgbt_perception.frames import Mode
from rgbt_perception.geometry.camera import CameraModel, make_camera_model
from rgbt_perception.nodes.perception_node import PerceptionNode
from rgbt_perception.nodes.rclpy_factory import RclpyFactory, message_class
from rgbt_perception.outputs import TOPICS, offered_topics
from rgbt_perception.sensing.encode import (
    camera_info_message,
    compressed_image_message,
    image_message,
    static_transform_message,
)

START_NS = 1_700_000_000_000_000_000
PERIOD_NS = 50_000_000
# How long the next picture waits for the result of the last one.
PATIENCE_S = 0.4
# A second of these cameras.
SECOND = 1_000_000_000 // PERIOD_NS
SIZES = {"rgb": (64, 48), "thermal": (40, 32)}
LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
RELIABLE = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
SUCCESS = TransitionCallbackReturn.SUCCESS
# For tests of what one pair gives: no camera counts as lost while the machine is busy elsewhere.
PATIENT = {"pairing.timeout_s": 20.0}
DEFAULTS = {"engine.name": "constant", "output.cloud_stride": 2}


def entities(node: Node) -> dict[str, int]:
    """How many of each kind a node holds."""
    kinds = ("publishers", "subscriptions", "timers", "services", "guards", "waitables")
    return {kind: len(list(getattr(node, kind))) for kind in kinds}


class Spinner:
    """Executes one node's callbacks in a thread of its own."""

    def __init__(self, node: Node, context: Context) -> None:
        self.node = node
        self.executor = SingleThreadedExecutor(context=context)
        self.executor.add_node(node)
        self.fault: BaseException | None = None
        self._stop = False
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def _spin(self) -> None:
        try:
            while not self._stop:
                self.executor.spin_once(timeout_sec=0.05)
        except BaseException as error:
            self.fault = error

    def close(self) -> None:
        self._stop = True
        self._thread.join()
        self.executor.shutdown()


class Bench:
    """Cameras, a listener and the perception node under test.

    Attributes:
        perception: the node under test.
        got: messages received, by output topic, with their arrival on the steady clock.
    """

    def __init__(self, parameters: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        self.context = Context()
        rclpy.init(
            context=self.context,
            domain_id=DOMAIN,
            signal_handler_options=SignalHandlerOptions.NO,
        )
        self.factory = RclpyFactory()
        self.node = Node("cameras", context=self.context)
        self.got: dict[str, list[Any]] = {topic: [] for topic in offered_topics(scene=True)}
        self.diagnostics: list[Any] = []
        self.index = 0
        self.start_ns = START_NS
        self.publishers: dict[str, Any] = {}
        values = {**DEFAULTS, **(parameters or {})}
        overrides = [Parameter(name, value=value) for name, value in values.items()]
        try:
            self.perception = PerceptionNode(
                context=self.context, parameter_overrides=overrides, **kwargs
            )
        except BaseException:
            rclpy.shutdown(context=self.context)
            raise
        self._spinners = [Spinner(n, self.context) for n in (self.node, self.perception)]

    def close(self) -> None:
        for spinner in self._spinners:
            spinner.close()
        faults = [spinner.fault for spinner in self._spinners if spinner.fault]
        self.perception.destroy_node()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)
        assert not faults, faults

    # The other end

    def listen(self, *topics: str, qos: QoSProfile = RELIABLE) -> None:
        for topic in topics or TOPICS:
            kind = message_class(offered_topics(scene=True)[topic])
            self.node.create_subscription(kind, f"/perception/{topic}", self.got[topic].append, qos)

    def listen_diagnostics(self) -> None:
        kind = message_class("diagnostic_msgs/msg/DiagnosticArray")
        self.node.create_subscription(kind, "/diagnostics", self.diagnostics.append, RELIABLE)

    def publisher(self, topic: str, kind: str, qos: Any = qos_profile_sensor_data) -> Any:
        if topic not in self.publishers:
            made = self.node.create_publisher(message_class(kind), topic, qos)
            self.publishers[topic] = made
        return self.publishers[topic]

    def advertise(self, *cameras: str) -> None:
        for camera in cameras or SIZES:
            self.publisher(f"{camera}/image", "sensor_msgs/msg/Image")
            self.publisher(f"{camera}/camera_info", "sensor_msgs/msg/CameraInfo")

    # What the cameras send

    def stamp(self, camera: str, index: int) -> int:
        return self.start_ns + index * PERIOD_NS + (4_000_000 if camera == "thermal" else 0)

    def camera(self, name: str, size: tuple[int, int] | None = None) -> CameraModel:
        width, height = size or SIZES[name]
        focal = 0.8 * width
        k = [focal, 0, (width - 1) / 2, 0, focal, (height - 1) / 2, 0, 0, 1]
        frame = f"{name}_optical_frame"
        return make_camera_model(name=name, width=width, height=height, k=k, frame_id=frame)

    def info(self, camera: str, stamp: int, size: tuple[int, int] | None = None) -> Any:
        frame = f"{camera}_optical_frame"
        return camera_info_message(self.factory, self.camera(camera, size), stamp, frame)

    def array(self, camera: str, index: int, size: tuple[int, int] | None = None) -> Any:
        random = np.random.default_rng(index)
        width, height = size or SIZES[camera]
        if camera == "rgb":
            return random.integers(0, 256, (height, width, 3), np.uint8)
        return random.integers(29000, 30000, (height, width), np.uint16)

    def image(self, camera: str, index: int, stamp: int, size: Any = None) -> Any:
        encoding = "rgb8" if camera == "rgb" else "mono16"
        frame = f"{camera}_optical_frame"
        return image_message(self.factory, self.array(camera, index, size), encoding, stamp, frame)

    def compressed(self, camera: str, index: int, stamp: int) -> Any:
        codec = "jpeg" if camera == "rgb" else "png"
        frame = f"{camera}_optical_frame"
        array = self.array(camera, index)
        return compressed_image_message(self.factory, array, codec, stamp, frame)

    def extrinsics(self) -> None:
        """Publish the two halves of rgb to thermal, latched, from two publishers."""
        kind = message_class("tf2_msgs/msg/TFMessage")
        for child, x in (("rgb_optical_frame", 0.1), ("thermal_optical_frame", 0.0)):
            transform = np.eye(4)
            transform[0, 3] = x
            message = static_transform_message(
                self.factory, "base_link", child, transform, self.start_ns
            )
            publisher = self.node.create_publisher(kind, "/tf_static", LATCHED)
            publisher.publish(message)

    def send(
        self,
        cameras: tuple[str, ...] = ("rgb", "thermal"),
        infos: bool = True,
        edit: Callable[[str, Any], Any] = lambda camera, message: message,
        size: Mapping[str, tuple[int, int]] | None = None,
    ) -> int:
        """Publish the next picture of each camera; returns the stamp of the thermal one."""
        for camera in cameras:
            stamp = self.stamp(camera, self.index)
            at = (size or SIZES)[camera]
            if infos:
                self.publishers[f"{camera}/camera_info"].publish(self.info(camera, stamp, at))
            message = edit(camera, self.image(camera, self.index, stamp, at))
            if message is not None:
                self.publishers[f"{camera}/image"].publish(message)
        self.index += 1
        return self.stamp("thermal", self.index - 1)

    def feed(self, count: int, **kwargs: Any) -> None:
        """Send a number of times, as a camera would, or more slowly where the machine is slow."""
        for _ in range(count):
            before, began = len(self.got["status"]), time.monotonic()
            self.send(**kwargs)
            time.sleep(PERIOD_NS / 1e9)
            while len(self.got["status"]) == before and time.monotonic() - began < PATIENCE_S:
                time.sleep(0.002)

    def feed_until(
        self,
        done: Callable[[], Any],
        timeout: float = 30.0,
        **kwargs: Any,
    ) -> int:
        """Send until something holds; returns how often it took."""
        end, count = time.monotonic() + timeout, 0
        while not done():
            assert time.monotonic() < end, "did not happen in time"
            self.feed(1, **kwargs)
            count += 1
        return count

    def both(self, since: int = 0) -> bool:
        """Whether a result of both cameras came, in time or not."""
        return any(mode in (Mode.FULL, Mode.DEGRADED) for mode in self.modes[since:])

    # Waiting

    def until(self, done: Callable[[], Any], timeout: float = 30.0) -> None:
        end = time.monotonic() + timeout
        while not done():
            assert time.monotonic() < end, "did not happen in time"
            time.sleep(0.01)

    def matched(self) -> None:
        """Wait until both ends of every topic in use have found each other."""
        self.until(lambda: all(p.get_subscription_count() for p in self.publishers.values()))
        self.until(
            lambda: all(self.node.count_publishers(s.topic_name) for s in self.node.subscriptions)
        )

    def ask(self, step: Callable[[], Any]) -> Any:
        """Call something of the node in its executor's thread, where services are served too."""
        future = self._spinners[1].executor.create_task(step)
        self.until(future.done, 60.0)
        return future.result()

    def start(self) -> None:
        """Configure and activate."""
        assert self.ask(self.perception.trigger_configure) == SUCCESS
        assert self.ask(self.perception.trigger_activate) == SUCCESS

    def ready(self, *topics: str, cameras: tuple[str, ...] = ("rgb", "thermal")) -> None:
        """Everything up to the first picture: transforms, cameras, listener, active node."""
        self.listen(*topics)
        self.extrinsics()
        self.advertise(*cameras)
        self.start()
        self.matched()

    @property
    def modes(self) -> list[int]:
        return [message.mode for message in self.got["status"]]

    def statuses(self, name: str) -> list[Any]:
        """Diagnostic statuses whose name holds a text, newest last."""
        return [s for array in list(self.diagnostics) for s in array.status if name in s.name]
