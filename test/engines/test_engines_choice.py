"""Which networks are loaded, with which runtime, and what the log says about it."""

from __future__ import annotations

import hashlib
import logging
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from elsewhere import elsewhere

from rgbt_perception.config import (
    NO_SCENE_MODEL,
    Config,
    EngineConfig,
    EngineName,
    EnginePrecision,
)
from rgbt_perception.config_file import load_config
from rgbt_perception.engines import choice, cpu
from rgbt_perception.engines.cache.folder import cache_folder
from rgbt_perception.engines.choice import make_engine, make_scene_engine, shipped_models
from rgbt_perception.engines.identity import BF16, identity
from rgbt_perception.engines.int8_file import SOURCE
from rgbt_perception.engines.openvino import check_bf16
from rgbt_perception.engines.plan_builder import NoRoomError, Precision
from rgbt_perception.engines.tensorrt import compiler, cuda
from rgbt_perception.errors import RgbtError


def test_the_default_scene_model_is_none_or_shipped():
    assert Config().scene.model in (NO_SCENE_MODEL, *shipped_models())


def test_without_a_model_there_is_no_scene_engine_and_the_log_says_why(caplog):
    with caplog.at_level(logging.INFO):
        assert make_scene_engine(EngineConfig(), NO_SCENE_MODEL) is None
    assert "no scene network (scene.model is empty)" in caplog.text


def test_a_scene_model_that_is_not_there_is_named():
    with pytest.raises(RgbtError, match="model 'nowhere': neither a file nor one of the shipped"):
        make_scene_engine(EngineConfig(), "nowhere")


def test_the_parameter_names_every_precision_of_a_plan():
    """The engines' own list is not that of the parameters, which knows auto as well."""
    names = [word.value for word in EnginePrecision if word.value != BF16]
    assert names == ["auto", *(precision.value for precision in Precision)]
    assert choice.precisions(EnginePrecision.AUTO, False) == [Precision.FP16, Precision.FP32]
    assert choice.precisions(EnginePrecision.AUTO, True) == [Precision.INT8]
    assert choice.precisions(EnginePrecision.FP32, True) == [Precision.FP32]


def test_the_cache_folder_of_a_file_is_relative_to_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for text, folder in (("plans", tmp_path / "plans"), ("~/plans", tmp_path / "home/plans")):
        (tmp_path / "c.yaml").write_text(f"engine: {{cache: {text}}}")
        assert cache_folder(load_config(tmp_path / "c.yaml").engine.cache) == folder
    assert Config().engine.cache == ""


@pytest.fixture
def small(tmp_path):
    """A configuration with a small network and a cache of its own."""
    pytest.importorskip("onnx")
    from small_network import small_network

    path = tmp_path / "small.onnx"
    path.write_bytes(small_network())

    def make(name=EngineName.AUTO, **options):
        options = {"threads": 1, "cache": str(tmp_path / "cache"), **options}
        return EngineConfig(name=name, depth_model=str(path), **options)

    return make


@pytest.fixture
def gpu(monkeypatch):
    """Puts a played GPU, and TensorRT with some faults, where the real ones are looked for."""
    pytest.importorskip("onnx")
    from fake_cuda import FakeCuda
    from fake_tensorrt import fake_tensorrt

    def put(driver=None, **faults):
        driver = driver or FakeCuda()
        trt = fake_tensorrt(cuda=driver, **faults)
        monkeypatch.setitem(sys.modules, "tensorrt", trt)
        monkeypatch.setattr(cuda, "load_cuda", lambda: driver)
        return trt

    return put


def test_auto_is_tensorrt_where_it_and_a_gpu_are_there(small, gpu, caplog):
    gpu()
    with caplog.at_level(logging.INFO):
        engine = make_engine(small())
    assert engine.name == "tensorrt 10.16.1.11 fp16 (Fake GPU)"
    assert (engine.model, identity(engine).source) == ("small", "small.onnx (fp16)")
    assert "small.onnx: tensorrt" in caplog.text
    assert "as there are an NVIDIA GPU and TensorRT" in caplog.text
    # From the cache.
    caplog.clear()
    progress = []
    with caplog.at_level(logging.INFO):
        again = make_engine(small(), lambda what, share: progress.append(share))
    assert again.digest == engine.digest
    assert "building" not in caplog.text
    assert not progress


