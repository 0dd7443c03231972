"""The node as a process of its own, as launch files start it."""

import signal
import time

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import GetParameters

# The runtime takes its time, out of reach of Python's signal handlers.
SLOW = (
    "import ctypes; from rgbt_perception.hosting import loading;"
    "loading.make_engine = lambda *given: ctypes.CDLL(None).sleep(60);"
)
OFTEN = "loading._TELL_S = 0.2;"
# The thread in which rclpy takes signals has shut down what was still up a moment ago.
TAKEN = """
import rclpy
from rclpy._rclpy_pybind11 import RCLError
shut_down = rclpy.try_shutdown
def too_late():
    shut_down()
    raise RCLError("rcl_shutdown already called on the given context")
rclpy.try_shutdown = too_late
"""
# A signal comes before there is a node.
EARLY = """
import os, signal, time, rclpy
from rclpy.lifecycle import LifecycleNode
make = LifecycleNode.__init__
def ended_meanwhile(*given, **options):
    os.kill(os.getpid(), signal.SIGTERM)
    while rclpy.ok():
        time.sleep(0.01)
    make(*given, **options)
LifecycleNode.__init__ = ended_meanwhile
"""


@pytest.mark.parametrize(
    ("number", "before"), [(signal.SIGINT, ""), (signal.SIGTERM, ""), (signal.SIGINT, TAKEN)]
)
def test_ends_cleanly_on_a_signal(start, number, before):
    node = start("perception", "engine.name:=constant", "autostart:=true", before=before)
    node.until("activate: done")
    assert node.end(number) == 0, node.text
    assert "Traceback" not in node.text


def test_a_signal_while_the_node_is_made_is_no_failure(start):
    node = start("perception", before=EARLY)
    assert node.end() == 0, node.text
    assert "Traceback" not in node.text


def state(ear):
    answer = ear.call(GetState, "/perception/get_state", GetState.Request())
    return answer.current_state.label


def change(ear, transition):
    request = ChangeState.Request(transition=Transition(id=transition))
    return ear.call(ChangeState, "/perception/change_state", request).success


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_while_it_loads_it_says_so_and_answers_and_ends_at_once(start, ear, number):
    node = start("perception", "autostart:=true", before=SLOW + OFTEN)
    node.until("still loading, for 0 s")
    assert state(ear) == "configuring"
    ask = GetParameters.Request(names=["pairing.tolerance_s"])
    (value,) = ear.call(GetParameters, "/perception/get_parameters", ask).values
    assert value.double_value == 0.025
    assert not change(ear, Transition.TRANSITION_CONFIGURE)
    assert not change(ear, Transition.TRANSITION_ACTIVATE)
    began = time.monotonic()
    assert node.end(number) == 0, node.text
    # The runtime alone would take 60 s.
    assert time.monotonic() - began < 20
    assert "Traceback" not in node.text


def test_shut_down_while_it_loads_it_ends_as_soon_as_it_is_told_to(start, ear):
    node = start("perception", "autostart:=true", before=SLOW + OFTEN)
    node.until("still loading, for 0 s")
    assert change(ear, Transition.TRANSITION_UNCONFIGURED_SHUTDOWN)
    assert state(ear) == "finalized"
    began = time.monotonic()
    assert node.end(signal.SIGINT) == 0, node.text
    assert time.monotonic() - began < 20
    assert "Traceback" not in node.text


def test_autostart_that_fails_ends_with_the_reason(start):
    node = start("perception", "autostart:=true", "engine.depth_model:=/nowhere/model.onnx")
    assert node.end() == 1, node.text
    assert "/nowhere/model.onnx" in node.text
    assert "Traceback" not in node.text


def test_bad_parameter_is_one_line(start):
    node = start("perception", "pairing.tolerance_s:=7.0")
    assert node.end() == 1, node.text
    assert [line for line in node.text.splitlines() if "pairing.tolerance_s" in line]
    assert "Traceback" not in node.text


def test_impossible_lifecycle_request_is_refused_and_ends_nothing(start, ear):
    node = start("perception", "engine.name:=constant", "autostart:=true")
    node.until("activate: done")

    assert not change(ear, Transition.TRANSITION_ACTIVATE)
    assert state(ear) == "active"
    assert change(ear, Transition.TRANSITION_DEACTIVATE)
    assert node.end(signal.SIGINT) == 0, node.text
    assert "request refused" in node.text
    assert "Traceback" not in node.text
