"""Networks of the exchange formats that compute next to nothing, as ONNX."""

from __future__ import annotations

from onnx import TensorProto, helper

from rgbt_perception.engines import scene_exchange
from rgbt_perception.engines.depth_exchange import input_shapes


def network(inputs, nodes, outputs) -> bytes:
    values = [
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n, shape in part.items()]
        for part in (inputs, outputs)
    ]
    graph = helper.make_graph(nodes, "tested", *values)
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString()


def scene_network(height: int, width: int) -> bytes:
    """Gives back the colour picture and the mask that a scene network would get."""
    shapes = scene_exchange.input_shapes(height, width)
    nodes = [
        helper.make_node("Add", ["rgb", "thermal"], ["sum"]),
        helper.make_node("Sub", ["sum", "thermal"], ["seen"]),
        helper.make_node("Mul", ["rgb_mask", "thermal_mask"], ["where"]),
    ]
    return network(shapes, nodes, {"seen": shapes["rgb"], "where": shapes["rgb_mask"]})


def depth_network(height: int, width: int) -> bytes:
    """Says that the depth is ten times the thermal picture."""
    shapes = input_shapes(height, width)
    nodes = [
        helper.make_node("Constant", [], ["ten"], value_float=10.0),
        helper.make_node("Mul", ["thermal", "ten"], ["depth"]),
        helper.make_node("ReduceSum", ["rgb"], ["a"], keepdims=0),
    ]
    return network(shapes, nodes, {"depth": shapes["thermal"], "a": ()})
