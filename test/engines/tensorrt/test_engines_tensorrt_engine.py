"""Buffers, streams and recordings of the engine, on a GPU that is played."""

from __future__ import annotations

import gc
import logging
import re

import numpy as np
import pytest

pytest.importorskip("onnx")
import onnx
import onnxruntime
from fake_cuda import Error, FakeCuda
from fake_tensorrt import fake_tensorrt
from onnx import TensorProto, helper
from small_network import inputs, small_network

from rgbt_perception.engines.engine import input_arrays
from rgbt_perception.engines.plan_builder import Precision
from rgbt_perception.engines.tensorrt.builder import TensorRtBuilder
from rgbt_perception.engines.tensorrt.cuda import Cuda
from rgbt_perception.engines.tensorrt.engine import ModelCard, TensorRtEngine
from rgbt_perception.errors import RgbtError

VERSIONS = ["8.6.1", "10.0.1", "10.16.1.11", "11.4.0.106"]
NETWORK = small_network()
CARD = ModelCard("small", "d1", {"model": "small"}, "fp32")
NAMES = ["features", "moved"]


def quiet(what: str, share: float) -> None:
    pass


class Setting:
    """A GPU, TensorRT on it, and plans."""

    def __init__(self, version="10.16.1.11", cuda=None, **faults):
        self.driver = FakeCuda() if cuda is None else cuda
        self.trt = fake_tensorrt(version, self.driver, **faults)
        self.cuda = Cuda(self.driver)

    def plan(self, network=NETWORK):
        builder = TensorRtBuilder(self.trt, self.cuda)
        return builder.build(network, Precision.FP32, quiet)

    def engine(self, network=NETWORK, **options):
        return TensorRtEngine(self.plan(network), CARD, self.trt, self.cuda, **options)


def expected(values, network=NETWORK):
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    return dict(zip(NAMES, session.run(NAMES, values), strict=True))


@pytest.mark.parametrize("version", VERSIONS)
def test_it_computes_what_onnx_runtime_does_in_every_version(version):
    engine = Setting(version).engine()
    assert engine.name == f"tensorrt {version} fp32 (Fake GPU)"
    assert (engine.model, engine.digest, engine.metadata) == ("small", "d1", {"model": "small"})
    assert engine.inputs == {"picture": (1, 3, 8, 12), "matrix": (1, 3, 3)}
    assert set(engine.outputs) == set(NAMES)
    # Not recorded, recorded, launched.
    for seed in range(4):
        values = inputs(seed=seed)
        found = engine.run(values, NAMES)
        assert list(found) == NAMES
        for name, wanted in expected(values).items():
            np.testing.assert_array_equal(found[name], wanted)
            assert found[name].dtype == np.float32


def test_only_what_is_wanted_comes_back():
    setting = Setting()
    engine = setting.engine(graphs=False)
    assert list(engine.run(inputs(), ["moved"])) == ["moved"]
    # Two inputs, one output.
    assert setting.driver.calls["cudaMemcpyAsync"] == 3


def test_from_the_third_call_on_everything_is_one_launch():
    setting = Setting()
    engine, calls = setting.engine(), setting.driver.calls
    engine.run(inputs(), NAMES)
    assert not engine.recorded
    engine.run(inputs(), NAMES)
    assert engine.recorded
    copies = calls["cudaMemcpyAsync"]
    for _ in range(3):
        engine.run(inputs(), NAMES)
    assert calls["cudaMemcpyAsync"] == copies
    assert calls["cudaGraphLaunch"] == 4
    # Other outputs are another recording, the first one stays.
    for _ in range(3):
        engine.run(inputs(), ["moved"])
    engine.run(inputs(), NAMES)
    assert calls["cudaStreamBeginCapture"] == 2


@pytest.mark.parametrize(
    ("cuda", "faults", "reason"),
    [
        (FakeCuda(records=False), {}, "cannot record its work"),
        (FakeCuda(begins=False), {}, "cannot record its work"),
        (FakeCuda(), {"recording_fault": "a loop"}, r"not executed \(a loop\)"),
    ],
)
def test_what_cannot_be_recorded_is_enqueued_and_the_log_says_so_once(caplog, cuda, faults, reason):
    setting = Setting(cuda=cuda, **faults)
    engine = setting.engine()
    with caplog.at_level(logging.INFO):
        for seed in range(4):
            values = inputs(seed=seed)
            found = engine.run(values, NAMES)
            np.testing.assert_array_equal(found["features"], expected(values)["features"])
    assert len(re.findall(f"no CUDA graph.*{reason}", caplog.text)) == 1
    assert not engine.recorded
    assert setting.driver.calls["cudaStreamBeginCapture"] == 1


