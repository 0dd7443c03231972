"""OpenVINO on the CPU: optional, on several threads faster than ONNX Runtime."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.engines.engine import Tensors
from rgbt_perception.engines.identity import BF16, cpu_name, described, stored_precision
from rgbt_perception.engines.onnx_metadata import onnx_metadata
from rgbt_perception.engines.optional_package import optional_package
from rgbt_perception.engines.plan_builder import Precision
from rgbt_perception.errors import RgbtError


class OpenVinoEngine:
    """See ``Engine``. Inputs are read where they lie, results are written to one place always."""

    def __init__(self, path: Path, threads: int = 0, bf16: bool = False) -> None:
        """Load a model.

        Args:
            path: ONNX file.
            threads: CPU threads, 0 = all cores.
            bf16: compute with the upper halves of 32-bit numbers; of a file in int8 the rest.

        Raises:
            RgbtError: openvino is missing or does not load, the processor has no bf16, or the file
                is missing or no ONNX model whose shapes are fixed and whose outputs are float32.
        """
        openvino = _openvino()
        try:
            content = path.read_bytes()
        except OSError as error:
            raise RgbtError(f"model {path}: {error.strerror}") from None
        self._tensor = openvino.Tensor
        if bf16:
            check_bf16()
        settings = _settings(openvino, threads, bf16)
        try:
            core = openvino.Core()
            compiled = core.compile_model(core.read_model(content), "CPU", settings)
            self.inputs: Mapping[str, tuple[int, ...]] = _shapes(compiled.inputs)
            results = _shapes(compiled.outputs)
            kinds = {port.get_any_name(): port.element_type for port in compiled.outputs}
            self._request = compiled.create_infer_request()
        except Exception as error:  # openvino's errors are plain RuntimeErrors of many lines
            reason = " ".join(str(error).split())[-200:]
            raise RgbtError(f"model {path}: not a usable ONNX file ({reason})") from None
        for name, kind in kinds.items():
            if kind != openvino.Type.f32:
                raise RgbtError(
                    f"model {path}: output {name} has the type {kind.to_string()}, expected f32"
                )
        precision = stored_precision(content)
        if bf16 and precision == Precision.FP32.value:
            precision = BF16
        self.name = cpu_name(f"openvino {openvino.__version__.partition('-')[0]}", precision)
        self.digest = hashlib.sha256(content).hexdigest()
        self.metadata: Mapping[str, str] = described(onnx_metadata(content), path.name, precision)
        self.model = self.metadata.get("model", path.stem)
        self.outputs: Collection[str] = tuple(results)
        self._results = {name: np.zeros(shape, np.float32) for name, shape in results.items()}
        for name, array in self._results.items():
            self._request.set_tensor(name, self._tensor(array, shared_memory=True))
        # The arrays that the request reads, kept alive.
        self._bound: dict[str, npt.NDArray[np.float32]] = {}

    def run(self, inputs: Tensors, outputs: Collection[str]) -> Tensors:
        """See ``Engine.run``."""
        for name in self.inputs:
            array = inputs[name]
            if self._bound.get(name) is not array:
                # A copy is bound anew in the next call, since its original may have changed.
                bound = self._bound[name] = np.ascontiguousarray(array)
                self._request.set_tensor(name, self._tensor(bound, shared_memory=True))
        self._request.infer()
        return {name: self._results[name] for name in outputs}


def _openvino() -> Any:
    """The module.

    Raises:
        RgbtError: it is missing, its libraries are, or it is older than what is used of it.
    """
    openvino = optional_package(
        "openvino", "engine openvino", "`pip install 'rgbt_perception[cpu]'`"
    )
    if not all(hasattr(openvino, name) for name in ("Core", "Tensor", "Type", "properties")):
        raise RgbtError("engine openvino: too old; expected version 2024.4 or newer")
    return openvino


def check_bf16() -> None:
    """Nothing, where OpenVINO has bf16 on this processor, as with AMX or AVX512_BF16.

    Raises:
        RgbtError: it has not, or openvino is missing, does not load or does not say.
    """
    openvino = _openvino()
    try:
        found = openvino.Core().get_property("CPU", openvino.properties.device.capabilities)
    except Exception as error:  # openvino's errors are plain RuntimeErrors of many lines
        reason = " ".join(str(error).split())[-200:]
        raise RgbtError(f"engine.precision bf16: openvino fails ({reason})") from None
    if "BF16" not in found:
        raise RgbtError(
            "engine.precision bf16: this processor has no arithmetic for it; expected fp32"
        )


def _shapes(ports: Any) -> dict[str, tuple[int, ...]]:
    """Of inputs or outputs, by name; those that are not fixed raise a RuntimeError."""
    return {port.get_any_name(): tuple(port.shape) for port in ports}


def _settings(openvino: Any, threads: int, bf16: bool) -> dict[Any, Any]:
    properties = openvino.properties
    settings = {
        # Left to itself it computes in bfloat16 where the processor can: depths differ visibly.
        properties.hint.inference_precision: openvino.Type.bf16 if bf16 else openvino.Type.f32,
        properties.hint.performance_mode: properties.hint.PerformanceMode.LATENCY,
    }
    if threads > 0:
        settings[properties.inference_num_threads] = threads
    return settings
