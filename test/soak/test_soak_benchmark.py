"""What is claimed of speed: printed by `rgbt benchmark`, checked here.

Cameras of 640x512, networks of 320x256 and all cores of the machine. Ratios are of one run in which
all take turns, so that they hold on a machine whose speed varies; no other work may run beside it.
"""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch", reason="needs the extra [train]: the peers run in torch")
pytest.importorskip("onnx", reason="needs the extra [train]: networks of other sizes are exported")

from rgbt_perception.cli.main import main
from rgbt_perception.config import Config
from rgbt_perception.engines.openvino import check_bf16
from rgbt_perception.errors import RgbtError
from rgbt_perception.models.scene import Scene
from rgbt_perception.training.export import export_onnx

pytestmark = pytest.mark.slow

NAIVE, EAGER = 3.0, 2.0
OUTSIDE = 0.15
# Of measured medians: a machine's noise is a few per cent of a factor of four.
LINEAR = 1.05


@pytest.fixture(scope="module")
def scene_model(tmp_path_factory):
    """The shipped scene network; one of random weights, as slow, while none is shipped."""
    if Config().scene.model:
        return Config().scene.model
    path = tmp_path_factory.mktemp("models") / "scene.onnx"
    export_onnx(Scene().eval(), path, 256, 320)
    return str(path)


@pytest.fixture(scope="module")
def result(tmp_path_factory, scene_model, request):
    file = tmp_path_factory.mktemp("benchmark") / "benchmark.json"
    words = ["benchmark", "--scene-model", scene_model, "--growth", "--json", str(file)]
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print()
        assert main(words) == 0
    return json.loads(file.read_text())


def test_against_the_naive_peer(result):
    assert result["runs"][0]["scene"]
    assert result["ratios"]["naive"] >= NAIVE


def test_against_eager_torch(result):
    assert result["ratios"]["torch_eager"] >= EAGER


def test_against_eager_torch_in_bf16(tmp_path, request):
    try:
        check_bf16()
    except RgbtError as error:
        pytest.skip(str(error))
    file = tmp_path / "benchmark.json"
    words = ["benchmark", "--precision", "bf16", "--peer", "torch_eager", "--no-load"]
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print()
        assert main([*words, "--json", str(file)]) == 0
    assert json.loads(file.read_text())["ratios"]["torch_eager"] >= EAGER


def test_the_share_outside_the_networks(result):
    assert result["outside_engine"] <= OUTSIDE


def test_growth_with_the_networks_pixels(result):
    assert result["scaling"] <= LINEAR


def test_growth_with_the_cameras_pixels(result):
    assert result["scaling_cameras"] <= LINEAR


def test_the_highest_rate_is_near_that_of_one_after_the_other(result):
    ours = result["runs"][0]
    assert ours["dropped"] < 0.05
    assert ours["throughput_hz"] >= 0.8 * ours["fps"]
