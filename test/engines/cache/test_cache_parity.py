"""The comparison passes what computes the same and names what does not."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from rgbt_perception.engines import scene_exchange
from rgbt_perception.engines.cache.parity import Reference
from rgbt_perception.engines.cache.parity_inputs import parity_inputs
from rgbt_perception.engines.choice import model_path
from rgbt_perception.engines.depth_exchange import input_shapes
from rgbt_perception.engines.onnxruntime import OnnxRuntimeEngine
from rgbt_perception.engines.plan_builder import Precision
from rgbt_perception.errors import RgbtError

PATH = model_path("confidence_depth")


@pytest.fixture(scope="module")
def reference():
    return Reference(PATH, hashlib.sha256(PATH.read_bytes()).hexdigest())


class Changed:
    """The same network with other results."""

    def __init__(self, change):
        self._engine, self._change = OnnxRuntimeEngine(PATH, 1), change
        self.inputs, self.outputs = self._engine.inputs, self._engine.outputs

    def run(self, inputs, outputs):
        return self._change(dict(self._engine.run(inputs, outputs)))


def judge(reference, change, precision):
    return reference.compare(Changed(change), precision, lambda share: None)


def holding(figures):
    return {name for name, values in figures.items() if values.holds}


def test_each_precision_has_its_limits(reference):
    def longer(results):
        return {name: values * np.float32(1.001) for name, values in results.items()}

    same = judge(reference, lambda results: results, Precision.FP32)
    assert holding(same) == set(same)
    assert len(same) == 4
    assert same["depth"].mean == same["depth"].extreme == 0.0
    assert holding(judge(reference, longer, Precision.FP32)) == set()
    half = judge(reference, longer, Precision.FP16)
    assert holding(half) == set(half)
    assert half["depth"].mean == pytest.approx(0.001, rel=0.05)


def test_a_few_wild_pixels_are_noticed(reference):
    def spots(results):
        depth = results["depth"].copy()
        depth[..., ::8, ::8] = 80.0
        return results | {"depth": depth}

    figures = judge(reference, spots, Precision.INT8)
    assert "depth" not in holding(figures)
    assert figures["depth"].extreme > 0.5
    assert figures["confidence"].holds


def test_no_numbers_other_shapes_and_missing_outputs_are_never_the_same(reference):
    def broken(results):
        del results["depth_rgb"]
        nan = results["depth"] * np.float32(np.nan)
        return results | {"depth": nan, "confidence": results["confidence"][..., 1:]}

    figures = judge(reference, broken, Precision.INT8)
    assert holding(figures) == {"depth_thermal"}
    assert figures["depth"].mean == figures["confidence"].mean == figures["depth_rgb"].mean == 1e6


def test_a_file_that_was_replaced_is_noticed():
    with pytest.raises(RgbtError, match="was replaced while its engine was built"):
        Reference(PATH, "0" * 64)


@pytest.mark.parametrize("shapes", [input_shapes(128, 192), scene_exchange.input_shapes(320, 384)])
def test_real_pictures_at_the_size_of_the_network(shapes):
    samples = parity_inputs(shapes)
    for sample in samples:
        assert {name: values.shape for name, values in sample.items()} == dict(shapes)
        assert all(values.dtype == np.float32 for values in sample.values())
        for name in ("rgb", "thermal"):
            assert sample[name].min() >= 0
            assert sample[name].max() <= 1
        # A camera that is away is all zero, one that is there shows something.
        for name in ("rgb", "thermal"):
            assert (sample[name].std() > 0.02) == (sample[f"{name}_mask"].mean() > 0.5)
    away = [tuple(bool(s[f"{n}_mask"].any()) for n in ("rgb", "thermal")) for s in samples]
    assert {(True, True), (False, True), (True, False)} <= set(away)


def test_the_camera_follows_the_size():
    small, large = (parity_inputs(input_shapes(*size))[0] for size in ((256, 320), (512, 640)))
    assert np.allclose(2 * small["rgb_intrinsics"][:, :2], large["rgb_intrinsics"][:, :2])
    assert np.array_equal(small["thermal_T_rgb"], large["thermal_T_rgb"])


def test_other_networks_get_values_too():
    shapes = {"x": (1, 3, 40, 30), "k": (3,)}
    one, other = parity_inputs(shapes), parity_inputs(shapes)
    assert all(np.array_equal(a["x"], b["x"]) for a, b in zip(one, other, strict=True))
    assert {name: values.shape for name, values in one[0].items()} == shapes
    assert not np.array_equal(one[0]["x"], one[1]["x"])
    with pytest.raises(RgbtError, match=r"input x has the shape \[1, 'n'\], expected fixed"):
        parity_inputs({"x": (1, "n")})


def test_inputs_of_other_types_are_one_line(tmp_path):
    onnx = pytest.importorskip("onnx")
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Cast", ["x"], ["y"], to=onnx.TensorProto.FLOAT)],
        "bytes",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.UINT8, [1, 4])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 4])],
    )
    path = tmp_path / "bytes.onnx"
    opset = [onnx.helper.make_opsetid("", 18)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=10), path)
    reference = Reference(path, hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(RgbtError, match=r"model bytes: cannot be executed in fp32.*uint8"):
        reference.compare(OnnxRuntimeEngine(path, 1), Precision.FP16, lambda share: None)
