"""A small ONNX file with what matters to a converter: convolution, normalisation, matrices."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def small_network(
    height: int = 8, width: int = 12, metadata: dict[str, str] | None = None
) -> bytes:
    """Inputs ``picture`` (1, 3, h, w) and ``matrix`` (1, 3, 3); outputs ``features``, ``moved``.

    ``features`` (1, 4, h, w) is a convolution, ReLU and layer normalisation of the picture,
    ``moved`` (1, 3, 3) the matrix times itself times a constant that half precision rounds.
    """
    random = np.random.default_rng(0)
    weight = random.normal(0, 0.3, (4, 3, 3, 3)).astype(np.float32)
    scale = np.full(width, 1.1, np.float32)
    factor = np.full((3, 3), 1000.123, np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["picture", "weight"], ["wide"], "conv", pads=[1, 1, 1, 1]),
            helper.make_node("Relu", ["wide"], ["positive"], "relu"),
            helper.make_node("LayerNormalization", ["positive", "scale"], ["features"], "norm"),
            helper.make_node("MatMul", ["matrix", "matrix"], ["square"], "geometry"),
            helper.make_node("Mul", ["square", "factor"], ["moved"], "factored"),
        ],
        "small",
        [
            helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, height, width]),
            helper.make_tensor_value_info("matrix", TensorProto.FLOAT, [1, 3, 3]),
        ],
        [
            helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, 4, height, width]),
            helper.make_tensor_value_info("moved", TensorProto.FLOAT, [1, 3, 3]),
        ],
        [
            numpy_helper.from_array(weight, "weight"),
            numpy_helper.from_array(scale, "scale"),
            numpy_helper.from_array(factor, "factor"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.helper.set_model_props(model, {"model": "small"} if metadata is None else metadata)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def quantised_network(content: bytes, metadata: dict[str, str]) -> bytes:
    """The same, ``moved`` through Q/DQ nodes of a coarse scale."""
    model = onnx.load_model_from_string(content)
    graph = model.graph
    for node in graph.node:
        node.output[:] = ["exact" if name == "moved" else name for name in node.output]
    graph.initializer.append(numpy_helper.from_array(np.array(1e6, np.float32), "step"))
    graph.initializer.append(numpy_helper.from_array(np.array(0, np.int8), "zero"))
    graph.node.append(helper.make_node("QuantizeLinear", ["exact", "step", "zero"], ["rough"]))
    graph.node.append(helper.make_node("DequantizeLinear", ["rough", "step", "zero"], ["moved"]))
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def inputs(height: int = 8, width: int = 12, seed: int = 1) -> dict[str, np.ndarray]:
    """Random inputs of it."""
    random = np.random.default_rng(seed)
    return {
        "picture": random.random((1, 3, height, width), np.float32),
        "matrix": random.normal(0, 50, (1, 3, 3)).astype(np.float32),
    }
