from __future__ import annotations

import json

import pytest

from rgbt_perception.cli.main import main

SIZES = ["--rgb-size", "160x120", "--thermal-size", "80x64"]
QUICK = ["benchmark", "--engine", "constant", "--pairs", "3", *SIZES]


def test_benchmark_prints_and_writes_latency_ratio_and_growth(tmp_path, capsys):
    file, plot = tmp_path / "benchmark.json", tmp_path / "growth.svg"
    words = ["--scene-model", "any", "--peer", "onnxruntime_default", "--peer", "none"]
    sizes = ["--size", "64x64", "--size", "128x128"]
    assert main([*QUICK, *words, *sizes, "--json", str(file), "--plot", str(plot)]) == 0
    text = capsys.readouterr().out
    assert "keeps up with" in text
    assert "outside the networks" in text
    assert "skipped: onnxruntime_default: model 'any'" in text
    assert "latency grows with the networks' pixels to the power" in text
    result = json.loads(file.read_text())
    ours, seldom = result["runs"]
    assert (ours["cloud_every"], seldom["cloud_every"]) == (1, 10)
    assert ours["engine"].startswith("constant")
    assert ours["network"] == [64, 64]
    assert ours["throughput_hz"] > 0
    assert ours["dropped"] < 0.05
    assert ours["ros2_benchmark"]["BasicPerformanceMetrics.NUM_FRAMES_SENT"] == 3
    assert {"align", "scene_engine", "fuse", "labels"} <= ours["latency_ms"].keys()
    assert 0 < result["outside_engine"] <= 1
    assert [run["network"] for run in result["growth"]] == [[64, 64], [128, 128]]
    assert isinstance(result["scaling"], float)
    assert "constant" in plot.read_text()


def test_a_peer_is_compared_by_its_ratio(tmp_path, capsys):
    file = tmp_path / "benchmark.json"
    words = ["--scene-model", "", "--peer", "onnxruntime_default", "--no-load"]
    assert main([*QUICK, *words, "--json", str(file)]) == 0
    result = json.loads(file.read_text())
    assert result["ratios"]["onnxruntime_default"] > 1
    assert result["engine_ratios"]["onnxruntime_default"] > 1
    assert result["skipped"] == {}
    assert result["runs"][2]["engine"].endswith("default settings (CPU)")
    assert "throughput_hz" not in result["runs"][0]
    assert "x as fast as onnxruntime_default" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--rgb-size", "big"], "expected WIDTHxHEIGHT"),
        (["--peer", "nobody"], "nobody"),
        (["--plot", "growth.svg"], "expected --growth"),
        (["--plot", "x.svg", "--size", "64x64", "--size", "64x64"], "expected --growth"),
    ],
)
def test_wrong_words_are_wrong_use(words, expected, capsys):
    assert main(["benchmark", *words]) == 2
    assert expected in capsys.readouterr().err


def test_a_file_in_no_folder_is_refused_before_anything_is_measured(capsys):
    assert main(["benchmark", "--json", "nowhere/benchmark.json"]) == 1
    assert "no such folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--engine", "onnxruntime"], "--precision bf16: not with --engine onnxruntime"),
        (["--scene-model", ""], "--precision bf16: is of the scene network"),
    ],
)
def test_bf16_where_it_has_no_effect_is_refused(capsys, words, line):
    assert main(["benchmark", "--precision", "auto", "--precision", "bf16", *words]) == 2
    assert line in capsys.readouterr().err


def test_every_precision_is_a_contestant(tmp_path):
    file = tmp_path / "benchmark.json"
    words = ["--precision", "auto", "--precision", "fp32", "--scene-model", "", "--peer", "none"]
    assert main([*QUICK, *words, "--no-load", "--json", str(file)]) == 0
    runs = json.loads(file.read_text())["runs"]
    found = [(run["precision"], run["cloud_every"]) for run in runs]
    assert found == [("auto", 1), ("auto", 10), ("fp32", 1)]