def test_pinned_inputs_are_uploaded_from_where_they_lie():
    setting = Setting()
    engine = setting.engine()
    # Of two users, each with arrays of its own; what is not given stays what it is.
    for mine in (input_arrays(engine, engine.inputs), engine.host_inputs()):
        pinned = len(setting.driver.pinned)
        for seed in range(3):
            values = inputs(seed=seed)
            for name, array in mine.items():
                array[...] = values[name]
            wanted = expected(values)
            np.testing.assert_array_equal(engine.run(mine, NAMES)["moved"], wanted["moved"])
            blank = {**mine, "picture": np.zeros_like(mine["picture"])}
            assert not engine.run(blank, NAMES)["features"].any()
            np.testing.assert_array_equal(mine["picture"], values["picture"])
            np.testing.assert_array_equal(engine.run(mine, NAMES)["features"], wanted["features"])
        # The two results, and the twin of the picture that was somewhere else.
        assert len(setting.driver.pinned) <= pinned + 3


def test_a_turned_view_of_a_pinned_array_is_no_pinned_array():
    engine = Setting().engine()
    mine, values = engine.host_inputs(), inputs()
    mine["matrix"][...] = values["matrix"].transpose(0, 2, 1)
    turned = {**values, "matrix": mine["matrix"].transpose(0, 2, 1)}
    np.testing.assert_array_equal(engine.run(turned, NAMES)["moved"], expected(values)["moved"])


def test_recordings_of_arrays_that_come_and_go_are_not_kept_for_ever():
    setting = Setting()
    engine = setting.engine()
    kept = [engine.host_inputs() for _ in range(40)]
    for mine in kept:
        for _ in range(2):
            engine.run(mine, ["moved"])
    assert setting.driver.graphs <= 32


def test_any_layout_of_an_input_is_taken_and_a_wrong_shape_is_named():
    engine = Setting().engine()
    values = inputs()
    turned = {**values, "picture": np.asfortranarray(values["picture"])}
    np.testing.assert_array_equal(
        engine.run(turned, NAMES)["features"], expected(values)["features"]
    )
    with pytest.raises(RgbtError, match=r"input matrix: has the shape \[3, 3\], expected \[1, 3,"):
        engine.run({**values, "matrix": values["matrix"][0]}, NAMES)


def test_nothing_stays_allocated_but_what_is_still_looked_at():
    setting = Setting()
    engine = setting.engine()
    for _ in range(3):
        kept = engine.run(inputs(), NAMES)["features"]
    known = kept.copy()
    assert len(setting.driver.device) == 4
    del engine
    gc.collect()
    assert not setting.driver.device
    assert not setting.driver.streams
    assert setting.driver.graphs == 0
    assert len(setting.driver.pinned) == 1
    np.testing.assert_array_equal(kept, known)
    del kept
    gc.collect()
    assert not setting.driver.pinned
    assert setting.driver.free == setting.driver.total


def consumer(kind=TensorProto.FLOAT, name="features"):
    """A network that adds up the squares of what it is given."""
    graph = helper.make_graph(
        [
            helper.make_node("ReduceSumSquare", [name], ["sum"], keepdims=0),
            helper.make_node("Mul", ["sum", "factor"], ["total"]),
        ],
        "consumer",
        [
            helper.make_tensor_value_info(name, kind, [1, 4, 8, 12]),
            helper.make_tensor_value_info("factor", kind, []),
        ],
        [helper.make_tensor_value_info("total", kind, [])],
    )
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString()


