from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.live.cdr import Cdr, serialize
from rgbt_perception.recording.types import RosbagsFactory, typestore
from rgbt_perception.sensing.encode import image_message

IMAGE, STRING = "sensor_msgs/msg/Image", "std_msgs/msg/String"


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20))
def test_is_what_rosbags_writes_padded_to_whole_words(text):
    message = RosbagsFactory().make(STRING, data=text)
    expected = bytes(typestore().serialize_cdr(message, STRING))
    ours = serialize(typestore(), message, STRING)
    assert len(ours) % 4 == 0
    assert len(ours) - len(expected) in range(4)
    assert bytes(ours[: len(expected)]) == expected


def test_a_picture_is_what_rosbags_writes():
    array = np.arange(36, dtype=np.uint8).reshape(4, 9)
    message = image_message(RosbagsFactory(), array, "mono8", 1, "frame")
    expected = bytes(typestore().serialize_cdr(message, IMAGE))
    assert bytes(serialize(typestore(), message, IMAGE)[: len(expected)]) == expected


def test_padding_what_is_padded_copies_nothing():
    data = Cdr(8)
    assert data.ljust(8, b"\0") is data
    assert bytes(Cdr(b"abc").ljust(4, b"\0")) == b"abc\0"
