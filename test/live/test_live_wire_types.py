from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from rgbt_perception.errors import InputError, UsageError
from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.live.topic_names import dds_name, node_name, ros_name
from rgbt_perception.live.wire_types import dds_type_name, ros_type_name, type_hash, wire_type
from rgbt_perception.recording.types import typestore

NAMES = st.text("abXY_09", max_size=8).map(lambda text: f"n{text}")


@given(NAMES, NAMES)
def test_type_names_go_both_ways(package, name):
    ros = f"{package}/msg/{name}"
    assert ros_type_name(dds_type_name(ros)) == ros


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_topic_names_go_both_ways(parts):
    topic = "/" + "/".join(parts)
    assert ros_name(dds_name(topic)) == topic


def test_names_of_the_standard():
    assert dds_type_name("sensor_msgs/msg/Image") == "sensor_msgs::msg::dds_::Image_"
    assert ros_type_name("HelloWorld::Msg") == "HelloWorld::Msg"
    assert ros_name("rq/x/get_parametersRequest") is None
    assert ros_name("ros_discovery_info") is None
    assert (node_name("/", "a"), node_name("/b", "a")) == ("/a", "/b/a")
    for wrong in ("", "a", "/", "/a b", "/1", "//a", "/a/"):
        with pytest.raises(UsageError):
            dds_name(wrong)
    for wrong in ("Image", "a/b", "a/msg/B C", "a/msg/B/c"):
        with pytest.raises(InputError, match="is not a message type"):
            dds_type_name(wrong)


def test_hashes_are_those_of_ros():
    # As `ros2 topic info -v` shows it on Jazzy.
    assert type_hash("sensor_msgs/msg/Image", typestore()) == (
        "RIHS01_d31d41a9a4c4bc8eae9be757b0beed306564f7526c88ea6a4588fb9582527d47"
    )
    assert type_hash("a/msg/B", typestore()) == ""


def test_every_kind_of_field_can_be_described(node, network, until):
    """Bounds, arrays, nesting and defaults; the bytes are Cyclone's own check."""
    from rgbt_perception.live.transport import DdsNode

    kind = "many_msgs/msg/Many"
    store = get_typestore(Stores.ROS2_JAZZY)
    text = (
        "bool a\nbyte b\nchar c\nint8 d\nuint8 e\nint16 f\nuint16 g\nint32 h\nuint32 i\n"
        "int64 j\nuint64 k\nfloat32 l\nfloat64 m\nstring n\nstring<=5 o\nfloat64[3] p\n"
        "uint16[<=4] q\nstring[] r\nstd_msgs/Header s\ngeometry_msgs/Point[] t\n"
        "geometry_msgs/Point[2] u\nstring<=3[<=2] v\n"
    )
    store.register(get_types_from_msg(text, kind))
    point = store.types["geometry_msgs/msg/Point"](x=1.0, y=2.0, z=3.0)
    time = store.types["builtin_interfaces/msg/Time"](sec=-1, nanosec=5)
    numbers = dict.fromkeys("bcdefghijk", 7)
    message = store.types[kind](
        **numbers,
        **{"a": True, "l": 1.5, "m": 2.5, "n": "äöü", "o": "12345"},
        **{"p": np.arange(3.0), "r": ["", "x"], "t": [point], "u": [point] * 2},
        q=np.arange(4, dtype="uint16"),
        s=store.types["std_msgs/msg/Header"](stamp=time, frame_id="f"),
        v=["abc", ""],
    )
    data = bytes(store.serialize_cdr(message, kind))
    assert wire_type(kind, store) is wire_type(kind, store)
    received = []
    qos = Qos(True, True, 1)
    with DdsNode("other", network=network) as other:
        writer = other.writer("/many", kind, qos, store)
        until(lambda: node.topics() == {"/many": [kind]})
        writer.publish(message)
        # The same description is needed to match it.
        from rgbt_perception.live.endpoints import Reader

        reader = Reader(
            node._participant, "rt/many", "/many", kind, qos, lambda *a: received.append(a), store
        )
        until(lambda: reader.deliver() or received)
    assert bytes(store.serialize_cdr(received[0][1], kind)) == data
