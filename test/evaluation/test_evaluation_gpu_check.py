"""The check of a GPU machine, with a GPU that is played, and without one."""

from __future__ import annotations

import json
import sys

import pytest

pytest.importorskip("onnx")
from fake_cuda import FakeCuda
from fake_tensorrt import fake_tensorrt
from onnx import TensorProto, helper
from tiny_exchange import depth_network, scene_network

from rgbt_perception.engines.tensorrt import cuda
from rgbt_perception.evaluation import gpu_check, gpu_measurement
from rgbt_perception.evaluation.gpu_measurement import handed_over_row, measure_time


@pytest.fixture
def network(tmp_path):
    """A file that takes both pictures and gives a root and a sum."""
    channels = {"rgb": 3, "rgb_mask": 1, "thermal": 1, "thermal_mask": 1}
    graph = helper.make_graph(
        [
            helper.make_node("Sqrt", ["rgb"], ["root"]),
            helper.make_node("Sum", ["rgb_mask", "thermal", "thermal_mask"], ["sum"]),
        ],
        "picture",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, count, 8, 12])
            for name, count in channels.items()
        ],
        [
            helper.make_tensor_value_info("root", TensorProto.FLOAT, [1, 3, 8, 12]),
            helper.make_tensor_value_info("sum", TensorProto.FLOAT, [1, 1, 8, 12]),
        ],
    )
    opset = [helper.make_opsetid("", 18)]
    path = tmp_path / "picture.onnx"
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    path.write_bytes(model.SerializeToString())
    return path


def put(monkeypatch, driver, trt=None):
    # To look for torch's GPU takes seconds, and there may be one.
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr(gpu_measurement, "_WARM_UP", 2)
    monkeypatch.setitem(sys.modules, "tensorrt", trt)
    monkeypatch.setattr(cuda, "load_cuda", lambda: driver)


def check(network, folder):
    arguments = ["--model", str(network), "--seconds", "0.02", "--no-compiled"]
    code = gpu_check.main([*arguments, "--out", str(folder)])
    file = folder / "gpu_check.json"
    return code, json.loads(file.read_text()) if file.is_file() else None


def test_without_a_gpu_it_says_so_in_one_line(monkeypatch, network, tmp_path, capsys):
    put(monkeypatch, FakeCuda(driver=0))
    assert check(network, tmp_path) == (1, None)
    said = capsys.readouterr()
    assert said.err == "gpu-check: nothing to measure: GPU: no NVIDIA driver is installed\n"
    assert said.out == ""


def test_with_tensorrt_everything_is_in_the_table_and_the_file(
    monkeypatch, network, tmp_path, capsys
):
    driver = FakeCuda()
    put(monkeypatch, driver, fake_tensorrt(cuda=driver))
    code, result = check(network, tmp_path)
    assert code == 0
    assert (result["gpu"], result["tensorrt"]) == ("Fake GPU", "tensorrt 10.16.1.11")
    rows = {row["engine"]: row for row in result["rows"]}
    for precision in ("fp32", "fp16"):
        row = rows[f"tensorrt 10.16.1.11 {precision} (Fake GPU)"]
        assert row["parity"]["root"]["holds"]
        assert row["parity"]["root"]["mean"] == 0.0
        assert 0 < row["timing"]["p50_ms"] <= row["timing"]["p99_ms"] <= row["timing"]["max_ms"]
        assert row["build_s"] is not None
        assert 0 <= row["gpu_mb"] < 1
        assert f"tensorrt 10.16.1.11 {precision} (Fake GPU), no CUDA graph" in rows
    assert "tensorrt 10.16.1.11 fp16 (Fake GPU), raw 1280x720 and 640x512" in rows
    assert any(name.startswith("onnxruntime") and "CPU" in name for name in rows)
    assert rows["torch"]["problem"] == "torch is not installed"
    said = capsys.readouterr().out
    assert said.count("tensorrt 10.16.1.11 fp16") == 3
    assert "p99 ms" in said


def test_without_tensorrt_the_others_are_measured_and_it_says_so(
    monkeypatch, network, tmp_path, capsys
):
    put(monkeypatch, FakeCuda())
    code, result = check(network, tmp_path)
    assert code == 0
    assert "TensorRT is not measured: engine tensorrt: not installed" in capsys.readouterr().out
    assert not [row for row in result["rows"] if row["engine"].startswith("tensorrt")]
    assert any(row["timing"] for row in result["rows"])


def test_a_build_that_fails_is_said_and_is_a_failure(monkeypatch, network, tmp_path, capsys):
    driver = FakeCuda()
    put(monkeypatch, driver, fake_tensorrt(cuda=driver, build_fault="no kernel"))
    code, result = check(network, tmp_path)
    assert code == 1
    assert "tensorrt fp16: tensorrt 10.16.1.11: the build failed (no kernel)" in (
        capsys.readouterr().out
    )
    assert any(row["timing"] for row in result["rows"])


def test_both_networks_are_also_measured_hand_in_hand(monkeypatch, tmp_path):
    driver = FakeCuda()
    put(monkeypatch, driver, fake_tensorrt(cuda=driver))
    depth, scene = tmp_path / "d.onnx", tmp_path / "s.onnx"
    depth.write_bytes(depth_network(16, 24))
    scene.write_bytes(scene_network(16, 24))
    rows = list(handed_over_row([scene, depth], 0.02))
    assert [(row.model, row.problem) for row in rows] == [("d + s", "")]
    assert rows[0].engine == "tensorrt 10.16.1.11 fp16 (Fake GPU), scene handed over"
    assert rows[0].timing.calls > 0
    assert list(handed_over_row([depth], 0.02)) == []


def test_timing_counts_what_it_times():
    class Sleeper:
        inputs, outputs = {"x": (1,)}, ("y",)
        calls = 0

        def run(self, inputs, outputs):
            self.calls += 1
            return {}

    engine = Sleeper()
    timing = measure_time(engine, 0.01)
    # After ten that are not counted.
    assert timing.calls == engine.calls - 10 > 0
    assert timing.p50_ms <= timing.p99_ms <= timing.max_ms
