"""ONNX Runtime on the CPU: the engine that runs everywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.engines.engine import Tensors
from rgbt_perception.engines.identity import cpu_name, described, stored_precision
from rgbt_perception.engines.optional_package import optional_package
from rgbt_perception.errors import RgbtError


class OnnxRuntimeEngine:
    """See ``Engine``.

    Inputs are read where they lie and results are written to the same place always: nothing is
    allocated or copied for a picture. The time is the same within 2 %.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        """Load a model.

        Args:
            path: ONNX file.
            threads: CPU threads, 0 = all cores.

        Raises:
            RgbtError: onnxruntime is missing, or the file is missing or no ONNX model whose shapes
                are fixed and whose outputs are float32.
        """
        onnxruntime = optional_package(
            "onnxruntime", "engine onnxruntime", "`pip install onnxruntime`"
        )
        try:
            content = path.read_bytes()
        except OSError as error:
            raise RgbtError(f"model {path}: {error.strerror}") from None
        try:
            self._session = onnxruntime.InferenceSession(
                content, _options(onnxruntime, threads), providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's errors share no public base class
            reason = " ".join(str(error).split())[:200]
            raise RgbtError(f"model {path}: not a usable ONNX file ({reason})") from None
        precision = stored_precision(content)
        self.name = cpu_name(f"onnxruntime {onnxruntime.__version__}", precision)
        self.digest = hashlib.sha256(content).hexdigest()
        self.metadata: Mapping[str, str] = described(
            self._session.get_modelmeta().custom_metadata_map, path.name, precision
        )
        self.model = self.metadata.get("model", path.stem)
        self.inputs: Mapping[str, tuple[int, ...]] = {
            item.name: tuple(item.shape) for item in self._session.get_inputs()
        }
        results = self._session.get_outputs()
        self.outputs: Collection[str] = tuple(item.name for item in results)
        self._value = onnxruntime.OrtValue.ortvalue_from_numpy
        self._binding = self._session.io_binding()
        self._results: dict[str, npt.NDArray[np.float32]] = {}
        for item in results:
            if not all(isinstance(size, int) for size in item.shape):
                raise RgbtError(
                    f"model {path}: output {item.name} has the shape {list(item.shape)}, "
                    "expected fixed numbers"
                )
            if item.type != "tensor(float)":
                raise RgbtError(
                    f"model {path}: output {item.name} has the type {item.type}, "
                    "expected tensor(float)"
                )
            room = self._results[item.name] = np.zeros(item.shape, np.float32)
            self._binding.bind_ortvalue_output(item.name, self._value(room))
        # The arrays that the session reads, kept alive.
        self._bound: dict[str, npt.NDArray[np.float32]] = {}

    def run(self, inputs: Tensors, outputs: Collection[str]) -> Tensors:
        """See ``Engine.run``."""
        for name in self.inputs:
            array = inputs[name]
            if self._bound.get(name) is not array:
                # A copy is bound anew in the next call, since its original may have changed.
                bound = self._bound[name] = np.ascontiguousarray(array)
                self._binding.bind_ortvalue_input(name, self._value(bound))
        self._session.run_with_iobinding(self._binding)
        return {name: self._results[name] for name in outputs}


def _options(onnxruntime: Any, threads: int) -> Any:
    """What differs from the defaults, and why.

    Measured on the shipped networks and kept as they are: all graph optimisations (without those of
    the layout the depth network takes 1.5 times as long, the scene network 1.2 times), the memory
    arena (without: up to 1.3 times), memory patterns (no difference), denormal numbers (none).
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Waiting threads that spin would take the cores that the rest of the frame needs: with spinning
    # only within a call a frame's median falls by 7 %, its 99th percentile rises by 20 %.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
