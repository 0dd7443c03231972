"""int8: what is quantised, what stays, and the gate."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="needs the extra [train]")

from rgbt_perception.engines import scene_exchange
from rgbt_perception.engines.constant import DEPTH_M, ConstantEngine, ConstantSceneEngine
from rgbt_perception.engines.onnxruntime import OnnxRuntimeEngine
from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.sensing.encode import image_message
from rgbt_perception.training.int8 import main
from rgbt_perception.training.quantization import (
    calibration_samples,
    check_difference,
    check_loss,
    depth_error,
    fused_difference,
    label_error,
    quantize,
)


@pytest.fixture
def small_model(tmp_path):
    """A convolution and a division by what it must not round: the sum of the picture."""
    random = np.random.default_rng(0)
    weights = random.normal(size=(4, 3, 3, 3)).astype(np.float32)
    helper = onnx.helper
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["rgb", "weights"], ["features"], pads=[1, 1, 1, 1]),
            helper.make_node("ReduceSum", ["rgb"], ["sum"], keepdims=1),
            helper.make_node("Div", ["features", "sum"], ["share"]),
        ],
        "small",
        [helper.make_tensor_value_info("rgb", onnx.TensorProto.FLOAT, [1, 3, 16, 24])],
        [helper.make_tensor_value_info("share", onnx.TensorProto.FLOAT, [1, 4, 16, 24])],
        [onnx.numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, {"model": "small", "steps": "7"})
    path = tmp_path / "small.onnx"
    onnx.save_model(model, str(path))
    return path


def test_convolutions_become_int8_and_geometry_stays(small_model, tmp_path):
    random = np.random.default_rng(1)
    samples = [{"rgb": random.random((1, 3, 16, 24), np.float32)} for _ in range(4)]
    out = tmp_path / "small_int8.onnx"
    quantize(small_model, samples, out)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []
    graph = onnx.load(str(out)).graph
    makers = {name: node for node in graph.node for name in node.output}
    takers = {name: node for node in graph.node for name in node.input}
    convolution = next(node for node in graph.node if node.op_type == "Conv")
    assert {makers[name].op_type for name in convolution.input} == {"DequantizeLinear"}
    assert takers["rgb"].op_type in ("QuantizeLinear", "ReduceSum")
    division = next(node for node in graph.node if node.op_type == "Div")
    assert makers[division.input[1]].op_type == "ReduceSum"
    # Symmetric, as TensorRT asks: every zero point is 0.
    zeros = [onnx.numpy_helper.to_array(i) for i in graph.initializer if "zero_point" in i.name]
    assert zeros
    assert not any(zero.any() for zero in zeros)
    plain, quantized = OnnxRuntimeEngine(small_model, 1), OnnxRuntimeEngine(out, 1)
    assert dict(quantized.metadata) == {**plain.metadata, "precision": "int8"}
    expected = plain.run(samples[0], ["share"])["share"]
    found = quantized.run(samples[0], ["share"])["share"]
    error = np.abs(found - expected).max() / np.abs(expected).max()
    assert 0 < error < 0.05


class Truth:
    """Adds true depth and labels to every thermal picture of a recording."""

    def __init__(self, maker, depth_m, label):
        self.maker, self.depth_m, self.label = maker, depth_m, label
        self.write = maker._write

    def __call__(self, writer, name, index, stamp):
        self.write(writer, name, index, stamp)
        if name != "thermal":
            return
        width, height = self.maker.thermal_size
        kind, frame = "sensor_msgs/msg/Image", "thermal_optical_frame"
        depth = np.full((height, width), self.depth_m, np.float32)
        labels = np.full((height, width), self.label, np.uint8)
        labels[: height // 2] = 0
        for topic, picture, encoding in (
            ("depth", depth, "32FC1"),
            ("labels", labels, "mono8"),
        ):
            message = image_message(self.maker.factory, picture, encoding, stamp, frame)
            writer.write(f"/ground_truth/thermal/{topic}/image", message, kind, stamp)


@pytest.fixture
def with_truth(recording_maker, monkeypatch):
    def make(depth_m, label):
        monkeypatch.setattr(recording_maker, "_write", Truth(recording_maker, depth_m, label))
        return recording_maker("true.mcap")

    return make


def test_errors_are_those_of_what_is_published(with_truth):
    # The engine that computes nothing says DEPTH_M and the first class everywhere.
    bag = with_truth(depth_m=1.25 * DEPTH_M, label=1)
    assert depth_error([bag], ConstantEngine()) == pytest.approx(0.2, rel=1e-3)
    assert label_error([bag], ConstantEngine(), ConstantSceneEngine()) == 0.0


def test_wrong_labels_are_counted_where_there_are_any(with_truth):
    bag = with_truth(depth_m=DEPTH_M, label=3)
    assert label_error([bag], ConstantEngine(), ConstantSceneEngine()) == 1.0


def test_samples_are_the_inputs_of_the_network(recording_maker):
    bag = recording_maker()
    samples = list(calibration_samples([bag], ConstantEngine()))
    assert len(samples) == recording_maker.count
    assert set(samples[0]) == set(ConstantEngine().inputs)
    assert not np.array_equal(samples[0]["thermal"], samples[1]["thermal"])
    scene = next(calibration_samples([bag], ConstantEngine(), ConstantSceneEngine()))
    assert set(scene) == set(scene_exchange.INPUTS)


def test_without_truth_there_is_no_error_to_compare(recording_maker):
    bag = recording_maker()
    with pytest.raises(InputError, match="no true depth"):
        depth_error([bag], ConstantEngine())
    with pytest.raises(InputError, match="no true labels"):
        label_error([bag], ConstantEngine(), ConstantSceneEngine())


class Darker(ConstantSceneEngine):
    """Its decision is darker by a tenth of the range."""

    def run(self, inputs, outputs):
        results = dict(super().run(inputs, outputs))
        results["fused"] = results["fused"] - 0.1
        return results


def test_fused_pictures_are_compared(recording_maker):
    recording_maker.count = 2
    # What one camera misses or a picture's own detail clips is the same in both.
    bag, depth = recording_maker(), ConstantEngine()
    scene = ConstantSceneEngine()
    assert fused_difference([bag], depth, scene, scene) == 0.0
    assert 0.03 < fused_difference([bag], depth, scene, Darker()) < 0.11


def test_the_gate():
    check_difference("m", 0.02)
    with pytest.raises(RgbtError, match=r"m: refused in int8, .* differ by 3\.0 % of the range"):
        check_difference("m", 0.03)
    check_loss("m", 0.2, 0.2039)
    check_loss("m", 0.2, 0.1)
    with pytest.raises(RgbtError, match=r"refused in int8, .* 0\.2100 instead of 0\.2000 \(\+5\.0"):
        check_loss("m", 0.2, 0.21)
    with pytest.raises(RgbtError):
        check_loss("m", 0.2, float("nan"))


def test_wrong_use_is_one_line(tmp_path, recording_maker, capsys):
    bag = str(recording_maker())
    words = ["--calibrate", bag, "--validate", bag, "--out"]
    assert main(["confidence_depth", *words, str(tmp_path / "nowhere" / "x.onnx")]) == 1
    assert main(["confidence_depth", "--out", "x.onnx"]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert "no such folder" in errors[0]
    assert "--calibrate" in errors[1]
    assert len(errors) == 2
