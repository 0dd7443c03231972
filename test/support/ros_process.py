"""A node as a process of its own, as launch files start it."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from ros_launch import DOMAIN, PATIENCE_S

RUN = "import sys; from rgbt_perception.nodes.{0}_node import main; sys.exit(main())"


class Process:
    """One node of ours with its parameters.

    Attributes:
        process: as the system has it.
        lines: printed and read so far.
    """

    def __init__(self, name: str, *parameters: str, before: str = "") -> None:
        """Start it.

        Args:
            name: ``perception``, ``simulator`` or ``evaluation``.
            parameters: such as ``autostart:=true``.
            before: Python executed first.
        """
        words = [word for one in parameters for word in ("-p", one)]
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", before + RUN.format(name), "--ros-args", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "ROS_DOMAIN_ID": str(DOMAIN), "PYTHONUNBUFFERED": "1"},
        )

    @property
    def text(self) -> str:
        """Everything read so far."""
        return "".join(self.lines)

    def until(self, text: str) -> None:
        """Read until a line holds a text."""
        end = time.monotonic() + PATIENCE_S
        assert self.process.stdout is not None
        while not any(text in line for line in self.lines):
            assert time.monotonic() < end, self.text
            line = self.process.stdout.readline()
            assert line, self.text
            self.lines.append(line)

    def end(self, number: int | None = None) -> int:
        """Send a signal, if one is given, and wait for the end; the exit code."""
        if number is not None:
            self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=PATIENCE_S)
        self.lines.append(rest)
        return self.process.returncode

    def kill(self) -> None:
        """End it, should it still run."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
