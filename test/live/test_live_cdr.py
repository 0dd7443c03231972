from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.live.cdr import CdrFactory, serialize
from rgbt_perception.recording.types import RosbagsFactory, typestore
from rgbt_perception.sensing.encode import header, image_message

IMAGE, STRING = "sensor_msgs/msg/Image", "std_msgs/msg/String"
CLOUD = "sensor_msgs/msg/PointCloud2"


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


def cloud(factory, size, frame="frame", name="x"):
    """A PointCloud2 whose data is 0, 1, 2 … and lies in a room."""
    room = factory.room(size)
    room[:] = np.arange(size)
    field = factory.make("sensor_msgs/msg/PointField", name=name, offset=0, datatype=2, count=1)
    return factory.make(
        CLOUD,
        header=header(factory, 1, frame),
        height=1,
        width=size,
        fields=[field],
        is_bigendian=False,
        point_step=1,
        row_step=size,
        data=factory.data(room.view()),
        is_dense=True,
    )


@given(size=st.integers(0, 40), name=st.text(st.characters(codec="ascii"), max_size=9))
def test_a_room_is_sent_as_if_it_had_been_copied(size, name):
    ours = serialize(typestore(), cloud(CdrFactory(), size, name, name), CLOUD)
    theirs = serialize(typestore(), cloud(RosbagsFactory(), size, name, name), CLOUD)
    assert bytes(ours) == bytes(theirs)


def test_a_room_is_not_copied_and_serves_again():
    factory = CdrFactory()
    room = factory.room(1000)
    sent = serialize(typestore(), cloud(factory, 1000), CLOUD)
    assert np.shares_memory(sent, room)
    assert factory.room(1000) is room
    assert len(factory.room(10)) == 10


def test_what_does_not_fit_beside_a_room_is_copied():
    frame = "f" * 10_000
    factory = CdrFactory()
    sent = serialize(typestore(), cloud(factory, 1000, frame), CLOUD)
    assert not np.shares_memory(sent, factory.room(1000))
    theirs = serialize(typestore(), cloud(RosbagsFactory(), 1000, frame), CLOUD)
    assert bytes(sent) == bytes(theirs)


def test_memory_of_others_is_left_alone():
    factory = CdrFactory()
    factory.room(8)
    other = np.zeros(8, np.uint8)
    assert factory.data(other) is other


def test_padding_what_is_padded_copies_nothing():
    data = serialize(typestore(), RosbagsFactory().make(STRING, data="abc"), STRING)
    assert data.ljust(len(data), b"\0") is data
