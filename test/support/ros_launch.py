"""Runs launch files as a user does, and listens to what they start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import rclpy
from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

os.environ.setdefault("RMW_IMPLEMENTATION", "rmw_cyclonedds_cpp")
os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
# Of its own for every process, so that tests side by side do not hear each other.
DOMAIN = 20 + os.getpid() % 40
# `ros2 launch` has its own ear for Ctrl-C, yet leaves Python's handler in place as well: a
# KeyboardInterrupt amid the output of a node loses an event, and launch waits for ever or ends
# with 1. A handler that does nothing leaves it to the ear.
_ROS2 = (
    "import signal, sys; signal.signal(signal.SIGINT, lambda number, frame: None);"
    "from ros2cli.cli import main; sys.exit(main())"
)
# Several Python processes start at once, on whatever is left of the machine.
PATIENCE_S = float(os.environ.get("RGBT_LAUNCH_PATIENCE_S", "60"))
LATCHED = QoSProfile(
    depth=100, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)


def installed_package() -> Path:
    """The prefix of the colcon build; without one the test is skipped."""
    try:
        return Path(get_package_prefix("rgbt_perception"))
    except PackageNotFoundError:
        pytest.skip("needs the package built by colcon and its setup.bash sourced")


class Launch:
    """One `ros2 launch`."""

    def __init__(self, log: Path, name: str, **arguments: str) -> None:
        words = [f"{key}:={value}" for key, value in arguments.items()]
        self._log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    _ROS2,
                    "launch",
                    "rgbt_perception",
                    f"{name}.launch.py",
                    *words,
                ],
                # Without a terminal, launch passes Ctrl-C on to the nodes.
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={
                    **os.environ,
                    "ROS_DOMAIN_ID": str(DOMAIN),
                    "ROS_LOG_DIR": str(log.parent / "log"),
                    # Of the interpreter that runs the tests: it has what the nodes import.
                    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                },
            )

    @property
    def text(self) -> str:
        """Everything printed so far."""
        return self._log.read_text(errors="replace")

    def until(self, text: str) -> None:
        """Wait for a text in the output."""
        end = time.monotonic() + PATIENCE_S
        while text not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < end, self.text
            time.sleep(0.1)

    def ends(self) -> int:
        """Wait for its end; the exit code."""
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            pytest.fail(f"still running:\n{self.text}")

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.ends()

    def kill(self) -> None:
        """End everything that it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Listener:
    """A node that hears and asks."""

    def __init__(self, node: Node, executor: SingleThreadedExecutor) -> None:
        self.node = node
        self._executor = executor

    def wait(self, ready: Callable[[], Any]) -> Any:
        """Spin until something is true."""
        end = time.monotonic() + PATIENCE_S
        while not (found := ready()):
            assert time.monotonic() < end, "waited in vain"
            self._executor.spin_once(timeout_sec=0.1)
        return found

    def hear(self, kind: Any, topic: str, qos: QoSProfile | int = 10) -> list[Any]:
        """A list that fills with the messages of a topic."""
        found: list[Any] = []
        self.node.create_subscription(kind, topic, found.append, qos)
        return found

    def call(self, kind: Any, name: str, request: Any) -> Any:
        """Ask a service."""
        client = self.node.create_client(kind, name)
        self.wait(client.service_is_ready)
        future = client.call_async(request)
        self.wait(future.done)
        return future.result()


@contextmanager
def listener() -> Iterator[Listener]:
    """A listener in the domain of the launch files."""
    context = Context()
    rclpy.init(context=context, domain_id=DOMAIN)
    node = Node("listener", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    try:
        yield Listener(node, executor)
    finally:
        executor.shutdown()
        node.destroy_node()
        context.try_shutdown()
