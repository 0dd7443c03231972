"""int8: what is quantised, what stays, and the gate."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from elsewhere import elsewhere

onnx = pytest.importorskip("onnx", reason="needs the extra [train]")

from rgbt_perception.engines import scene_exchange
from rgbt_perception.engines.constant import DEPTH_M, ConstantEngine, ConstantSceneEngine
from rgbt_perception.engines.int8_file import SOURCE, int8_file, int8_path
from rgbt_perception.engines.onnxruntime import OnnxRuntimeEngine
from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.scene.classes import SCENE_CLASSES
from rgbt_perception.sensing.encode import image_message
from rgbt_perception.session import Session
from rgbt_perception.training import bf16, precision_cost, quantization_errors
from rgbt_perception.training.int8 import main
from rgbt_perception.training.quantization import quantize
from rgbt_perception.training.quantization_data import calibration_samples, moments
from rgbt_perception.training.quantization_errors import (
    check_difference,
    check_loss,
    check_miou,
    depth_error,
    scene_errors,
)
from rgbt_perception.training.recipe_file import VALIDATION_SEEDS


@pytest.fixture
def small_model(tmp_path):
    """Three convolutions and a division by what it must not round: the sum of the picture."""
    random = np.random.default_rng(0)
    helper = onnx.helper
    names = ("first", "middle", "last")
    weights = {name: random.normal(0, 0.3, (4, 4, 3, 3)).astype(np.float32) for name in names}
    weights["first"] = weights["first"][:, :3]
    bias = onnx.numpy_helper.from_array(random.normal(size=4).astype(np.float32), "bias")
    pads = {"pads": [1, 1, 1, 1]}
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["rgb", "first"], ["a"], **pads),
            helper.make_node("Relu", ["a"], ["b"]),
            helper.make_node("Conv", ["b", "middle", "bias"], ["c"], **pads),
            helper.make_node("Conv", ["c", "last"], ["features"], **pads),
            helper.make_node("ReduceSum", ["rgb"], ["sum"], keepdims=1),
            helper.make_node("Div", ["features", "sum"], ["share"]),
        ],
        "small",
        [helper.make_tensor_value_info("rgb", onnx.TensorProto.FLOAT, [1, 3, 16, 24])],
        [helper.make_tensor_value_info("share", onnx.TensorProto.FLOAT, [1, 4, 16, 24])],
        [*(onnx.numpy_helper.from_array(weights[name], name) for name in names), bias],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, {"model": "small", "steps": "7"})
    path = tmp_path / "small.onnx"
    onnx.save_model(model, str(path))
    return path


def test_layers_between_the_ends_become_int8_and_geometry_stays(small_model, tmp_path):
    random = np.random.default_rng(1)
    samples = [{"rgb": random.random((1, 3, 16, 24), np.float32)} for _ in range(4)]
    out = tmp_path / "small_int8.onnx"
    quantize(small_model, samples, out)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []
    graph = onnx.load(str(out)).graph
    makers = {name: node for node in graph.node for name in node.output}
    first, middle, last = (node for node in graph.node if node.op_type == "Conv")
    # The picture and the result are exact, and the bias is.
    assert list(first.input) == ["rgb", "first"]
    assert last.input[1] == "last"
    made_by = [makers[name].op_type if name in makers else name for name in middle.input]
    assert made_by == ["DequantizeLinear", "DequantizeLinear", "bias"]
    # Stored as int8, not made so when it is loaded.
    kinds = {item.name: item.data_type for item in graph.initializer}
    assert kinds[makers[middle.input[1]].input[0]] == onnx.TensorProto.INT8
    division = next(node for node in graph.node if node.op_type == "Div")
    assert makers[division.input[1]].op_type == "ReduceSum"
    # Symmetric, as TensorRT asks: every zero point is 0.
    zeros = [onnx.numpy_helper.to_array(i) for i in graph.initializer if "zero_point" in i.name]
    assert zeros
    assert not any(zero.any() for zero in zeros)
    plain, quantized = OnnxRuntimeEngine(small_model, 1), OnnxRuntimeEngine(out, 1)
    said = {"file": out.name, "precision": "int8", SOURCE: plain.digest}
    assert dict(quantized.metadata) == {**plain.metadata, **said}
    expected = plain.run(samples[0], ["share"])["share"]
    found = quantized.run(samples[0], ["share"])["share"]
    error = np.abs(found - expected).max() / np.abs(expected).max()
    assert 0 < error < 0.05


def test_samples_are_taken_one_after_the_other(small_model, tmp_path):
    """All of a day's pictures would not fit into the memory."""
    alive, most = [], 0

    class Picture(dict):
        pass

    def samples():
        nonlocal most
        for seed in range(8):
            random = np.random.default_rng(seed)
            sample = Picture(rgb=random.random((1, 3, 16, 24), np.float32))
            alive.append(weakref.ref(sample))
            yield sample
            del sample
            gc.collect()
            most = max(most, sum(one() is not None for one in alive))

    quantize(small_model, samples(), tmp_path / "small_int8.onnx")
    assert len(alive) == 8
    assert most <= 2


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
    scene = ConstantSceneEngine()
    (before, after), fused = scene_errors([bag], ConstantEngine(), (scene, scene))
    assert before == after
    assert before.wrong == 0.0
    assert before.miou == {"fused": 1.0, "rgb": 1.0, "thermal": 1.0}
    assert fused == 0.0


