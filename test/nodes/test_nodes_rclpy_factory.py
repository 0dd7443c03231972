import array
import importlib.util

import numpy as np
import pytest

from rgbt_perception.nodes import rclpy_factory
from rgbt_perception.nodes.rclpy_factory import RclpyFactory
from rgbt_perception.sensing.encode import camera_info_message, image_message
from rgbt_perception.sensing.image_layout import message_bytes

ROS = importlib.util.find_spec("sensor_msgs") is not None


class Jazzy:
    """What a generated class does with a sequence: copies in the constructor and in the setter,
    unless its checks are on and the setter is given an array."""

    def __init__(self, check_fields=False, **fields):
        self.check_fields = check_fields
        self.copies = 0
        for name, value in fields.items():
            setattr(self, name, value)
        if "data" not in fields:
            self.data = array.array("B")

    @property
    def data(self):
        return self._data

    @data.setter
    def data(self, value):
        if self.check_fields and isinstance(value, array.array):
            assert value.typecode == "B"
            self._data = value
            return
        self.copies += 1
        self._data = array.array("B", value)


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_data_holds_the_bytes_of_the_array(dtype):
    values = np.arange(12).astype(dtype)
    data = RclpyFactory().data(values)
    assert isinstance(data, array.array)
    assert data.tolist() == values.tolist()
    values[0] = 99
    assert data[0] == 0


def test_data_of_an_array_with_gaps():
    values = np.arange(12, dtype=np.uint8)[::3]
    assert RclpyFactory().data(values).tolist() == [0, 3, 6, 9]


@pytest.mark.parametrize("reuse", [False, True])
def test_what_is_written_to_a_room_is_not_copied(reuse):
    factory = RclpyFactory(reuse=reuse)
    room = factory.room(8)
    room[:] = np.arange(8)
    data = factory.data(room.view(np.float32).reshape(2, 1).reshape(-1).view(np.uint8))
    assert isinstance(data, array.array)
    assert data.tolist() == list(range(8))
    room[3] = 99
    assert data[3] == 99
    # Memory that is nobody's room is copied as ever.
    other = np.zeros(8, np.uint8)
    assert factory.data(other) is not data
    assert data[3] == 99


def test_only_a_host_that_asks_for_it_gets_the_same_room_again():
    factory, reusing = RclpyFactory(), RclpyFactory(reuse=True)
    first, same = factory.data(factory.room(8)), reusing.data(reusing.room(8))
    assert factory.data(factory.room(8)) is not first
    assert reusing.data(reusing.room(8)) is same
    assert len(reusing.data(reusing.room(12))) == 12


def test_sequences_are_set_without_a_copy(monkeypatch):
    monkeypatch.setattr(rclpy_factory, "message_class", lambda name: Jazzy)
    factory = RclpyFactory()
    data = factory.data(np.arange(6, dtype=np.uint8))
    message = factory.make("sensor_msgs/msg/Image", height=2, data=data)
    assert message.data is data
    assert message.copies == 0


@pytest.mark.skipif(not ROS, reason="needs ROS 2 (sensor_msgs)")
def test_real_image_takes_the_data_as_it_is():
    factory = RclpyFactory()
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    message = image_message(factory, picture, "rgb8", 5_000_000_007, "camera")
    assert (message.height, message.width, message.step) == (2, 4, 12)
    assert (message.header.stamp.sec, message.header.stamp.nanosec) == (5, 7)
    np.testing.assert_array_equal(message_bytes(message), picture.reshape(-1))
    data = factory.data(picture.reshape(-1))
    assert factory.make("sensor_msgs/msg/Image", data=data).data is data


@pytest.mark.skipif(not ROS, reason="needs ROS 2 (sensor_msgs)")
def test_real_camera_info_is_complete(pinhole):
    message = camera_info_message(RclpyFactory(), pinhole, 1, "camera")
    assert list(message.k) == pinhole.matrix.reshape(-1).tolist()
    assert list(message.d) == [0.0] * 5
    assert message.p.shape == (12,)
