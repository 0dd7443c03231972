"""The node as a process of its own, as launch files start it."""

import os
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from ros_bench import DOMAIN

MAIN = "import sys; from rgbt_perception.nodes import perception_node as p; sys.exit(p.main())"
# The runtime takes its time, out of reach of Python's signal handlers.
SLOW = (
    "import ctypes; from rgbt_perception.hosting import loading;"
    "loading.make_engine = lambda config: ctypes.CDLL(None).sleep(60);" + MAIN
)


class Process:
    def __init__(self, code, *parameters):
        arguments = [item for p in parameters for item in ("-p", p)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "--ros-args", *arguments],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "ROS_DOMAIN_ID": str(DOMAIN)},
        )
        self.lines = []

    def until(self, text):
        end = time.monotonic() + 60
        while not any(text in line for line in self.lines):
            assert time.monotonic() < end, self.lines
            line = self.process.stderr.readline()
            assert line, self.lines
            self.lines.append(line)

    def end(self, number=None):
        if number is not None:
            self.process.send_signal(number)
        _, rest = self.process.communicate(timeout=60)
        self.lines += rest.splitlines()
        return self.process.returncode


@pytest.fixture
def start():
    made = []

    def start(code, *parameters):
        made.append(Process(code, *parameters))
        return made[-1]

    yield start
    for one in made:
        if one.process.poll() is None:
            one.process.kill()
            one.process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_cleanly_on_a_signal(start, number):
    node = start(MAIN, "engine.name:=constant", "autostart:=true")
    node.until("activate: done")
    assert node.end(number) == 0
    assert "Traceback" not in "".join(node.lines)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_at_once_while_the_engine_loads(start, number):
    node = start(SLOW, "autostart:=true")
    node.until("loading")
    time.sleep(0.3)
    began = time.monotonic()
    assert node.end(number) == 0
    assert time.monotonic() - began < 3
    assert "Traceback" not in "".join(node.lines)


def test_autostart_that_fails_ends_with_the_reason(start):
    node = start(MAIN, "autostart:=true", "engine.depth_model:=/nowhere/model.onnx")
    assert node.end() == 1
    text = "".join(node.lines)
    assert "/nowhere/model.onnx" in text
    assert "Traceback" not in text


def test_bad_parameter_is_one_line(start):
    node = start(MAIN, "pairing.tolerance_s:=7.0")
    assert node.end() == 1
    assert [line for line in node.lines if "pairing.tolerance_s" in line]
    assert "Traceback" not in "".join(node.lines)
