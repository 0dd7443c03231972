from __future__ import annotations

import numpy as np
import pytest

from rgbt_perception.recording.types import RosbagsFactory, typestore


def test_own_messages_survive_serialisation():
    factory = RosbagsFactory()
    make = factory.make
    status = make(
        "rgbt_perception/msg/PerceptionStatus",
        header=make(
            "std_msgs/msg/Header",
            stamp=make("builtin_interfaces/msg/Time", sec=5, nanosec=7),
            frame_id="thermal_optical_frame",
        ),
        mode=3,
        reasons=["rgb_lost"],
        pair_offset=make("builtin_interfaces/msg/Duration", sec=-1, nanosec=999_999_999),
        stages=[make("rgbt_perception/msg/StageLatency", stage="engine", milliseconds=1.5)],
        pairs=2**40,
        dropped_rgb=1,
        dropped_thermal=2,
        rejected=3,
        mean_confidence=0.25,
        depth_model="a",
        scene_model="",
        engine="onnxruntime",
    )
    name = "rgbt_perception/msg/PerceptionStatus"
    back = typestore().deserialize_cdr(typestore().serialize_cdr(status, name), name)
    assert back == status


def test_every_field_must_be_given():
    with pytest.raises(TypeError, match="nanosec"):
        RosbagsFactory().make("builtin_interfaces/msg/Time", sec=5)


def test_data_is_not_copied():
    array = np.zeros(3, dtype=np.uint8)
    assert RosbagsFactory().data(array) is array
