"""The benchmark of the steps around the networks."""

from __future__ import annotations

import json
import time

import cv2
import numpy as np
import pytest

from rgbt_perception.compiled import compiles
from rgbt_perception.evaluation.kernels.__main__ import main
from rgbt_perception.evaluation.kernels.kernel import Figures, Kernel, measure
from rgbt_perception.evaluation.kernels.kernels import kernels
from rgbt_perception.evaluation.kernels.pictures import make_pictures

SIZES = ["--rgb-size", "96x72", "--thermal-size", "64x48", "--network", "32x24"]
NAMES = ["decode", "rectify", "normalise", "upsample", "warp", "cloud", "fuse", "labels"]
LOOPS = {"normalise", "upsample", "warp", "cloud", "fuse", "labels"}


@pytest.fixture(scope="module")
def pictures():
    return make_pictures((96, 72), (64, 48), (32, 24))


def test_every_kernel_computes_something_of_its_size(pictures):
    results = {kernel.name: kernel.run() for kernel in kernels(pictures)}
    assert list(results) == NAMES
    np.testing.assert_array_equal(results["decode"], pictures.rgb[..., ::-1])
    assert results["rectify"].shape == (72, 96, 3)
    assert results["normalise"].min() == 0
    assert results["normalise"].max() == pytest.approx(1)
    assert np.isfinite(results["upsample"]).all()
    color, seen = results["warp"]
    assert color.shape == (48, 64, 3)
    # Beside every box lies what it hides from the other camera.
    assert 0.5 < seen.mean() < 1
    assert results["cloud"].shape == (48, 64)
    assert len(set(results["labels"].ravel())) > 1
    assert results["fuse"].shape == (48, 64, 3)


def test_moved_bytes_are_those_of_inputs_and_results(pictures):
    moved = {kernel.name: kernel.bytes_moved for kernel in kernels(pictures)}
    rgb, full, small = 96 * 72, 64 * 48, 32 * 24
    assert moved["decode"] == 6 * rgb
    assert moved["normalise"] == 6 * full
    assert moved["cloud"] == (4 + 3 + 4 + 4 + 1 + 28) * full
    assert moved["upsample"] == 4 * small + 8 * full
    assert moved["labels"] == 4 * len(pictures.logits) * small + full


def test_the_bound_is_a_copy_of_as_many_bytes():
    calls = []

    def run():
        calls.append(1)
        time.sleep(0.002)

    figures = measure(Kernel("nap", "sleeps", run, 1_000_000, "it sleeps"), repeats=5)
    assert len(calls) > 5
    assert all(2 <= value < 200 for value in figures.milliseconds)
    assert 0 < figures.copy_ms < 2
    assert figures.copy_gb_per_s == pytest.approx(1e6 / (figures.copy_ms * 1e-3) / 1e9)
    assert figures.ratio == figures.milliseconds[1] / figures.copy_ms
    assert figures.note == "it sleeps"


def test_steps_with_a_loop_are_timed_without_it_too():
    said = []
    kernel = Kernel("step", "tells", lambda: said.append(compiles()), 10, "none", compiled=True)
    figures = measure(kernel, repeats=3)
    assert (figures.plain_ms is not None) == compiles()
    assert said.count(True) == (len(said) // 2 if compiles() else 0)


def test_a_kernel_near_its_bound_needs_no_note():
    kernel = Kernel("copy", "copies", lambda: None, 10, "none")
    assert Figures(kernel, (1.0, 2.9, 4.0), 1.0).note == ""
    assert Figures(kernel, (1.0, 3.1, 4.0), 1.0).note == "none"


def test_the_command_writes_a_table_and_json(tmp_path, capsys, monkeypatch):
    threads = cv2.getNumThreads()
    target = tmp_path / "kernels.json"
    assert main([*SIZES, "--repeats", "3", "--json", str(target)]) == 0
    assert cv2.getNumThreads() == threads
    table = capsys.readouterr().out
    written = json.loads(target.read_text(encoding="utf-8"))
    assert written["machine"] in table
    assert [item["kernel"] for item in written["kernels"]] == NAMES
    for item in written["kernels"]:
        assert item["does"] in table
        assert 0 < item["ms"]["p10"] <= item["ms"]["p50"] <= item["ms"]["p90"]
        assert (item["note"] != "") == (item["ms"]["p50"] / item["copy_ms"] > 3)
    twice = {item["kernel"] for item in written["kernels"] if item["plain_ms"] is not None}
    assert twice == (LOOPS if compiles() else set())


def test_wrong_use_is_one_line(tmp_path, capsys):
    assert main(["--rgb-size", "wide"]) == 2
    assert main(["--json", str(tmp_path / "nowhere" / "kernels.json")]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert "expected WIDTHxHEIGHT" in errors[0]
    assert "no such folder" in errors[1]
