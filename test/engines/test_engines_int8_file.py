"""A network's form in int8: when it is loaded, and what stands for it when it is not."""

from __future__ import annotations

import hashlib
import logging

import numpy as np
import pytest

pytest.importorskip("onnx")
from elsewhere import elsewhere
from small_network import inputs, quantised_network, small_network

from rgbt_perception.config import EngineConfig, EngineName, EnginePrecision
from rgbt_perception.engines import choice, cpu
from rgbt_perception.engines.choice import shipped_models
from rgbt_perception.engines.identity import Identity, identity, runtimes
from rgbt_perception.engines.int8_file import SOURCE, int8_file, int8_path
from rgbt_perception.errors import RgbtError

INT8, FP32, FP16 = EnginePrecision.INT8, EnginePrecision.FP32, EnginePrecision.FP16


def make_engine(config):
    return elsewhere(choice.make_engine, config)


def make_scene_engine(config, model):
    return elsewhere(choice.make_scene_engine, config, model)


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """The folder of the shipped models, with one that has a form in int8 and one that has none."""
    monkeypatch.setattr(choice, "_WEIGHTS", tmp_path)
    content = small_network()
    for name in ("small.onnx", "other.onnx"):
        (tmp_path / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    (tmp_path / "small.int8.onnx").write_bytes(
        quantised_network(content, {"model": "small", SOURCE: digest})
    )
    return tmp_path


@pytest.fixture
def openvino():
    pytest.importorskip("openvino", reason="needs the extra [cpu]")


def asked(name=EngineName.OPENVINO, precision=EnginePrecision.AUTO, model="small", **options):
    options = {"threads": 1, **options}
    return EngineConfig(name=name, precision=precision, depth_model=model, **options)


def file_of(config):
    return identity(make_engine(config)).file


def test_the_form_in_int8_is_no_model_of_its_own(shipped):
    assert shipped_models() == ["other", "small"]


def test_openvino_takes_it_by_itself_and_says_so(shipped, openvino, caplog):
    with caplog.at_level(logging.INFO):
        engine = make_engine(asked())
    content = (shipped / "small.int8.onnx").read_bytes()
    found = identity(engine)
    assert (found.model, found.file, found.precision) == ("small", "small.int8.onnx", "int8")
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert found.source == "small.int8.onnx (int8)"
    assert " int8 (CPU)" in found.runtime
    assert f"engine for small.int8.onnx: {engine.name}, as configured" in caplog.text
    # What is loaded is what computes.
    exact, rough = (
        elsewhere(make_engine(config).run, inputs(), ["moved"])["moved"]
        for config in (asked(precision=FP32), asked())
    )
    assert np.abs(exact - rough).max() > 1e4
    np.testing.assert_allclose(rough, np.round(exact / 1e6).clip(-128, 127) * 1e6)


def test_fp32_is_the_plain_file(shipped, openvino):
    engine = make_engine(asked(precision=FP32))
    assert identity(engine).source == "small.onnx (fp32)"
    assert "fp32" not in engine.name
    assert file_of(asked(model="other")) == "other.onnx"


def test_not_shipping_it_is_what_switches_it_off(shipped, openvino):
    int8_path(shipped / "small.onnx").unlink()
    assert file_of(asked()) == "small.onnx"


def test_onnx_runtime_keeps_the_plain_file(shipped):
    assert file_of(asked(EngineName.ONNXRUNTIME)) == "small.onnx"
    with pytest.raises(RgbtError, match=r"engine\.precision int8: onnxruntime takes longer in"):
        make_engine(asked(EngineName.ONNXRUNTIME, INT8))


def test_a_path_is_the_file_that_it_names(shipped, openvino):
    path = str(shipped / "small.onnx")
    assert file_of(asked(model=path)) == "small.onnx"
    assert file_of(asked(model=path, precision=INT8)) == "small.int8.onnx"
    assert file_of(asked(model=str(shipped / "small.int8.onnx"))) == "small.int8.onnx"


def test_one_made_from_other_weights_is_not_used(shipped, openvino, caplog):
    (shipped / "small.onnx").write_bytes(small_network(metadata={"model": "newer"}))
    with caplog.at_level(logging.WARNING):
        assert file_of(asked()) == "small.onnx"
    assert len(caplog.records) == 1
    assert "small.int8.onnx: was made from another file than small.onnx" in caplog.text
    assert "small.onnx instead" in caplog.text
    with pytest.raises(RgbtError, match="was made from another file"):
        make_engine(asked(precision=INT8, fallback=False))
    (shipped / "small.int8.onnx").write_bytes(small_network())
    with pytest.raises(RgbtError, match=r"float32_sha256 not given"):
        int8_file(shipped / "small.onnx")


def test_int8_of_a_network_that_has_no_such_form(shipped, openvino, caplog):
    with pytest.raises(RgbtError, match=r"other\.onnx: has no form in int8; expected other\.int8"):
        make_engine(asked(model="other", precision=INT8, fallback=False))
    with caplog.at_level(logging.WARNING):
        assert file_of(asked(model="other", precision=INT8)) == "other.onnx"
    assert [record.message.partition("; ")[2] for record in caplog.records] == [
        "expected other.int8.onnx beside it; precision auto instead, as engine.fallback allows"
    ]


def test_auto_takes_openvino_for_it_whatever_the_threads(shipped, openvino, monkeypatch):
    config = asked(EngineName.AUTO)
    assert file_of(config) == "small.int8.onnx"
    assert make_engine(asked(EngineName.AUTO, model="other")).name.startswith("onnxruntime")
    assert make_engine(asked(EngineName.AUTO, FP32)).name.startswith("onnxruntime")
    # Both hosts and every start choose alike.
    assert make_scene_engine(config, "small").digest == make_engine(config).digest
    monkeypatch.setattr(cpu, "has_openvino", lambda: False)
    assert file_of(config) == "small.onnx"


@pytest.mark.parametrize("precision", [INT8, FP16])
def test_what_a_cpu_cannot_do_is_an_error_or_a_warning(shipped, monkeypatch, caplog, precision):
    monkeypatch.setattr(cpu, "has_openvino", lambda: False)
    line = f"engine.precision {precision.value}: small is executed in fp32 by onnxruntime"
    with pytest.raises(RgbtError, match=line):
        make_engine(asked(EngineName.AUTO, precision, fallback=False))
    with caplog.at_level(logging.WARNING):
        assert file_of(asked(EngineName.AUTO, precision)) == "small.onnx"
    assert line in caplog.text


def test_what_executes_both_is_said_once_where_it_is_the_same(shipped, openvino):
    depth, scene = make_engine(asked(model="other")), make_engine(asked())
    assert runtimes(depth, None) == runtimes(depth, depth) == depth.name
    assert runtimes(depth, scene) == f"{depth.name}; scene: {scene.name}"


def test_what_says_nothing_of_itself_is_fp32():
    class Bare:
        name, model, digest, metadata = "bare", "m", "0", {}

    assert identity(Bare()) == Identity("m", "", "fp32", "0", "bare")
    assert identity(Bare()).source == "fp32"
