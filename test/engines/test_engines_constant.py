"""The engine that computes nothing, for measuring hosts."""

from __future__ import annotations

import logging

import numpy as np

from rgbt_perception.config import EngineConfig, EngineName, OutputConfig
from rgbt_perception.engines import scene_exchange
from rgbt_perception.engines.choice import make_engine, make_scene_engine
from rgbt_perception.engines.constant import DEPTH_M
from rgbt_perception.engines.depth_exchange import OUTPUTS
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.scene.classes import SCENE_CLASSES
from rgbt_perception.scene.stage import SceneStage


def test_it_is_chosen_by_name_and_says_what_it_is(caplog):
    with caplog.at_level(logging.WARNING):
        engine = make_engine(EngineConfig(name=EngineName.CONSTANT))
    assert "computes nothing" in engine.name
    assert "no measurement" in caplog.text


def test_it_stands_for_the_shipped_network_at_no_cost():
    engine = make_engine(EngineConfig(name=EngineName.CONSTANT))
    shipped = make_engine(EngineConfig())
    assert dict(engine.inputs) == dict(shipped.inputs)
    assert set(engine.outputs) == set(shipped.outputs)
    DepthPipeline(OutputConfig(), engine)
    first, second = (engine.run({}, OUTPUTS) for _ in range(2))
    for name in OUTPUTS:
        assert first[name] is second[name]
        assert first[name].shape == (1, 1, *engine.inputs["rgb"][2:])
        assert first[name].dtype == np.float32
    assert set(first["depth"].ravel()) == {DEPTH_M}
    assert set(first["confidence"].ravel()) == {1.0}


def test_the_scene_network_has_one_too():
    engine = make_scene_engine(EngineConfig(name=EngineName.CONSTANT), "any")
    assert "computes nothing" in engine.name
    SceneStage(engine)
    found = engine.run({}, scene_exchange.OUTPUTS)
    height, width = engine.inputs["rgb"][2:]
    assert found["fused"].shape == found["weight"].shape == (1, 1, height, width)
    assert found["logits"].shape == (1, len(SCENE_CLASSES), height, width)
    assert set(found["logits"].argmax(axis=1).ravel()) == {1}
