"""OpenVINO against ONNX Runtime: the same network, the same numbers."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from elsewhere import elsewhere

from rgbt_perception.engines.choice import model_path
from rgbt_perception.engines.depth_exchange import OUTPUTS
from rgbt_perception.engines.onnxruntime import OnnxRuntimeEngine
from rgbt_perception.engines.openvino import OpenVinoEngine, check_bf16
from rgbt_perception.errors import RgbtError

# Of the value, for 9999 of 10000 pixels: a point may round to another cell of the z-buffer.
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def reference():
    return OnnxRuntimeEngine(model_path("confidence_depth"), threads=1)


@pytest.fixture(scope="module")
def engine():
    pytest.importorskip("openvino", reason="needs the extra [cpu]")
    return OpenVinoEngine(model_path("confidence_depth"), threads=1)


def pictures(engine, seed=0):
    random = np.random.default_rng(seed)
    inputs = {name: np.ones(shape, np.float32) for name, shape in engine.inputs.items()}
    for name in ("rgb", "thermal"):
        inputs[name][:] = random.random(inputs[name].shape, np.float32)
    height, width = inputs["rgb"].shape[2:]
    K = [[0.8 * width, 0, width / 2], [0, 0.8 * width, height / 2], [0, 0, 1]]
    inputs["rgb_intrinsics"][0] = inputs["thermal_intrinsics"][0] = K
    inputs["thermal_T_rgb"][0] = np.eye(4)
    inputs["thermal_T_rgb"][0, 0, 3] = 0.1
    return inputs


def largest_difference(found, expected):
    worst = 0.0
    for name in expected:
        relative = np.abs(found[name] - expected[name]) / np.maximum(np.abs(expected[name]), 0.05)
        worst = max(worst, float(np.quantile(relative, 0.9999)))
    return worst


def test_it_names_the_same_network(engine, reference):
    assert engine.name.startswith("openvino 20")
    assert engine.model == reference.model
    assert engine.digest == reference.digest
    assert dict(engine.metadata) == dict(reference.metadata)
    assert dict(engine.inputs) == dict(reference.inputs)
    assert set(engine.outputs) == set(reference.outputs)


def test_both_runtimes_agree(engine, reference):
    inputs = pictures(engine)
    found, expected = engine.run(inputs, OUTPUTS), reference.run(inputs, OUTPUTS)
    assert list(found) == list(OUTPUTS)
    assert (expected["depth"] > 0).any()
    assert largest_difference(found, expected) < TOLERANCE
    # The limit is one that bfloat16 would break.
    rounded = {name: (v.view(np.uint32) & 0xFFFF0000).view(np.float32) for name, v in found.items()}
    assert largest_difference(rounded, expected) > TOLERANCE


def test_inputs_are_read_anew_and_results_lie_where_they_lay(engine, reference):
    inputs = pictures(engine)
    first = engine.run(inputs, ["depth"])["depth"]
    before = first.copy()
    inputs["thermal"][:] *= 0.5
    again = engine.run(inputs, ["depth"])["depth"]
    assert again is first
    assert not np.array_equal(again, before)
    # Neither another array nor one that is not contiguous is mistaken for the one before.
    for other in (pictures(engine, seed=1), {**inputs, "rgb": inputs["rgb"][..., ::-1]}):
        found, expected = engine.run(other, OUTPUTS), reference.run(other, OUTPUTS)
        assert largest_difference(found, expected) < TOLERANCE


def test_bf16_is_near_and_not_the_same(reference):
    pytest.importorskip("openvino", reason="needs the extra [cpu]")
    path = model_path("confidence_depth")
    try:
        check_bf16()
    except RgbtError as error:
        with pytest.raises(RgbtError, match=str(error)):
            OpenVinoEngine(path, threads=1, bf16=True)
        return
    rounded = elsewhere(OpenVinoEngine, path, threads=1, bf16=True)
    inputs = pictures(rounded)
    found = elsewhere(rounded.run, inputs, OUTPUTS)["depth"]
    expected = reference.run(inputs, OUTPUTS)["depth"]
    known = np.isfinite(expected) & (expected > 0)
    relative = np.abs(found[known] / expected[known] - 1)
    assert 1e-4 < np.median(relative) < 0.02
    assert rounded.name.endswith(" bf16 (CPU)")


def test_a_processor_without_bf16_is_one_line(monkeypatch):
    openvino = pytest.importorskip("openvino", reason="needs the extra [cpu]")

    class Other(openvino.Core):
        def get_property(self, *words):
            return ["FP32", "INT8", "BIN"]

    monkeypatch.setattr(openvino, "Core", Other)
    with pytest.raises(RgbtError, match=r"^engine\.precision bf16: this processor has no"):
        OpenVinoEngine(model_path("scene"), bf16=True)

    class Silent(openvino.Core):
        def get_property(self, *words):
            raise RuntimeError("first\nsecond")

    monkeypatch.setattr(openvino, "Core", Silent)
    with pytest.raises(RgbtError, match=r"bf16: openvino fails \(first second\)$"):
        check_bf16()


def test_bad_files_are_one_line(tmp_path):
    pytest.importorskip("openvino", reason="needs the extra [cpu]")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    with pytest.raises(RgbtError, match=r"broken\.onnx: not a usable ONNX file") as caught:
        OpenVinoEngine(broken)
    assert "\n" not in str(caught.value)
    with pytest.raises(RgbtError, match=r"none\.onnx: No such file"):
        OpenVinoEngine(tmp_path / "none.onnx")


def test_without_openvino_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(RgbtError) as caught:
        OpenVinoEngine(model_path("confidence_depth"))
    assert str(caught.value) == (
        "engine openvino: not installed; expected `pip install 'rgbt_perception[cpu]'`"
    )


@pytest.mark.parametrize(
    ("module", "line"),
    [
        (
            "raise ImportError('libtbb.so.12:\\n not there')",
            r"loaded \(libtbb\.so\.12: not there\)$",
        ),
        ("import no_such_part", r"cannot be loaded \(No module named 'no_such_part'\)$"),
        ("__version__ = '2021.4'", r"too old; expected version 2024\.4 or newer$"),
    ],
)
def test_an_openvino_that_does_not_load_is_one_line(module, line, tmp_path, monkeypatch):
    (tmp_path / "openvino.py").write_text(module)
    # Brought back afterwards, or removed when it was not there.
    monkeypatch.setitem(sys.modules, "openvino", None)
    del sys.modules["openvino"]
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RgbtError, match=f"^engine openvino: .*{line}"):
        OpenVinoEngine(model_path("confidence_depth"))


@pytest.mark.parametrize("runtime", [OpenVinoEngine, OnnxRuntimeEngine])
def test_outputs_of_another_type_are_refused_when_it_is_loaded(runtime, tmp_path):
    if runtime is OpenVinoEngine:
        pytest.importorskip("openvino", reason="needs the extra [cpu]")
    onnx = pytest.importorskip("onnx", reason="needs the extra [train]")
    content = onnx.parser.parse_model(
        """<ir_version: 10, opset_import: ["" : 18]>
        ids (float[1,3,4,4] x) => (int64[1,1,4,4] ids) { ids = ArgMax <axis = 1> (x) }"""
    )
    path = tmp_path / "ids.onnx"
    path.write_bytes(content.SerializeToString())
    with pytest.raises(RgbtError, match=r"ids\.onnx: output ids has the type .*, expected "):
        runtime(path)
