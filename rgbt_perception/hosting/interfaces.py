"""Names, types and QoS of a live host's topics: one table for ROS and for DDS without ROS."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set

from rgbt_perception.config import Config, QosConfig, Reliability, Transport
from rgbt_perception.errors import UsageError
from rgbt_perception.hosting.graph import Qos
from rgbt_perception.outputs import LATCHED_TOPICS, offered_topics
from rgbt_perception.session import Stream

__all__ = [
    "COMPRESSED_IMAGE",
    "DIAGNOSTICS",
    "DIAGNOSTICS_QOS",
    "DIAGNOSTICS_TYPE",
    "INPUT_TYPES",
    "NODE",
    "Qos",
    "check_remaps",
    "image_topic",
    "input_qos",
    "input_topics",
    "output_qos",
    "output_topics",
    "resolve",
]

NODE = "perception"
COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
INPUT_TYPES = {
    Stream.RGB_IMAGE: "sensor_msgs/msg/Image",
    Stream.RGB_INFO: "sensor_msgs/msg/CameraInfo",
    Stream.THERMAL_IMAGE: "sensor_msgs/msg/Image",
    Stream.THERMAL_INFO: "sensor_msgs/msg/CameraInfo",
    Stream.TF_STATIC: "tf2_msgs/msg/TFMessage",
    Stream.RIG: "std_msgs/msg/String",
}
DIAGNOSTICS = "/diagnostics"
DIAGNOSTICS_TYPE = "diagnostic_msgs/msg/DiagnosticArray"
DIAGNOSTICS_QOS = Qos(reliable=True, depth=10)

_LATCHED = Qos(reliable=True, transient_local=True, depth=100)
# RViz displays ask for reliable; two are kept, since a viewer wants the newest.
_OUTPUT = Qos(reliable=True, depth=2)
_LATCHED_OUTPUT = Qos(reliable=True, transient_local=True, depth=1)
_NAME = re.compile(r"(?:~/|/)?[A-Za-z_][A-Za-z0-9_]*(?:/[A-Za-z_][A-Za-z0-9_]*)*")


def input_qos(config: QosConfig) -> dict[Stream, Qos]:
    """What is asked of each input's publishers."""
    asked = {
        Stream.RGB_IMAGE: config.rgb_image,
        Stream.RGB_INFO: config.rgb_camera_info,
        Stream.THERMAL_IMAGE: config.thermal_image,
        Stream.THERMAL_INFO: config.thermal_camera_info,
    }
    table = {
        stream: Qos(reliability is Reliability.RELIABLE, depth=config.depth)
        for stream, reliability in asked.items()
    }
    return {**table, Stream.TF_STATIC: _LATCHED, Stream.RIG: _LATCHED}


def output_qos(topic: str) -> Qos:
    """What is offered on an output, a key of ``offered_topics``."""
    return _LATCHED_OUTPUT if topic in LATCHED_TOPICS else _OUTPUT


def resolve(
    name: str,
    namespace: str = "/",
    node: str = NODE,
    remaps: Mapping[str, str] | None = None,
) -> str:
    """A topic's full name, as ROS 2 makes it.

    Args:
        name: absolute (``/a``), relative (``a``) or private (``~/a``).
        namespace: of the node.
        node: its name.
        remaps: names to other names, either of any of the three kinds; they are compared in full.

    Raises:
        UsageError: no name of ROS.
    """
    full = _expanded(name, namespace, node)
    for before, after in (remaps or {}).items():
        if _expanded(before, namespace, node) == full:
            return _expanded(after, namespace, node)
    return full


def input_topics(
    namespace: str = "/", node: str = NODE, remaps: Mapping[str, str] | None = None
) -> dict[Stream, str]:
    """Full names of the inputs; pictures without ``/compressed``.

    As everywhere in ROS, ``/tf_static`` is the same for all namespaces.
    """
    names = {stream: stream.value for stream in Stream} | {Stream.TF_STATIC: "/tf_static"}
    return {stream: resolve(name, namespace, node, remaps) for stream, name in names.items()}


def output_topics(
    namespace: str = "/",
    node: str = NODE,
    remaps: Mapping[str, str] | None = None,
    *,
    scene: bool = True,
) -> dict[str, str]:
    """Full names of the outputs by key of ``offered_topics``; without ``scene`` not those of it."""
    topics = offered_topics(scene)
    return {topic: resolve(f"~/{topic}", namespace, node, remaps) for topic in topics}


def check_remaps(remaps: Mapping[str, str], namespace: str, scene: bool) -> None:
    """Refuse another name for an output that will not be there.

    Raises:
        UsageError: without a scene network, one of its outputs is named.
    """
    offered = output_topics(namespace, scene=scene).values()
    missing = set(output_topics(namespace).values()) - set(offered)
    for source in remaps:
        if resolve(source, namespace) in missing:
            raise UsageError(
                f"--remap {source}: not offered without a scene network; expected scene.model "
                "(--scene-model) as well"
            )


def image_topic(config: Config, stream: Stream, name: str, published: Set[str]) -> tuple[str, str]:
    """Which topic a camera's pictures are taken from now.

    Args:
        config: says raw, compressed or auto.
        stream: one of the two pictures.
        name: its full name without ``/compressed``.
        published: full names of the topics that have a publisher.

    Returns:
        Full name and type. With auto it changes when another one is published: raw wins.
    """
    host = config.host
    asked = host.rgb_transport if stream is Stream.RGB_IMAGE else host.thermal_transport
    compressed = f"{name}/compressed"
    only_compressed = compressed in published and name not in published
    if asked is Transport.COMPRESSED or (asked is Transport.AUTO and only_compressed):
        return compressed, COMPRESSED_IMAGE
    return name, INPUT_TYPES[stream]


def _expanded(name: str, namespace: str, node: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"topic {name!r}: expected letters, digits and _ between /, e.g. /camera/image_raw"
        )
    space = "/" + namespace.strip("/")
    if name.startswith("/"):
        return name
    if name.startswith("~"):
        name = f"{node}/{name.removeprefix('~/')}"
    return f"{space.rstrip('/')}/{name}"
