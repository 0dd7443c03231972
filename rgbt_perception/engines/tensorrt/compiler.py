"""What TensorRT brings to have its plans kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from rgbt_perception.engines.cache.cached_engine import Compiler
from rgbt_perception.engines.identity import described
from rgbt_perception.engines.onnx_metadata import onnx_metadata
from rgbt_perception.engines.plan_builder import Precision
from rgbt_perception.engines.precision import converted
from rgbt_perception.engines.tensorrt.builder import TensorRtBuilder
from rgbt_perception.engines.tensorrt.cuda import Cuda
from rgbt_perception.engines.tensorrt.engine import ModelCard, TensorRtEngine
from rgbt_perception.engines.tensorrt.protocols import TensorRt
from rgbt_perception.engines.tensorrt.versions import load_tensorrt
from rgbt_perception.errors import RgbtError


@dataclass(frozen=True)
class TensorRtMachine:
    """A GPU, and TensorRT for it."""

    cuda: Cuda
    trt: TensorRt


def tensorrt_machine() -> TensorRtMachine:
    """Find TensorRT and the GPU.

    Raises:
        RgbtError: TensorRT, CUDA's bindings, the driver or the GPU is missing.
    """
    # In this order: who has no GPU need not install TensorRT.
    cuda = Cuda()
    return TensorRtMachine(cuda, load_tensorrt())


def tensorrt_compiler(
    onnx: Path, precision: Precision, machine: TensorRtMachine | None = None
) -> Compiler:
    """What makes the plans of one model.

    Args:
        onnx: file as exported; its engines carry its name, digest and properties.
        precision: of its plans.
        machine: that they are for; looked for when not given.

    Raises:
        RgbtError: there is no such machine, or no such file.
    """
    machine = tensorrt_machine() if machine is None else machine
    cuda, trt = machine.cuda, machine.trt
    try:
        content = onnx.read_bytes()
    except OSError as error:
        raise RgbtError(f"model {onnx}: {error.strerror}") from None
    metadata = described(onnx_metadata(content), onnx.name, precision.value)
    digest = hashlib.sha256(content).hexdigest()
    card = ModelCard(metadata.get("model", onnx.stem), digest, metadata, precision.value)

    def load(plan: bytes) -> TensorRtEngine:
        return TensorRtEngine(plan, card, trt, cuda)

    return Compiler(TensorRtBuilder(trt, cuda), converted, load)
