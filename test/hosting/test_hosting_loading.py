"""The scene network is loaded and run once beside the depth network."""

from __future__ import annotations

import time

import pytest

from rgbt_perception.config import Config, with_values
from rgbt_perception.engines.constant import ConstantEngine
from rgbt_perception.errors import RgbtError
from rgbt_perception.hosting.loading import Loading, load_pipeline


def config(**values):
    return with_values(Config(), {"engine.name": "constant", **values})


def test_both_networks_or_the_depth_network_alone():
    both = load_pipeline(config(**{"scene.model": "any"}), lambda: True)
    assert both.scene is not None
    assert (both.scene.width, both.scene.height) == (both.width, both.height)
    assert load_pipeline(config(**{"scene.model": ""}), lambda: True).scene is None


def test_a_scene_model_that_is_not_there_is_named():
    values = {"scene.model": "nowhere.onnx", "engine.name": "onnxruntime"}
    with pytest.raises(RgbtError, match=r"model 'nowhere\.onnx': neither a file nor"):
        load_pipeline(config(**values), lambda: True)


def test_a_scene_model_that_cannot_be_executed_is_named(monkeypatch):
    class Broken:
        model, name, digest, metadata = "broken", "fake", "", {}
        inputs, outputs = {"rgb": (1, 3, 8, 8)}, ()

        def run(self, inputs, outputs):
            raise ValueError("no such operator")

    monkeypatch.setattr(
        "rgbt_perception.hosting.loading.make_scene_engine",
        lambda engine, model, progress: Broken(),
    )
    with pytest.raises(RgbtError, match=r"model mine: cannot be executed .*no such operator"):
        load_pipeline(config(**{"scene.model": "mine"}), lambda: True)


def test_a_build_is_told_of_while_it_goes_on(monkeypatch):
    told = []

    def build(config, progress):
        progress("building engine mine (fp16)", 0.4)
        end = time.monotonic() + 10
        while not told and time.monotonic() < end:
            time.sleep(0.01)
        return ConstantEngine()

    monkeypatch.setattr("rgbt_perception.hosting.loading.make_engine", build)
    monkeypatch.setattr("rgbt_perception.hosting.loading._TELL_S", 0.05)
    load_pipeline(config(**{"scene.model": ""}), lambda: True, told.append)
    finding = told[0].finding()
    assert finding.message == "still loading, for 0 s; building engine mine (fp16): 40%"
    assert finding.values == {"loading": "building engine mine (fp16)", "done": "40%"}
    assert Loading(7.2).finding().message == "still loading, for 7 s"


def test_what_was_built_is_not_told_of_what_is_loaded_next(monkeypatch):
    told = []

    def build(config, progress):
        progress("building engine mine (fp16)", 1.0)
        return ConstantEngine()

    def load(config, model, progress):
        end = time.monotonic() + 10
        while not told and time.monotonic() < end:
            time.sleep(0.01)

    monkeypatch.setattr("rgbt_perception.hosting.loading.make_engine", build)
    monkeypatch.setattr("rgbt_perception.hosting.loading.make_scene_engine", load)
    monkeypatch.setattr("rgbt_perception.hosting.loading._TELL_S", 0.05)
    load_pipeline(config(), lambda: True, told.append)
    assert told[0].finding().message == "still loading, for 0 s"
