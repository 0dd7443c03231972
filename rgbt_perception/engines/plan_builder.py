"""What makes a plan: an engine compiled ahead of time for one GPU, runtime and precision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from rgbt_perception.errors import RgbtError


class Precision(Enum):
    """Of the arithmetic; it lives in the ONNX file that a plan is made from."""

    FP32 = "fp32"
    FP16 = "fp16"
    INT8 = "int8"


@dataclass(frozen=True)
class PlanTarget:
    """Where a plan may run; on any other target it must be built anew.

    Attributes:
        runtime: name and full version, e.g. ``tensorrt 10.16.1.11``.
        gpu: the device's name as its driver gives it.
        compute_capability: e.g. ``8.7``.
    """

    runtime: str
    gpu: str
    compute_capability: str


class NoRoomError(RgbtError):
    """The GPU's memory is full, or what is needed of the host's is: it says nothing of a plan."""


Progress = Callable[[str, float], None]
"""Called while a plan is built: what is being done, and the share that is done (0 to 1)."""


class PlanBuilder(Protocol):
    """Compiles ONNX to plans on this machine."""

    def target(self) -> PlanTarget:
        """Of the plans that ``build`` makes.

        Raises:
            RgbtError: runtime, driver or GPU is missing; the line says which.
        """
        ...

    def build(self, onnx: bytes, precision: Precision, progress: Progress) -> bytes:
        """Compile; takes seconds to minutes.

        Args:
            onnx: file content, already of this precision.
            precision: tells older versions, which keep it outside of the file, what to allow.
            progress: called as the build goes on, from any thread.

        Returns:
            The plan, to be loaded on ``target()`` only.

        Raises:
            RgbtError: the build failed; the line has the runtime's reason.
        """
        ...
