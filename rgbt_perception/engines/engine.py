"""What every inference runtime offers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from rgbt_perception.errors import RgbtError

Tensors = Mapping[str, npt.NDArray[np.float32]]


class Engine(Protocol):
    """A loaded network.

    Attributes:
        name: runtime and its version, e.g. ``onnxruntime 1.31.1 (CPU)``.
        model: name of the network.
        digest: SHA-256 of the model file, hexadecimal.
        metadata: text properties stored in the model file, and beside them those that ``identity``
            reads: ``file`` and ``precision``.
        inputs: shape of each input by name.
        outputs: names of the outputs.
    """

    name: str
    model: str
    digest: str
    metadata: Mapping[str, str]
    inputs: Mapping[str, tuple[int, ...]]
    outputs: Collection[str]

    def run(self, inputs: Tensors, outputs: Collection[str]) -> Tensors:
        """Execute the network.

        Args:
            inputs: float32 arrays of exactly the shapes in ``inputs``.
            outputs: names of the outputs wanted.

        Returns:
            float32 arrays by output name; valid until the next call.
        """
        ...


@runtime_checkable
class OwnInputs(Protocol):
    """An engine that would rather have its inputs in memory of its own kind."""

    def host_inputs(self) -> dict[str, npt.NDArray[Any]]:
        """New arrays for all inputs, zeros; given to ``run`` they are not copied."""
        ...


def input_arrays(engine: Engine, names: Collection[str]) -> dict[str, npt.NDArray[np.float32]]:
    """Zeros for some inputs of an engine, to be filled in place for every call.

    Args:
        engine: loaded.
        names: of the inputs.
    """
    if isinstance(engine, OwnInputs):
        own = engine.host_inputs()
        return {name: own[name] for name in names}
    return {name: np.zeros(engine.inputs[name], np.float32) for name in names}


def check_exchange(engine: Engine, inputs: Collection[str], outputs: Collection[str]) -> None:
    """Make sure that a network is of the kind that is expected.

    Args:
        engine: loaded.
        inputs, outputs: names that it must have.

    Raises:
        RgbtError: it lacks one, or an input's shape is not fixed.
    """
    for kind, expected, found in (
        ("input", inputs, engine.inputs),
        ("output", outputs, engine.outputs),
    ):
        for name in expected:
            if name not in found:
                raise RgbtError(
                    f"model {engine.model}: has no {kind} {name}; expected {', '.join(expected)}"
                )
    for name in inputs:
        shape = engine.inputs[name]
        if not all(isinstance(size, int) for size in shape):
            raise RgbtError(
                f"model {engine.model}: input {name} has the shape {list(shape)}, "
                "expected fixed numbers"
            )
