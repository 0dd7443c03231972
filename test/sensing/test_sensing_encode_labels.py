from __future__ import annotations

from rgbt_perception.recording.types import RosbagsFactory, typestore
from rgbt_perception.scene.classes import SCENE_CLASSES
from rgbt_perception.sensing.encode_labels import label_info_message

NAME = "vision_msgs/msg/LabelInfo"


def test_every_class_has_its_name_and_survives_serialisation():
    message = label_info_message(RosbagsFactory(), 5_000_000_007, "thermal_optical_frame")
    back = typestore().deserialize_cdr(typestore().serialize_cdr(message, NAME), NAME)
    assert (back.header.stamp.sec, back.header.stamp.nanosec) == (5, 7)
    assert back.header.frame_id == "thermal_optical_frame"
    names = [item.name for item in SCENE_CLASSES]
    assert [(c.class_id, c.class_name) for c in back.class_map] == list(enumerate(names))
    assert back.threshold == 0.0


def test_ros_2_knows_the_type_by_this_hash():
    """As ROS 2 Jazzy's vision_msgs 4.1 has it in LabelInfo.json."""
    expected = "RIHS01_3d37df4015cdf660cc851c51897f2acd957e1ca6205ba0a99aebffb9406b0783"
    assert typestore().hash_rihs01(NAME) == expected