def test_a_refused_fp16_plan_is_tried_in_fp32(small, gpu, caplog, monkeypatch):
    gpu()
    convert = compiler.converted

    def bad(content, precision):
        if precision is Precision.FP16:
            raise RgbtError("precision fp16: refused")
        return convert(content, precision)

    monkeypatch.setattr(compiler, "converted", bad)
    with caplog.at_level(logging.WARNING):
        assert make_engine(small()).name == "tensorrt 10.16.1.11 fp32 (Fake GPU)"
    assert "precision fp16: refused; trying the next precision" in caplog.text
    # One that is asked for by name is not replaced by another.
    config = small(EngineName.TENSORRT, precision=EnginePrecision.FP16, fallback=False)
    with pytest.raises(RgbtError, match="precision fp16: refused"):
        make_engine(config)


def test_auto_is_the_cpu_without_tensorrt_and_says_why(small, gpu, monkeypatch, caplog):
    gpu()
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    monkeypatch.setattr(cpu, "prefers_openvino", lambda threads: False)
    with caplog.at_level(logging.INFO):
        assert make_engine(small()).name.startswith("onnxruntime")
    assert "as TensorRT cannot be used: engine tensorrt: not installed" in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    ("faults", "line"),
    [
        ({"build_fault": "no kernel"}, r"the build failed \(no kernel\)"),
        ({"no_context": True}, "no room to execute the plan in"),
        ({"no_library": True}, "builder cannot be made"),
        ({"devices": 0}, "GPU: none found by the NVIDIA driver"),
        ({"driver": 0}, "GPU: no NVIDIA driver is installed"),
    ],
)
def test_what_fails_falls_back_if_that_is_allowed(small, gpu, caplog, faults, line):
    from fake_cuda import FakeCuda

    of_driver = {name: value for name, value in faults.items() if name in ("devices", "driver")}
    gpu(FakeCuda(**of_driver), **{k: v for k, v in faults.items() if k not in of_driver})
    with pytest.raises(RgbtError, match=line) as caught:
        make_engine(small(EngineName.TENSORRT, fallback=False))
    assert "\n" not in str(caught.value)
    with caplog.at_level(logging.WARNING):
        engine = make_engine(small(EngineName.TENSORRT))
    assert engine.name.startswith("onnxruntime")
    assert "onnxruntime instead, as engine.fallback allows" in caplog.text


def test_tensorrt_takes_int8_only_when_asked(small, gpu, tmp_path, monkeypatch):
    from small_network import quantised_network

    gpu()
    monkeypatch.setattr(choice, "_WEIGHTS", tmp_path)
    plain = (tmp_path / "small.onnx").read_bytes()
    made_of = {"model": "small", SOURCE: hashlib.sha256(plain).hexdigest()}
    (tmp_path / "small.int8.onnx").write_bytes(quantised_network(plain, made_of))
    auto = replace(small(EngineName.TENSORRT, fallback=False), depth_model="small")
    assert identity(make_engine(auto)).source == "small.onnx (fp16)"
    engine = make_engine(replace(auto, precision=EnginePrecision.INT8))
    assert identity(engine).source == "small.int8.onnx (int8)"
    assert engine.name == "tensorrt 10.16.1.11 int8 (Fake GPU)"


def test_a_full_gpu_is_not_built_for_again(small, gpu, monkeypatch, caplog):
    trt = gpu()
    make_engine(small())
    monkeypatch.setattr(trt, "Builder", None)  # a build would fail otherwise
    room = "out of memory"

    class Full(trt.Runtime):
        def deserialize_cuda_engine(self, serialized_engine):
            self._logger.log(SimpleNamespace(name="ERROR"), f"Cuda Runtime ({room})")

    monkeypatch.setattr(trt, "Runtime", Full)
    monkeypatch.setattr(cpu, "prefers_openvino", lambda threads: False)
    config = small(EngineName.TENSORRT, fallback=False)
    with pytest.raises(NoRoomError, match=r"out of memory\)\); \d+ of \d+ MB .* stays"):
        make_engine(config)
    with caplog.at_level(logging.WARNING):
        assert make_engine(small()).name.startswith("onnxruntime")
    # And no second precision.
    assert len(caplog.records) == 1
    assert caplog.records[0].message.endswith("stays; the CPU instead")