def test_wrong_labels_are_counted_where_there_are_any(with_truth):
    bag = with_truth(depth_m=DEPTH_M, label=3)
    (errors,), _ = scene_errors([bag], ConstantEngine(), (ConstantSceneEngine(),))
    assert errors.wrong == 1.0
    assert set(errors.miou.values()) == {0.0}


def test_samples_are_the_inputs_of_the_network(recording_maker):
    bag = recording_maker()
    samples = list(calibration_samples([bag], ConstantEngine()))
    assert len(samples) == recording_maker.count
    assert set(samples[0]) == set(ConstantEngine().inputs)
    assert not np.array_equal(samples[0]["thermal"], samples[1]["thermal"])


def test_a_scene_network_gets_each_camera_alone_as_well_and_is_not_executed(recording_maker):
    scene = ConstantSceneEngine()
    scene.run = None
    samples = list(calibration_samples([recording_maker()], ConstantEngine(), scene))
    assert len(samples) == 3 * recording_maker.count
    assert set(samples[0]) == set(scene_exchange.INPUTS)
    seen = [(sample["rgb_mask"].any(), sample["thermal_mask"].any()) for sample in samples[:3]]
    assert sorted(seen) == [(False, True), (True, False), (True, True)]


def test_a_moment_is_there_before_the_recording_is_read(recording_maker, monkeypatch):
    recording_maker.count = 30
    bag, handled = recording_maker(), []
    handle = Session.handle

    def counted(self, stream, message, time_ns):
        handled.append(stream)
        return handle(self, stream, message, time_ns)

    monkeypatch.setattr(Session, "handle", counted)
    next(moments(bag, ConstantEngine()))
    assert len(handled) < 20


def test_without_truth_there_is_no_error_to_compare(recording_maker):
    bag = recording_maker()
    with pytest.raises(InputError, match="no true depth"):
        depth_error([bag], ConstantEngine())
    with pytest.raises(InputError, match="no true labels"):
        scene_errors([bag], ConstantEngine(), (ConstantSceneEngine(),))


class Darker(ConstantSceneEngine):
    """Its decision is darker by a tenth of the range."""

    def run(self, inputs, outputs):
        results = dict(super().run(inputs, outputs))
        if "fused" in results:
            results["fused"] = results["fused"] - 0.1
        return results


def test_fused_pictures_are_compared(with_truth, recording_maker):
    recording_maker.count = 2
    # What one camera misses or a picture's own detail clips is the same in both.
    bag, scenes = with_truth(DEPTH_M, 1), (ConstantSceneEngine(), Darker())
    assert 0.03 < scene_errors([bag], ConstantEngine(), scenes)[1] < 0.11


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
    check_miou("m", {"fused": 0.5, "rgb": 0.3}, {"fused": 0.495, "rgb": 0.31})
    with pytest.raises(RgbtError, match=r"mIoU \(rgb\) is 0\.2900 instead of 0\.3000 \(-3\.3 %\)"):
        check_miou("m", {"fused": 0.5, "rgb": 0.3}, {"fused": 0.5, "rgb": 0.29})


