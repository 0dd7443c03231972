"""What TensorRT says while it works: into the log, and the last complaint into our error."""

from __future__ import annotations

import logging
import re
from typing import Any

from rgbt_perception.engines.tensorrt.protocols import ILogger, TensorRt

_log = logging.getLogger(__name__)
_LONGEST = 300
# CUDA's own words and those of TensorRT, from 8.6 to 11.
_OF_MEMORY = re.compile(r"out ?of ?memory|memory .*could not be allocated", re.IGNORECASE)


class Complaints:
    """The errors since the last ``clear``."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lines: list[str] = []

    def add(self, line: str) -> None:
        """Keep one."""
        self._lines.append(" ".join(line.split()))

    def clear(self) -> None:
        """Forget all."""
        self._lines.clear()

    def first(self) -> str:
        """The first one, from which the others follow; one line."""
        return self._lines[0][:_LONGEST] if self._lines else "no reason given"

    def of_memory(self) -> bool:
        """Whether any of them says that there was too little memory."""
        return any(_OF_MEMORY.search(line) for line in self._lines)


def make_logger(trt: TensorRt) -> tuple[ILogger, Complaints]:
    """A logger for TensorRT, and where its complaints are kept."""
    complaints = Complaints()
    base: Any = trt.ILogger

    class Logger(base):  # type: ignore[misc]
        def __init__(self) -> None:
            base.__init__(self)

        def log(self, severity: Any, msg: str) -> None:
            if severity.name in ("INTERNAL_ERROR", "ERROR"):
                complaints.add(msg)
            # Errors too: what fails is said once, by the error that is raised for it.
            if severity.name != "VERBOSE":
                _log.debug("%s: %s", severity.name.lower(), msg)

    return Logger(), complaints
