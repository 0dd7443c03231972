"""ROS 2 message types without ROS: the classes, and a factory that builds messages of them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.resources import share

if TYPE_CHECKING:
    from rosbags.typesys.store import Typestore

OWN_TYPES = ("StageLatency", "PerceptionStatus")
# Fields of vision_msgs 4, which no type store of rosbags has.
_VISION_TYPES = {
    "vision_msgs/msg/VisionClass": "uint16 class_id\nstring class_name\n",
    "vision_msgs/msg/LabelInfo": "std_msgs/Header header\n"
    "vision_msgs/VisionClass[] class_map\nfloat32 threshold\n",
}


@cache
def typestore() -> Typestore:
    """All types of ROS 2 Jazzy, LabelInfo, and this package's own, read from ``msg/``."""
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    store = get_typestore(Stores.ROS2_JAZZY)
    own = {}
    for vision_type, text in _VISION_TYPES.items():
        own.update(get_types_from_msg(text, vision_type))
    for name in OWN_TYPES:
        text = share(f"msg/{name}.msg").read_text(encoding="utf-8")
        own.update(get_types_from_msg(text, f"rgbt_perception/msg/{name}"))
    store.register(own)
    return store


class RosbagsFactory:
    """Builds messages as dataclasses of ``rosbags``; rclpy has a factory with the same method."""

    def make(self, type_name: str, **fields: Any) -> Any:
        """A message.

        Args:
            type_name: e.g. ``sensor_msgs/msg/Image``.
            fields: every field of the type; there are no defaults.
        """
        return typestore().types[type_name](**fields)

    def data(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A one-dimensional array as value of a sequence field: the array itself."""
        return array

    def room(self, size: int) -> npt.NDArray[np.uint8]:
        """Memory of its own for every message."""
        return np.empty(size, np.uint8)
