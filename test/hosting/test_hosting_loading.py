"""The scene network is loaded and run once beside the depth network."""

from __future__ import annotations

import pytest

from rgbt_perception.config import Config, with_values
from rgbt_perception.errors import RgbtError
from rgbt_perception.hosting.loading import load_pipeline


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
        "rgbt_perception.hosting.loading.make_scene_engine", lambda engine, model: Broken()
    )
    with pytest.raises(RgbtError, match=r"model mine: cannot be executed .*no such operator"):
        load_pipeline(config(**{"scene.model": "mine"}), lambda: True)
