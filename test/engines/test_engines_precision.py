"""Networks in another precision, run by ONNX Runtime: fp16 where it pays, fp32 where it matters."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx")
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from small_network import inputs, small_network

from rgbt_perception.engines.cache.parity_inputs import parity_inputs
from rgbt_perception.engines.choice import model_path, shipped_models
from rgbt_perception.engines.plan_builder import Precision
from rgbt_perception.engines.precision import converted
from rgbt_perception.errors import RgbtError


def session(content):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def types(content):
    """Element type of every value that a node makes."""
    graph = onnx.shape_inference.infer_shapes(onnx.load_model_from_string(content)).graph
    values = (*graph.value_info, *graph.output)
    return {value.name: value.type.tensor_type.elem_type for value in values}


def made_by(content, operation):
    """Types that the nodes of an operation make."""
    known = types(content)
    graph = onnx.load_model_from_string(content).graph
    return {known[node.output[0]] for node in graph.node if node.op_type == operation}


def test_fp32_is_the_file_as_it_is():
    assert converted(b"anything", Precision.FP32) == b"anything"


def test_int8_needs_a_file_that_was_quantised():
    with pytest.raises(RgbtError, match="precision int8: the model was not quantised"):
        converted(small_network(), Precision.INT8)
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [4]) for n in ("x", "y")]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s"], ["y"]),
    ]
    scale = numpy_helper.from_array(np.array(0.1, np.float32), "s")
    graph = helper.make_graph(nodes, "quantised", values[:1], values[1:], [scale])
    quantised = helper.make_model(graph).SerializeToString()
    assert converted(quantised, Precision.INT8) == quantised
    with pytest.raises(RgbtError, match="precision fp16: the model was quantised; expected int8"):
        converted(quantised, Precision.FP16)


def test_fp16_what_is_no_model():
    with pytest.raises(RgbtError, match="precision fp16: not a usable ONNX file") as caught:
        converted(b"no model", Precision.FP16)
    assert "\n" not in str(caught.value)


def test_fp16_layers_are_half_and_the_exact_parts_are_not_touched():
    content = small_network()
    half = converted(content, Precision.FP16)
    model = onnx.load_model_from_string(half)
    onnx.checker.check_model(model, full_check=True)
    assert made_by(half, "Conv") == made_by(half, "Relu") == {TensorProto.FLOAT16}
    assert made_by(half, "LayerNormalization") == {TensorProto.FLOAT}
    assert {p.key: p.value for p in model.metadata_props} == {"model": "small"}
    for value in (*model.graph.input, *model.graph.output):
        assert value.type.tensor_type.elem_type == TensorProto.FLOAT
    values = inputs()
    names = ["features", "moved"]
    exact, found = (session(file).run(names, values) for file in (content, half))
    # The matrices: not one bit.
    np.testing.assert_array_equal(found[1], exact[1])
    assert 0 < np.abs(found[0] - exact[0]).max() < 5e-3


def chain(*operations, kernel=3):
    """A convolution, then these operations, then an output."""
    weight = np.random.default_rng(0).normal(0, 0.1, (2, 2, kernel, kernel)).astype(np.float32)
    nodes = [helper.make_node("Conv", ["x", "w"], ["v0"], pads=[kernel // 2] * 4)]
    for index, operation in enumerate(operations):
        second = ["w2"] if operation == "Conv" else []
        pads = {"pads": [kernel // 2] * 4} if second else {}
        nodes.append(helper.make_node(operation, [f"v{index}", *second], [f"v{index + 1}"], **pads))
    last = f"v{len(operations)}"
    shape = [1, 2, 6, 6]
    graph = helper.make_graph(
        nodes,
        "chain",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(weight * 2, "w2")],
    )
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString()


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        # Heads: before an output, before an exponential, also past an activation.
        ((), [False]),
        (("Relu",), [False]),
        (("Exp",), [False]),
        (("Relu", "Conv"), [True, False]),
        (("Relu", "Exp", "Conv"), [False, False]),
        (("Softmax", "Conv"), [True, False]),
        (("Conv", "Sigmoid", "Log", "Conv"), [True, False, False]),
    ],
)
def test_fp16_the_last_layer_before_an_exact_operation_stays(operations, expected):
    half = converted(chain(*operations), Precision.FP16)
    known = types(half)
    graph = onnx.load_model_from_string(half).graph
    found = [
        known[node.output[0]] == TensorProto.FLOAT16
        for node in graph.node
        if node.op_type == "Conv"
    ]
    assert found == expected
    onnx.checker.check_model(onnx.load_model_from_string(half), full_check=True)


@pytest.mark.parametrize(("width", "expected"), [(4, TensorProto.FLOAT), (5, TensorProto.FLOAT16)])
def test_fp16_products_of_small_matrices_stay_also_before_a_layer(width, expected):
    weight = np.ones((1, 1, 1, 1), np.float32)
    shape = [1, 1, width, width]
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "x"], ["product"]),
            helper.make_node("Conv", ["product", "w"], ["features"]),
            helper.make_node("Exp", ["features"], ["y"]),
        ],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(weight, "w")],
    )
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    half = converted(model.SerializeToString(), Precision.FP16)
    assert made_by(half, "MatMul") == {expected}


def test_fp16_weights_that_it_cannot_hold_stay():
    model = onnx.load_model_from_string(chain("Relu", "Conv"))
    big = numpy_helper.to_array(model.graph.initializer[0]) * np.float32(1e6)
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(big, "w"))
    half = converted(model.SerializeToString(), Precision.FP16)
    assert made_by(half, "Conv") == {TensorProto.FLOAT}


def optional_network():
    """Three layers; between them a node without its optional input, and ones with and without
    their optional output, one of which is of whole numbers."""
    random = np.random.default_rng(3)
    names = ("first", "middle", "last")
    weights = [
        numpy_helper.from_array(random.normal(0, 0.2, (4, 4, 3, 3)).astype(np.float32), name)
        for name in names
    ]
    limit = numpy_helper.from_array(np.array(0.5, np.float32), "limit")
    pads = {"pads": [1, 1, 1, 1]}
    pool = {"kernel_shape": [3, 3], **pads}
    shape = [1, 4, 8, 12]
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "first"], ["a"], **pads),
            helper.make_node("Clip", ["a", "", "limit"], ["b"]),
            helper.make_node("MaxPool", ["b"], ["c", ""], **pool),
            helper.make_node("MaxPool", ["c"], ["d", "where"], **pool),
            helper.make_node("Cast", ["where"], ["places"], to=TensorProto.FLOAT),
            helper.make_node("Conv", ["d", "middle"], ["e"], **pads),
            helper.make_node("Conv", ["e", "last"], ["y"], **pads),
        ],
        "optional",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info("y", TensorProto.FLOAT, shape),
            helper.make_tensor_value_info("places", TensorProto.FLOAT, shape),
        ],
        [*weights, limit],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def test_fp16_what_is_optional_and_left_out_stays_so():
    content = optional_network()
    half = converted(content, Precision.FP16)
    onnx.checker.check_model(onnx.load_model_from_string(half), full_check=True)
    assert made_by(half, "Clip") == made_by(half, "MaxPool") == {TensorProto.FLOAT16}
    nodes = onnx.load_model_from_string(half).graph.node
    assert [list(n.input)[1] for n in nodes if n.op_type == "Clip"] == [""]
    assert sum("" in node.output for node in nodes) == 1
    random = np.random.default_rng(4)
    values = {"x": random.random((1, 4, 8, 12), np.float32)}
    exact, found = (session(file).run(["y", "places"], values) for file in (content, half))
    np.testing.assert_allclose(found[0], exact[0], atol=5e-3)
    # Rounded values may tie.
    assert np.mean(found[1] == exact[1]) > 0.95


@pytest.mark.parametrize("model", shipped_models())
def test_fp16_of_a_shipped_network_stays_within_the_gate_of_plans(model):
    """On stored pictures: half of what a plan may differ by on a GPU."""
    content = model_path(model).read_bytes()
    half = converted(content, Precision.FP16)
    assert len(half) < 0.75 * len(content)
    for operation in ("GridSample", "Softmax", "LayerNormalization", "ReduceMean", "Exp"):
        assert made_by(half, operation) <= {TensorProto.FLOAT}
    reference, ours = session(content), session(half)
    shapes = {item.name: tuple(item.shape) for item in reference.get_inputs()}
    sample = next(iter(parity_inputs(shapes)))
    for output in reference.get_outputs():
        exact, found = (s.run([output.name], sample)[0] for s in (reference, ours))
        scale = np.maximum(np.abs(exact), 0.3) if "depth" in output.name else 1.0
        differences = np.abs(found - exact) / scale
        assert 0 < differences.mean() < 2.5e-3
        assert np.percentile(differences, 99) < 2.5e-2
