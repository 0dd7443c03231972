from __future__ import annotations

import threading

import dds_peer
import numpy as np
import pytest

from rgbt_perception.errors import InputError, RgbtError, UsageError
from rgbt_perception.hosting.graph import Endpoint
from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.recording.types import RosbagsFactory

IMAGE = "sensor_msgs/msg/Image"
STRING = "std_msgs/msg/String"
RELIABLE = Qos(True, False, 5)
BEST_EFFORT = Qos(False, False, 5)
LATCHED = Qos(True, True, 10)


class Inbox:
    def __init__(self):
        self.messages, self.arrivals, self.threads = [], [], set()

    def __call__(self, topic, message, arrival_ns):
        self.messages.append(message)
        self.arrivals.append(arrival_ns)
        self.threads.add(threading.current_thread())


def text(value):
    return RosbagsFactory().make(STRING, data=value)


@pytest.mark.parametrize(("kind", "wanted"), [("reliable", RELIABLE), ("best", BEST_EFFORT)])
def test_pictures_of_another_process_arrive_unchanged(node, peer, until, kind, wanted):
    inbox = Inbox()
    node.reader("/rgb/image", IMAGE, wanted, inbox)
    peer("images", kind)
    until(lambda: len(inbox.messages) >= 5)
    expected = dds_peer.picture()
    stamps = []
    for message in inbox.messages:
        assert np.array_equal(message.data.reshape(expected.shape), expected)
        assert (message.encoding, message.header.frame_id) == ("rgb8", "rgb_optical_frame")
        stamps.append(message.header.stamp.sec * 10**9 + message.header.stamp.nanosec)
    assert stamps == sorted(set(stamps))
    assert stamps[0] >= dds_peer.STAMP_NS
    assert inbox.arrivals == sorted(inbox.arrivals)
    assert len(inbox.threads) == 1


def test_the_graph_names_nodes_types_and_qos(node, peer, until):
    peer("images", "best")
    until(lambda: "/front/peer" in node.nodes() and node.endpoints("/rgb/image"))
    until(lambda: node.endpoints("/rgb/image")[0].node)
    assert node.endpoints("/rgb/image") == [Endpoint("/front/peer", IMAGE, False, False)]
    assert node.topics() == {"/rgb/image": [IMAGE]}
    assert node.nodes() == ["/front/peer", "/observer"]
    node.reader("/rgb/image", IMAGE, BEST_EFFORT, Inbox())
    until(lambda: node.subscriptions("/rgb/image") == [Endpoint("/observer", IMAGE, False, False)])


def test_a_mismatch_of_qos_is_seen_and_delivers_nothing(node, peer, until):
    inbox = Inbox()
    reader = node.reader("/rgb/image", IMAGE, RELIABLE, inbox)
    peer("images", "best")
    until(lambda: reader.refused == 1)
    assert reader.publishers == 0
    assert [endpoint.reliable for endpoint in node.endpoints("/rgb/image")] == [False]
    assert inbox.messages == []


def test_a_node_that_ends_leaves_the_graph(node, peer, until):
    process = peer("images", "reliable")
    inbox = Inbox()
    reader = node.reader("/rgb/image", IMAGE, BEST_EFFORT, inbox)
    until(lambda: inbox.messages)
    process.communicate(timeout=20)
    until(lambda: node.endpoints("/rgb/image") == [])
    until(lambda: node.nodes() == ["/observer"])
    assert reader.publishers == 0
    peer("images", "reliable")
    before = len(inbox.messages)
    until(lambda: len(inbox.messages) > before)


def test_a_late_subscriber_gets_every_latched_message(node, peer, until):
    peer("latched")
    until(lambda: node.endpoints("/tf_static"))
    inbox = Inbox()
    node.reader("/tf_static", "tf2_msgs/msg/TFMessage", LATCHED, inbox)
    until(lambda: len(inbox.messages) == 2)
    frames = [message.transforms[0].child_frame_id for message in inbox.messages]
    assert frames == ["a", "b"]


