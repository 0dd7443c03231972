"""CDR handed to rcl past rclpy."""

import ctypes

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from rclpy.context import Context
from rclpy.node import Node
from rclpy.serialization import serialize_message
from rclpy.signals import SignalHandlerOptions
from ros_bench import DOMAIN
from std_msgs.msg import String

from rgbt_perception.errors import RgbtError
from rgbt_perception.nodes.serialized import publish_cdr


def test_a_refusal_tells_why_and_leaves_nothing_behind():
    context = Context()
    rclpy.init(context=context, domain_id=DOMAIN, signal_handler_options=SignalHandlerOptions.NO)
    node = Node("sender", context=context)
    try:
        publisher = node.create_publisher(String, "words", 1)
        cdr = np.frombuffer(serialize_message(String(data="word")), np.uint8)
        publish_cdr(publisher, cdr)
        rclpy.shutdown(context=context)
        with pytest.raises(RgbtError, match=r"/words: cannot be published .*context is invalid"):
            publish_cdr(publisher, cdr)
        # Else rcl complains of it when it has the next error to tell.
        is_set = ctypes.CDLL("librcutils.so").rcutils_error_is_set
        is_set.restype = ctypes.c_bool
        assert not is_set()
    finally:
        node.destroy_node()
