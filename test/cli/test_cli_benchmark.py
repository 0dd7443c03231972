from __future__ import annotations

import json

import pytest

from rgbt_perception.cli.main import main
from rgbt_perception.evaluation.benchmark import scaling_exponent


def test_benchmark_prints_and_writes_stages_and_ratio(tmp_path, capsys):
    pytest.importorskip("torch")
    file = tmp_path / "benchmark.json"
    sizes = ["--rgb-size", "160x120", "--thermal-size", "80x64"]
    assert main(["benchmark", "--pairs", "4", *sizes, "--json", str(file)]) == 0
    text = capsys.readouterr().out
    assert "outside the engine" in text
    result = json.loads(file.read_text())
    ours, usual, peer = result["runs"]
    assert (ours["cloud_every"], usual["cloud_every"]) == (1, 10)
    assert ours["engine"].startswith("onnxruntime")
    assert peer["engine"].startswith("torch")
    assert ours["rgb"] == [160, 120]
    latency = ours["latency_ms"]
    stages = sum(value["p50"] for name, value in latency.items() if name != "total")
    assert stages == pytest.approx(latency["total"]["p50"], rel=0.5)
    assert 0 < result["outside_engine"] < 1
    assert 0 < result["outside_engine_cloud_every_pair"] < 1
    assert result["ratios"]["torch_eager"] > 0
    assert "scaling" not in result


def test_a_scene_model_is_timed_as_well(tmp_path, capsys):
    file = tmp_path / "benchmark.json"
    sizes = ["--rgb-size", "160x120", "--thermal-size", "80x64", "--engine", "constant"]
    words = ["benchmark", "--pairs", "4", *sizes, "--scene-model", "any", "--json", str(file)]
    assert main(words) == 0
    assert "times the depth engine's time" in capsys.readouterr().out
    result = json.loads(file.read_text())
    assert {"align", "scene_engine", "fuse", "labels"} <= result["runs"][0]["latency_ms"].keys()
    assert result["scene_over_depth_engine"] > 0
    assert 0 < result["outside_engine"] < 1


def test_scaling_is_the_slope_over_pixels():
    def run(width, height, milliseconds):
        return {
            "network": [width, height],
            "latency_ms": {"total": {"p50": milliseconds}},
        }

    assert scaling_exponent([run(100, 100, 10.0), run(200, 200, 40.0)]) == pytest.approx(1.0)


def test_wrong_size_is_wrong_use(capsys):
    assert main(["benchmark", "--rgb-size", "big"]) == 2
    assert "expected WIDTHxHEIGHT" in capsys.readouterr().err
