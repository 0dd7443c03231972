"""The node as a process of its own, as launch files start it."""

import signal
import time

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState

# The runtime takes its time, out of reach of Python's signal handlers.
SLOW = (
    "import ctypes; from rgbt_perception.hosting import loading;"
    "loading.make_engine = lambda config: ctypes.CDLL(None).sleep(60);"
)
OFTEN = "loading._TELL_S = 0.2;"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_cleanly_on_a_signal(start, number):
    node = start("perception", "engine.name:=constant", "autostart:=true")
    node.until("activate: done")
    assert node.end(number) == 0, node.text
    assert "Traceback" not in node.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_tells_that_it_loads_and_ends_at_once_meanwhile(start, number):
    node = start("perception", "autostart:=true", before=SLOW + OFTEN)
    node.until("still loading, for 0 s")
    began = time.monotonic()
    assert node.end(number) == 0, node.text
    assert time.monotonic() - began < 3
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

    def ask(transition):
        request = ChangeState.Request(transition=Transition(id=transition))
        return ear.call(ChangeState, "/perception/change_state", request).success

    assert not ask(Transition.TRANSITION_ACTIVATE)
    state = ear.call(GetState, "/perception/get_state", GetState.Request()).current_state
    assert state.label == "active"
    assert ask(Transition.TRANSITION_DEACTIVATE)
    assert node.end(signal.SIGINT) == 0, node.text
    assert "request refused" in node.text
    assert "Traceback" not in node.text