def test_without_a_gpu_nothing_else_is_looked_at(small, gpu, monkeypatch):
    """What is said is what matters, not that the cache has no place."""
    from fake_cuda import FakeCuda

    gpu(FakeCuda(devices=0))
    monkeypatch.setattr(choice, "cache_folder", lambda configured: pytest.fail("no GPU"))
    monkeypatch.setattr(choice, "is_quantized", lambda content: pytest.fail("no GPU"))
    with pytest.raises(RgbtError, match="GPU: none found"):
        make_engine(small(EngineName.TENSORRT, fallback=False))


def test_openvino_by_name_falls_back_too(small, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(RgbtError, match="engine openvino: not installed"):
        make_engine(small(EngineName.OPENVINO, fallback=False))
    with caplog.at_level(logging.INFO):
        assert make_engine(small(EngineName.OPENVINO)).name.startswith("onnxruntime")
    assert "instead of openvino" in caplog.text


def test_a_scene_network_is_chosen_alike(small, gpu):
    gpu()
    config = small(EngineName.TENSORRT, fallback=False)
    engine = make_scene_engine(config, config.depth_model)
    assert engine.name.startswith("tensorrt")


@pytest.fixture
def bf16(small):
    """Makes both networks in bf16 and tells what executes them."""
    pytest.importorskip("openvino", reason="needs the extra [cpu]")

    def make(name=EngineName.AUTO, **options):
        config = small(name, precision=EnginePrecision.BF16, **options)
        found = make_engine(config), elsewhere(make_scene_engine, config, config.depth_model)
        return [identity(engine) for engine in found]

    return make


def test_bf16_is_of_the_scene_network_only(bf16):
    try:
        check_bf16()
    except RgbtError as error:
        pytest.skip(str(error))
    for name in (EngineName.AUTO, EngineName.OPENVINO):
        depth, scene = bf16(name, threads=2, fallback=False)
        assert (depth.precision, scene.precision) == ("fp32", "bf16")
        assert scene.runtime == depth.runtime.replace(" (CPU)", " bf16 (CPU)")


def test_with_bf16_depth_is_executed_as_without(bf16, gpu, monkeypatch):
    gpu()
    monkeypatch.setattr(choice, "check_bf16", lambda: None)
    depth, scene = bf16(fallback=True)
    assert depth.runtime == "tensorrt 10.16.1.11 fp16 (Fake GPU)"
    assert scene.runtime.startswith("openvino")


@pytest.fixture
def no_bf16(monkeypatch):
    line = "engine.precision bf16: this processor has no arithmetic for it; expected fp32"

    def has_not():
        raise RgbtError(line)

    monkeypatch.setattr(choice, "check_bf16", has_not)
    return line


def test_a_processor_without_bf16_is_told_of(bf16, no_bf16, caplog):
    with pytest.raises(RgbtError, match=no_bf16):
        bf16(fallback=False)
    with caplog.at_level(logging.WARNING):
        assert [network.precision for network in bf16()] == ["fp32", "fp32"]
    assert f"{no_bf16}; precision auto instead, as engine.fallback allows" in caplog.text


def test_without_bf16_everything_is_as_with_auto(bf16, no_bf16, gpu):
    gpu()
    assert [network.runtime for network in bf16()] == ["tensorrt 10.16.1.11 fp16 (Fake GPU)"] * 2


def test_bf16_without_a_scene_network_is_told_of(small, caplog):
    config = small(precision=EnginePrecision.BF16)
    with caplog.at_level(logging.WARNING):
        assert make_scene_engine(config, NO_SCENE_MODEL) is None
    assert "engine.precision bf16: has no effect without a scene network" in caplog.text


@pytest.mark.parametrize("name", [EngineName.TENSORRT, EngineName.ONNXRUNTIME])
def test_bf16_is_of_openvino_only(small, name):
    config = small(name, precision=EnginePrecision.BF16)
    for make in (make_engine, lambda config: make_scene_engine(config, config.depth_model)):
        with pytest.raises(RgbtError, match=f"^engine.precision bf16: not with {name.value}; "):
            make(config)