def test_wrong_use_is_one_line(tmp_path, recording_maker, capsys):
    bag = str(recording_maker())
    words = ["--calibrate", bag, "--validate", bag, "--out"]
    assert main(["confidence_depth", *words, str(tmp_path / "nowhere" / "x.onnx")]) == 1
    assert main(["confidence_depth", "--out", "x.onnx", "--calibrate", bag]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert "no such folder" in errors[0]
    assert "--calibrate and --validate: expected both or neither" in errors[1]
    assert len(errors) == 2


@pytest.fixture
def small_scene(tmp_path):
    """A scene network: each result is three convolutions of both pictures."""
    random = np.random.default_rng(2)
    helper, float32 = onnx.helper, onnx.TensorProto.FLOAT
    shapes = scene_exchange.input_shapes(32, 40)
    classes = len(SCENE_CLASSES)
    sizes = {"fused": 1, "weight": 1, "logits": classes}
    nodes = [helper.make_node("Concat", list(shapes), ["all"], axis=1)]
    weights = []

    def layer(taken, channels, given, count):
        values = random.normal(0, 0.5, (count, channels, 1, 1)).astype(np.float32)
        weights.append(onnx.numpy_helper.from_array(values, f"{given}_weights"))
        nodes.append(helper.make_node("Conv", [taken, f"{given}_weights"], [given]))

    layer("all", sum(shape[1] for shape in shapes.values()), "wide", 8)
    layer("wide", 8, "wider", 16)
    for name, count in sizes.items():
        given = name if name == "logits" else f"{name}_raw"
        layer("wider", 16, given, count)
        if given != name:
            nodes.append(helper.make_node("Sigmoid", [given], [name]))
    graph = helper.make_graph(
        nodes,
        "scene",
        [helper.make_tensor_value_info(name, float32, shape) for name, shape in shapes.items()],
        [
            helper.make_tensor_value_info(name, float32, [1, count, 32, 40])
            for name, count in sizes.items()
        ],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path = tmp_path / "mine.onnx"
    onnx.save_model(model, str(path))
    return path


def test_one_command_makes_the_file_where_it_is_looked_for(
    small_scene, with_truth, capsys, monkeypatch
):
    monkeypatch.setattr(precision_cost, "_ROUNDS", 1)
    # Noise is not labelled as anything well: what counts here is that both do it alike.
    monkeypatch.setattr(quantization_errors, "LARGEST_LOSS", 0.5)
    bag = str(with_truth(DEPTH_M, 3))
    words = [str(small_scene), "--calibrate", bag, "--validate", bag, "--threads", "1"]
    assert main(words) == 0
    made = int8_file(small_scene)
    assert made.name == "mine.int8.onnx"
    told = capsys.readouterr().out
    for words_told in ("error in float32", "mIoU, thermal: in float32", "onnxruntime", str(made)):
        assert words_told in told


def test_what_costs_too_much_is_not_kept(small_scene, with_truth, capsys, monkeypatch):
    monkeypatch.setattr(precision_cost, "_ROUNDS", 1)
    monkeypatch.setattr(quantization_errors, "LARGEST_LOSS", -1.0)
    bag = str(with_truth(DEPTH_M, 3))
    assert main([str(small_scene), "--calibrate", bag, "--validate", bag]) == 1
    assert "int8: mine: refused in int8" in capsys.readouterr().err
    assert not int8_path(small_scene).exists()
    assert not list(small_scene.parent.glob("tmp*"))


def test_bf16_is_compared_where_the_processor_has_it(small_scene, with_truth, capsys, monkeypatch):
    pytest.importorskip("openvino", reason="needs the extra [cpu]")
    monkeypatch.setattr(precision_cost, "_ROUNDS", 1)
    words = [str(small_scene), "--validate", str(with_truth(DEPTH_M, 3)), "--threads", "1"]
    code, told = elsewhere(bf16.main, words), capsys.readouterr()
    if "engine.precision bf16: this processor has no arithmetic for it" in told.err:
        assert code == 1
        return
    assert code == 0
    for words_told in ("error in float32", "mIoU, rgb: in float32", "in bf16, "):
        assert words_told in told.out
    # A depth network's roughness is told of as well.
    assert elsewhere(bf16.main, ["confidence_depth", *words[1:]]) == 0
    assert "depths of one pair differ by 0." in capsys.readouterr().out
    monkeypatch.setattr(quantization_errors, "LARGEST_LOSS", -1.0)
    assert elsewhere(bf16.main, words) == 1
    assert "bf16: mine: refused in bf16" in capsys.readouterr().err


def test_the_recordings_are_those_of_the_recipe_in_two_halves(tmp_path, monkeypatch):
    rendered = []

    def render(specs, folder, processes, show):
        rendered.extend(specs)
        return [folder / spec.file_name for spec in specs]

    monkeypatch.setattr(precision_cost, "render_missing", render)
    one = precision_cost.calibration_recordings("scene", tmp_path)
    two = precision_cost.error_recordings("scene", tmp_path)
    assert [*one, *two] == [tmp_path / spec.file_name for spec in rendered]
    assert all(spec.seed in VALIDATION_SEEDS for spec in rendered)
    # Both have every condition.
    conditions = [{tuple(path.name.split("-")[:3]) for path in half} for half in (one, two)]
    assert conditions[0] == conditions[1]
    assert len(conditions[0]) == 24