def test_a_result_goes_on_to_the_next_engine_without_the_host():
    setting = Setting()
    first = setting.engine()
    second = setting.engine(consumer(), beside=first)
    factor = {"factor": np.array(2.0, np.float32)}
    # Recorded with its own buffer at first.
    for _ in range(2):
        second.run({**factor, "features": np.ones((1, 4, 8, 12), np.float32)}, ["total"])
    second.take("features", first.device_tensor("features"))
    assert list(second.host_inputs()) == ["factor"]
    for seed in range(4):
        values = inputs(seed=seed)
        first.run(values, ["moved"])
        before = setting.driver.calls["cudaMemcpyAsync"]
        found = second.run(factor, ["total"])["total"]
        if seed == 0:
            assert setting.driver.calls["cudaMemcpyAsync"] - before == 2
        np.testing.assert_allclose(found, 2 * (expected(values)["features"] ** 2).sum(), rtol=1e-5)
    # From somewhere else: what was recorded for the first one does not count.
    third = setting.engine(beside=second)
    second.take("features", third.device_tensor("features"))
    for seed in range(3):
        values = inputs(seed=seed + 10)
        third.run(values, ["moved"])
        found = second.run(factor, ["total"])["total"]
        wanted = 2 * (expected(values)["features"] ** 2).sum()
        np.testing.assert_allclose(found, wanted, rtol=1e-5)
    # What is taken stays, though the engine that made it is gone.
    del first, third
    gc.collect()
    assert np.isfinite(second.run(factor, ["total"])["total"])


def test_what_cannot_be_taken_is_named():
    setting = Setting()
    first = setting.engine()
    second = setting.engine(consumer(), beside=first)
    with pytest.raises(RgbtError, match="has no input total; expected features, factor"):
        second.take("total", first.device_tensor("features"))
    with pytest.raises(RgbtError, match=r"is given float32 \[1, 3, 3\] on the GPU, expected float"):
        second.take("features", first.device_tensor("moved"))
    alone = setting.engine(consumer())
    with pytest.raises(RgbtError, match="from another stream"):
        alone.take("features", first.device_tensor("features"))


# What goes wrong is one line.


def one_line(error: pytest.ExceptionInfo[RgbtError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"driver": 0}, "GPU: no NVIDIA driver is installed"),
        ({"driver": 11040}, "the driver serves CUDA 11.4, cuda-bindings needs 12.9"),
        ({"devices": 0}, "GPU: none found by the NVIDIA driver"),
        ({"fault": Error.cudaErrorSystemNotReady}, "cannot be used (cudaErrorSystemNotReady)"),
    ],
)
def test_no_usable_gpu(options, line):
    with pytest.raises(RgbtError) as caught:
        Cuda(FakeCuda(**options))
    assert line in one_line(caught)


def test_damaged_and_foreign_plans():
    setting = Setting()
    plan = setting.plan()
    other = Setting("10.0.1").plan()
    for bad in (b"", b"no plan", plan[: len(plan) // 2], other):
        with pytest.raises(RgbtError) as caught:
            TensorRtEngine(bad, CARD, setting.trt, setting.cuda)
        assert "model small: tensorrt 10.16.1.11" in one_line(caught)
        assert "the plan cannot be loaded" in one_line(caught)
    assert "Version tag does not match. See the log." in one_line(caught)
    # Nothing is left of what was tried.
    del caught
    gc.collect()
    assert not setting.driver.device
    assert not setting.driver.streams


def test_no_library_no_context_no_memory_and_failed_execution():
    plan = Setting().plan()
    setting = Setting(no_library=True)
    with pytest.raises(RgbtError, match=r"runtime cannot be made.*initialization failure"):
        TensorRtEngine(plan, CARD, setting.trt, setting.cuda)
    setting = Setting(no_context=True)
    with pytest.raises(RgbtError, match=r"no room to execute the plan in \(out of memory\)"):
        TensorRtEngine(plan, CARD, setting.trt, setting.cuda)
    setting = Setting(cuda=FakeCuda(room=2000))
    with pytest.raises(RgbtError, match=r"cannot allocate 1536 bytes .*\(out of memory\)"):
        TensorRtEngine(plan, CARD, setting.trt, setting.cuda)
    setting = Setting(execute_fault="illegal memory access")
    engine = TensorRtEngine(plan, CARD, setting.trt, setting.cuda)
    for _ in range(3):
        with pytest.raises(RgbtError, match=r"not executed \(illegal memory access\)"):
            engine.run(inputs(), NAMES)


def test_shapes_that_are_not_fixed_are_refused():
    model = onnx.load_model_from_string(NETWORK)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    with pytest.raises(RgbtError, match=r"picture has the shape \[-1, 3, 8, 12\], expected fixed"):
        Setting().engine(model.SerializeToString())
