"""What the tests on a real ROS 2 share; without one they are skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.fixture
def bench() -> Iterator[Callable[..., Any]]:
    """Makes benches, and closes them at the end."""
    pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")
    from ros_bench import Bench

    made: list[Any] = []

    def make(parameters: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        made.append(Bench(parameters, **kwargs))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def start() -> Iterator[Callable[..., Any]]:
    """Starts nodes as processes of their own, and ends them at the end."""
    pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")
    from ros_process import Process

    made: list[Any] = []

    def make(name: str, *parameters: str, **kwargs: Any) -> Any:
        made.append(Process(name, *parameters, **kwargs))
        return made[-1]

    yield make
    for one in made:
        one.kill()


@pytest.fixture
def ear() -> Iterator[Any]:
    """A listener in the domain of those processes and of launch files."""
    pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")
    from ros_launch import listener

    with listener() as one:
        yield one
