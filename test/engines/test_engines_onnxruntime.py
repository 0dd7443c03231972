from __future__ import annotations

import hashlib

import numpy as np
import pytest

from rgbt_perception.config import EngineConfig
from rgbt_perception.engines.choice import make_engine, model_path, shipped_models
from rgbt_perception.engines.onnxruntime import OnnxRuntimeEngine
from rgbt_perception.errors import RgbtError


@pytest.fixture(scope="module")
def engine():
    return make_engine(EngineConfig(threads=1))


def zeros(engine):
    return {name: np.zeros(shape, np.float32) for name, shape in engine.inputs.items()}


def test_the_shipped_model_names_itself(engine):
    assert "confidence_depth" in shipped_models()
    assert engine.model == "confidence_depth"
    assert engine.name.startswith("onnxruntime")
    content = model_path("confidence_depth").read_bytes()
    assert engine.digest == hashlib.sha256(content).hexdigest()
    assert engine.inputs["rgb"][0] == 1


def test_gives_the_outputs_asked_for_and_no_nan_without_pictures(engine):
    results = engine.run(zeros(engine), ["confidence", "depth"])
    assert list(results) == ["confidence", "depth"]
    assert np.isfinite(results["depth"]).all()
    # Both masks are zero: nothing is known.
    assert not results["depth"].any()
    assert not results["confidence"].any()


def test_inputs_are_read_anew_and_results_lie_where_they_lay(engine):
    inputs = zeros(engine)
    first = engine.run(inputs, ["depth", "confidence"])
    assert not first["confidence"].any()
    # In place, and as other arrays.
    for name in ("thermal", "thermal_mask", "rgb_intrinsics", "thermal_intrinsics"):
        inputs[name][:] = 0.5
    for name in ("rgb_intrinsics", "thermal_intrinsics", "thermal_T_rgb"):
        inputs[name] = np.broadcast_to(np.eye(inputs[name].shape[-1]), inputs[name].shape)
        inputs[name] = inputs[name].astype(np.float32)
    again = engine.run(inputs, ["depth", "confidence"])
    assert again["confidence"] is first["confidence"]
    assert again["confidence"].any()
    inputs["thermal_mask"] = np.zeros_like(inputs["thermal_mask"])
    assert not engine.run(inputs, ["confidence"])["confidence"].any()


def test_a_path_is_a_model_too(tmp_path, engine):
    copy = tmp_path / "mine.onnx"
    copy.write_bytes(model_path("confidence_depth").read_bytes())
    assert make_engine(EngineConfig(depth_model=str(copy))).digest == engine.digest


def test_bad_models_are_one_line(tmp_path):
    with pytest.raises(RgbtError, match=r"shipped models: .*confidence_depth"):
        model_path("unheard_of")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    with pytest.raises(RgbtError, match=r"broken\.onnx: not a usable ONNX file"):
        OnnxRuntimeEngine(broken)
    with pytest.raises(RgbtError, match=r"none\.onnx: No such file"):
        OnnxRuntimeEngine(tmp_path / "none.onnx")
