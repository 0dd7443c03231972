"""What is published: topics, types and the messages built from one result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from rgbt_perception.config import OutputConfig
from rgbt_perception.config_words import CloudFields
from rgbt_perception.frames import Perception, Scene
from rgbt_perception.geometry.cloud import POINT, POINT_XYZ, POINT_XYZRGB
from rgbt_perception.pipeline import Wanted
from rgbt_perception.scene.labels import colored_labels
from rgbt_perception.scene.stage import SceneWanted
from rgbt_perception.sensing.encode import (
    MessageFactory,
    Picture,
    camera_info_message,
    image_message,
)
from rgbt_perception.sensing.encode_cloud import cloud_message

IMAGE = "sensor_msgs/msg/Image"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
CLOUD = "sensor_msgs/msg/PointCloud2"
STATUS = "rgbt_perception/msg/PerceptionStatus"
LABEL_INFO = "vision_msgs/msg/LabelInfo"

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
# Likewise, with a scene network only.
SCENE_TOPICS = {
    "fused/image": IMAGE,
    "fused/camera_info": CAMERA_INFO,
    "semantic/image": IMAGE,
    "semantic/colored": IMAGE,
    "semantic/camera_info": CAMERA_INFO,
    "semantic/label_info": LABEL_INFO,
    "debug/semantic/rgb": IMAGE,
    "debug/semantic/thermal": IMAGE,
    "debug/aligned/rgb": IMAGE,
    "debug/aligned/rgb_seen": IMAGE,
    "debug/aligned/thermal": IMAGE,
}
LABEL_ESTIMATE_TOPICS = {name: f"debug/semantic/{name}" for name in ("rgb", "thermal")}
LATCHED_TOPICS = frozenset({"semantic/label_info"})
"""Sent once, before the first result; who subscribes later gets it too."""
_POINTS = {
    CloudFields.ALL: POINT,
    CloudFields.XYZRGB: POINT_XYZRGB,
    CloudFields.XYZ: POINT_XYZ,
}
_ALIGNED_TOPICS = frozenset(topic for topic in SCENE_TOPICS if topic.startswith("debug/aligned/"))


def offered_topics(scene: bool) -> Mapping[str, str]:
    """Every topic of a node with its type.

    Args:
        scene: there is a scene network.
    """
    return {**TOPICS, **SCENE_TOPICS} if scene else TOPICS


def usual_topics(scene: bool) -> frozenset[str]:
    """Those whose messages belong to a result and are not for debugging.

    Args:
        scene: there is a scene network.
    """
    offered = offered_topics(scene).keys() - LATCHED_TOPICS
    return frozenset(topic for topic in offered if not topic.startswith("debug/"))


def wanted_results(topics: Set[str], fields: CloudFields) -> Wanted:
    """What these topics take.

    Args:
        topics: those of ``offered_topics`` that have a taker.
        fields: of the cloud's points.
    """
    of_points = fields if "points" in topics else CloudFields.XYZ
    labeled = {"semantic/image", "semantic/colored"}
    return Wanted(
        color=of_points is not CloudFields.XYZ,
        temperature=of_points is CloudFields.ALL,
        estimates=not topics.isdisjoint(ESTIMATE_TOPICS.values()),
        scene=_scene_wanted(topics, of_points is CloudFields.ALL or not topics.isdisjoint(labeled)),
    )


def _scene_wanted(topics: Set[str], labels: bool) -> SceneWanted:
    return SceneWanted(
        fused="fused/image" in topics,
        labels=labels,
        estimates=not topics.isdisjoint(LABEL_ESTIMATE_TOPICS.values()),
        aligned=not topics.isdisjoint(_ALIGNED_TOPICS),
    )


@dataclass(frozen=True)
class Output:
    """One message to publish.

    Attributes:
        topic: key of ``offered_topics``.
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
        config: stride, edge threshold and fields of the cloud.
        topics: those of ``offered_topics`` that have a taker.
    """
    stamp, frame = perception.stamp_ns, perception.frame_id
    scene = perception.scene

    def image(topic: str, array: Picture, encoding: str = "32FC1") -> Output:
        return Output(topic, IMAGE, image_message(factory, array, encoding, stamp, frame), stamp)

    if "depth/image" in topics:
        yield image("depth/image", perception.depth)
    for topic in ("depth/camera_info", "fused/camera_info", "semantic/camera_info"):
        if topic in topics:
            info = camera_info_message(factory, perception.camera, stamp, frame)
            yield Output(topic, CAMERA_INFO, info, stamp)
    if "confidence/image" in topics:
        yield image("confidence/image", perception.confidence)
    for name, depth in perception.estimates.items():
        if ESTIMATE_TOPICS[name] in topics:
            yield image(ESTIMATE_TOPICS[name], depth)
    if "points" in topics:
        label = None if scene is None else scene.labels
        cloud = cloud_message(
            factory,
            perception,
            config.cloud_stride,
            config.edge_threshold,
            label,
            _POINTS[config.cloud_fields],
        )
        yield Output("points", CLOUD, cloud, stamp)
    if scene is not None:
        for topic, array, encoding in _scene_pictures(scene, topics):
            yield image(topic, array, encoding)


def _scene_pictures(scene: Scene, topics: Set[str]) -> Iterator[tuple[str, Picture, str]]:
    """Topic, picture and encoding of what is wanted and there."""
    aligned = scene.aligned
    if "fused/image" in topics and scene.fused is not None:
        yield "fused/image", scene.fused, "rgb8"
    if "semantic/image" in topics and scene.labels is not None:
        yield "semantic/image", scene.labels, "mono8"
    if "semantic/colored" in topics and scene.labels is not None:
        yield "semantic/colored", colored_labels(scene.labels), "rgb8"
    for name, labels in scene.estimates.items():
        if LABEL_ESTIMATE_TOPICS[name] in topics:
            yield LABEL_ESTIMATE_TOPICS[name], labels, "mono8"
    if aligned.rgb is not None:
        seen = aligned.rgb_seen
        if "debug/aligned/rgb" in topics:
            yield "debug/aligned/rgb", aligned.rgb, "rgb8"
        if "debug/aligned/rgb_seen" in topics:
            shown = np.ones(aligned.rgb.shape[:2], np.bool_) if seen is None else seen
            yield "debug/aligned/rgb_seen", shown * np.uint8(255), "mono8"
    if aligned.thermal is not None and "debug/aligned/thermal" in topics:
        grey = np.rint(aligned.thermal * np.float32(255)).astype(np.uint8)
        yield "debug/aligned/thermal", grey, "mono8"