def test_bytes_of_an_unknown_type_pass_and_unreadable_ones_are_counted(node, peer, until):
    raw, texts = Inbox(), Inbox()
    node.reader("/other", "somebodys_msgs/msg/Thing", RELIABLE, raw, raw=True)
    broken = node.reader("/text", STRING, RELIABLE, texts)
    peer("bytes_only")
    until(lambda: raw.messages and broken.unreadable > 1)
    # RTPS pads to four bytes.
    assert bytes(raw.messages[0])[:11] == b"\x00\x01\x00\x00abcdefg"
    assert len(raw.messages[0]) <= 12
    assert texts.messages == []


def test_subscribers_are_counted_as_they_come_and_go(node, network, until):
    writer = node.writer("/text", STRING, RELIABLE)
    assert node.subscribers("/text") == 0
    with DdsNode("other", network=network) as other:
        reader = other.reader("/text", STRING, RELIABLE, Inbox())
        until(lambda: node.subscribers("/text") == 1)
        other.remove(reader)
        until(lambda: node.subscribers("/text") == 0)
        other.reader("/text", STRING, LATCHED, Inbox())
        until(lambda: writer.refused == 1)
    until(lambda: node.nodes() == ["/observer"])
    assert node.subscribers("/nobody") == 0


def test_an_exception_in_a_callback_stops_nothing(node, network, until, caplog):
    inbox = Inbox()

    def fail(topic, message, arrival_ns):
        raise ValueError(message.data)

    with DdsNode("other", network=network) as other:
        other.reader("/text", STRING, RELIABLE, fail)
        other.reader("/text", STRING, RELIABLE, inbox)
        writer = node.writer("/text", STRING, RELIABLE)
        until(lambda: writer.subscribers == 2)
        for value in ("one", "two"):
            writer.publish(text(value))
        until(lambda: [message.data for message in inbox.messages] == ["one", "two"])
    assert "/text: a message could not be handled" in caplog.text


def test_a_callback_may_remove_its_reader(node, network, until):
    inbox = Inbox()
    readers = []

    def once(topic, message, arrival_ns):
        inbox(topic, message, arrival_ns)
        node.remove(readers[0])

    readers.append(node.reader("/text", STRING, LATCHED, once))
    with DdsNode("other", network=network) as other:
        writer = other.writer("/text", STRING, LATCHED)
        for value in ("one", "two"):
            writer.publish(text(value))
        until(lambda: inbox.messages)
        until(lambda: writer.subscribers == 0)
    assert [message.data for message in inbox.messages] == ["one"]


def test_wrong_use_gives_one_line(node):
    with pytest.raises(UsageError, match=r"'rgb' is not a topic name, expected a full one"):
        node.writer("rgb", IMAGE, RELIABLE)
    with pytest.raises(RgbtError, match=r"/x: no definition of a/msg/B"):
        node.reader("/x", "a/msg/B", RELIABLE, Inbox())
    writer = node.writer("/x", "a/msg/B", RELIABLE)
    with pytest.raises(RgbtError, match=r"/x: no definition of a/msg/B, send CDR"):
        writer.publish(text("x"))
    picture = node.writer("/rgb/image", IMAGE, RELIABLE)
    with pytest.raises(InputError, match=r"/rgb/image: 6 bytes are not a sensor_msgs/msg/Image"):
        picture.publish_cdr(b"\x00\x01\x00\x00\xff\xff")
    with pytest.raises(RgbtError, match=r"/x: is published by this node already"):
        node.writer("/x", STRING, RELIABLE)


def test_closing_twice_and_opening_again(network):
    for _ in range(3):
        node = DdsNode("again", network=network)
        node.writer("/x", STRING, RELIABLE)
        node.close()
        node.close()
    threads = [thread for thread in threading.enumerate() if thread.name == "dds-reading"]
    assert threads == []
