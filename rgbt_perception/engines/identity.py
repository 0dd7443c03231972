"""What is loaded: file, precision and digest of a network, and what executes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rgbt_perception.engines.engine import Engine
from rgbt_perception.engines.plan_builder import Precision
from rgbt_perception.engines.precision import is_quantized

BF16 = "bf16"
"""Precision of what a CPU computes with the upper halves of 32-bit numbers; no plan has it."""

_FILE, _PRECISION = "file", "precision"


@dataclass(frozen=True)
class Identity:
    """Of one loaded network.

    Attributes:
        model: name of the network.
        file: name of the file that it was read from; empty where there is none.
        precision: of the arithmetic, e.g. ``fp32``.
        sha256: of the file, hexadecimal.
        runtime: what executes it, and its version.
    """

    model: str
    file: str
    precision: str
    sha256: str
    runtime: str

    @property
    def source(self) -> str:
        """File and precision, in words."""
        return f"{self.file} ({self.precision})" if self.file else self.precision


def identity(engine: Engine) -> Identity:
    """Of an engine; what says nothing of its precision computes in fp32."""
    return Identity(
        engine.model,
        engine.metadata.get(_FILE, ""),
        engine.metadata.get(_PRECISION, Precision.FP32.value),
        engine.digest,
        engine.name,
    )


def runtimes(depth: Engine, scene: Engine | None) -> str:
    """What executes both networks, in words; said once where it is the same."""
    if scene is None or scene.name == depth.name:
        return depth.name
    return f"{depth.name}; scene: {scene.name}"


def stored_precision(onnx: bytes) -> str:
    """In which a CPU's runtime computes a file: fp32, or what its Q/DQ nodes say."""
    return (Precision.INT8 if is_quantized(onnx) else Precision.FP32).value


def described(properties: Mapping[str, str], file: str, precision: str) -> Mapping[str, str]:
    """A file's text properties, with what ``identity`` says of it.

    Args:
        properties: stored in the file.
        file: its name.
        precision: of the arithmetic with which it is executed.
    """
    return {**properties, _FILE: file, _PRECISION: precision}


def cpu_name(runtime: str, precision: str) -> str:
    """Of an engine on the CPU; fp32 goes without saying."""
    return runtime + ("" if precision == Precision.FP32.value else f" {precision}") + " (CPU)"
