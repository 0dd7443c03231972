"""What TensorRT brings to have its plans kept."""

from __future__ import annotations

import hashlib
from pathlib import Path

from rgbt_perception.engines.cache.cached_engine import Compiler
from rgbt_perception.engines.onnx_metadata import onnx_metadata
from rgbt_perception.engines.plan_builder import Precision
from rgbt_perception.engines.precision import converted
from rgbt_perception.engines.tensorrt.builder import TensorRtBuilder
from rgbt_perception.engines.tensorrt.cuda import Cuda
from rgbt_perception.engines.tensorrt.engine import ModelCard, TensorRtEngine
from rgbt_perception.engines.tensorrt.versions import load_tensorrt
from rgbt_perception.errors import RgbtError


def tensorrt_compiler(onnx: Path, precision: Precision) -> Compiler:
    """Find TensorRT and the GPU, for the plans of one model.

    Args:
        onnx: file as exported, fp32; its engines carry its name, digest and properties.
        precision: of its plans.

    Raises:
        RgbtError: TensorRT, CUDA's bindings, the driver or the GPU is missing, or the file is.
    """
    # In this order: who has no GPU need not install TensorRT.
    cuda = Cuda()
    trt = load_tensorrt()
    try:
        content = onnx.read_bytes()
    except OSError as error:
        raise RgbtError(f"model {onnx}: {error.strerror}") from None
    metadata = onnx_metadata(content)
    digest = hashlib.sha256(content).hexdigest()
    card = ModelCard(metadata.get("model", onnx.stem), digest, metadata, precision.value)

    def load(plan: bytes) -> TensorRtEngine:
        return TensorRtEngine(plan, card, trt, cuda)

    return Compiler(TensorRtBuilder(trt, cuda), converted, load)
