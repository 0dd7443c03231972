"""The real thing: needs an NVIDIA GPU, TensorRT and cuda-bindings; `make gpu-check` runs it."""

from __future__ import annotations

import gc
import hashlib

import numpy as np
import pytest

pytest.importorskip("onnx")
from small_network import inputs, small_network

from rgbt_perception.engines.cache.parity import Reference
from rgbt_perception.engines.cache.parity_inputs import parity_inputs
from rgbt_perception.engines.choice import model_path, shipped_models
from rgbt_perception.engines.onnxruntime import OnnxRuntimeEngine
from rgbt_perception.engines.plan_builder import Precision
from rgbt_perception.engines.precision import converted
from rgbt_perception.engines.tensorrt.builder import TensorRtBuilder
from rgbt_perception.engines.tensorrt.cuda import Cuda
from rgbt_perception.engines.tensorrt.engine import ModelCard, TensorRtEngine
from rgbt_perception.engines.tensorrt.versions import load_tensorrt
from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.gpu_measurement import measure_time

pytestmark = pytest.mark.gpu
CARD = ModelCard("tested", "", {}, "any")
NAMES = ["features", "moved"]


class Gpu:
    """TensorRT and the GPU of this machine."""

    def __init__(self):
        self.cuda = Cuda()
        self.trt = load_tensorrt()

    def plan(self, network, precision=Precision.FP32, told=lambda what, share: None):
        content = converted(network, precision)
        return TensorRtBuilder(self.trt, self.cuda).build(content, precision, told)

    def engine(self, plan, **options):
        return TensorRtEngine(plan, CARD, self.trt, self.cuda, **options)


@pytest.fixture(scope="module")
def gpu():
    try:
        return Gpu()
    except RgbtError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def small(gpu):
    return gpu.plan(small_network())


@pytest.mark.parametrize("model", shipped_models())
def test_a_shipped_network_is_built_right_and_fast(gpu, model):
    """In fp16; ``gpu_check`` compares fp32 as well."""
    precision = Precision.FP16
    path, told = model_path(model), []
    plan = gpu.plan(path.read_bytes(), precision, lambda what, share: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0
    engine = gpu.engine(plan)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    figures = Reference(path, digest).compare(engine, precision, lambda share: None)
    assert all(item.holds for item in figures.values()), figures
    on_cpu = OnnxRuntimeEngine(path)
    assert measure_time(engine, 0.5).p50_ms < 0.5 * measure_time(on_cpu, 0.5).p50_ms
    # The same with and without a recording, and at every call.
    sample = parity_inputs(engine.inputs)[0]
    plain = gpu.engine(plan, graphs=False)
    expected = {name: values.copy() for name, values in plain.run(sample, plain.outputs).items()}
    for _ in range(4):
        for name, values in engine.run(sample, tuple(engine.outputs)).items():
            np.testing.assert_allclose(values, expected[name], rtol=1e-3, atol=1e-3)


def test_calls_are_recorded_and_follow_their_inputs(gpu, small):
    engine, plain = gpu.engine(small), gpu.engine(small, graphs=False)
    for seed in range(4):
        values = inputs(seed=seed)
        expected = {name: array.copy() for name, array in plain.run(values, NAMES).items()}
        for name, array in engine.run(values, NAMES).items():
            np.testing.assert_array_equal(array, expected[name])
    assert engine.recorded


def test_an_engine_reads_what_another_one_has_on_the_gpu(gpu, small):
    first = gpu.engine(small)
    second = gpu.engine(small, beside=first)
    second.take("picture", first.device_tensor("picture"))
    for seed in range(4):
        values = inputs(seed=seed)
        expected = first.run(values, NAMES)["features"].copy()
        found = second.run({"matrix": values["matrix"]}, NAMES)["features"]
        np.testing.assert_array_equal(found, expected)


def test_memory_comes_back(gpu, small):
    engine = gpu.engine(small)
    del engine
    gc.collect()
    before = gpu.cuda.memory()[0]
    for _ in range(20):
        gpu.engine(small).run(inputs(), NAMES)
    gc.collect()
    assert before - gpu.cuda.memory()[0] < 16e6


def test_a_damaged_plan_is_one_line(gpu, small):
    for bad in (b"no plan", small[: len(small) // 2]):
        with pytest.raises(RgbtError, match="the plan cannot be loaded") as caught:
            gpu.engine(bad)
        assert "\n" not in str(caught.value)


def test_a_network_that_it_cannot_read_is_one_line(gpu):
    with pytest.raises(RgbtError, match="the ONNX file cannot be read") as caught:
        gpu.plan(b"no model")
    assert "\n" not in str(caught.value)
