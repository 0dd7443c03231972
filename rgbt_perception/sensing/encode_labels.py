"""What class ids mean, as vision_msgs/LabelInfo."""

from __future__ import annotations

from typing import Any

from rgbt_perception.scene.classes import SCENE_CLASSES
from rgbt_perception.sensing.encode import MessageFactory, header


def label_info_message(factory: MessageFactory, stamp_ns: int, frame_id: str) -> Any:
    """vision_msgs/LabelInfo with every class of ``scene.classes``.

    Args:
        factory: makes the messages.
        stamp_ns: when it began to hold, nanoseconds.
        frame_id: optical frame of the labels; empty while unknown.
    """
    classes = [
        factory.make("vision_msgs/msg/VisionClass", class_id=index, class_name=item.name)
        for index, item in enumerate(SCENE_CLASSES)
    ]
    return factory.make(
        "vision_msgs/msg/LabelInfo",
        header=header(factory, stamp_ns, frame_id),
        class_map=classes,
        # The likeliest class is given, however likely it is.
        threshold=0.0,
    )
