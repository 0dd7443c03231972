"""A node as a program: from its parameters to its exit code."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

import rclpy
from rclpy._rclpy_pybind11 import RCLError
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

from rgbt_perception.errors import RgbtError

N = TypeVar("N", bound=Node)


def run(
    name: str,
    args: Sequence[str] | None,
    make: Callable[[], N],
    *,
    end: Callable[[N], int],
    spin: Callable[[N], None] = rclpy.spin,
) -> int:
    """Run a node until it ends or a signal ends it.

    Args:
        name: of the program, before the line that tells an error.
        args: of the command line; None = those of the process.
        make: the node.
        end: what is left to do then; the exit code.
        spin: executes the node.

    Returns:
        Exit code: that of ``end``; 1 also after an error, told in one line.
    """
    node, code, is_up = None, 0, False
    try:
        rclpy.init(args=None if args is None else list(args))
        is_up = True
        node = make()
        spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except RgbtError as error:
        code = _told(name, error)
    except Exception:
        # A signal shuts ROS down under whatever is at work: what fails then is no failure.
        if not is_up or rclpy.ok():
            raise
    finally:
        # The terminal sends Ctrl-C to launch and to its nodes, and launch passes it on once more.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            if node is not None:
                code = end(node) or code
        except RgbtError as error:
            code = _told(name, error)
        finally:
            _shut_down()
    return code


def _shut_down() -> None:
    try:
        rclpy.try_shutdown()
    except RCLError:
        # A signal makes a thread of rclpy do the same, perhaps since it was looked.
        if rclpy.ok():
            raise


def _told(name: str, error: RgbtError) -> int:
    print(f"{name}: {error}", file=sys.stderr)
    return 1
