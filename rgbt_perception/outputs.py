"""What is published: topics, types and the messages built from one result."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Any

from rgbt_perception.config import OutputConfig
from rgbt_perception.frames import FloatImage, Perception
from rgbt_perception.sensing.encode import MessageFactory, camera_info_message, image_message
from rgbt_perception.sensing.encode_cloud import cloud_message

IMAGE = "sensor_msgs/msg/Image"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
CLOUD = "sensor_msgs/msg/PointCloud2"
STATUS = "rgbt_perception/msg/PerceptionStatus"

# Topics below the node's name (`~/`), with their types.
TOPICS = {
    "depth/image": IMAGE,
    "depth/camera_info": CAMERA_INFO,
    "confidence/image": IMAGE,
    "points": CLOUD,
    "debug/depth/rgb": IMAGE,
    "debug/depth/thermal": IMAGE,
    "debug/depth/ungated": IMAGE,
    "status": STATUS,
}
ESTIMATE_TOPICS = {name: f"debug/depth/{name}" for name in ("rgb", "thermal", "ungated")}


@dataclass(frozen=True)
class Output:
    """One message to publish.

    Attributes:
        topic: key of ``TOPICS``.
        type_name: ROS type.
        message: built by the host's factory.
        stamp_ns: that of the picture it was computed from.
    """

    topic: str
    type_name: str
    message: Any
    stamp_ns: int


def build_outputs(
    factory: MessageFactory,
    perception: Perception,
    config: OutputConfig,
    topics: Set[str],
) -> Iterator[Output]:
    """Messages of one result; what nobody wants is not built.

    Args:
        factory: makes the host's messages.
        perception: the result.
        config: stride and edge threshold of the cloud.
        topics: those of ``TOPICS`` that have a taker.
    """
    stamp, frame = perception.stamp_ns, perception.frame_id

    def image(topic: str, array: FloatImage) -> Output:
        return Output(topic, IMAGE, image_message(factory, array, "32FC1", stamp, frame), stamp)

    if "depth/image" in topics:
        yield image("depth/image", perception.depth)
    if "depth/camera_info" in topics:
        info = camera_info_message(factory, perception.camera, stamp, frame)
        yield Output("depth/camera_info", CAMERA_INFO, info, stamp)
    if "confidence/image" in topics:
        yield image("confidence/image", perception.confidence)
    for name, depth in perception.estimates.items():
        if ESTIMATE_TOPICS[name] in topics:
            yield image(ESTIMATE_TOPICS[name], depth)
    if "points" in topics:
        cloud = cloud_message(factory, perception, config.cloud_stride, config.edge_threshold, None)
        yield Output("points", CLOUD, cloud, stamp)
