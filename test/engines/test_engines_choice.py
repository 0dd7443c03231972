"""Which networks are loaded."""

from __future__ import annotations

import logging

import pytest

from rgbt_perception.config import NO_SCENE_MODEL, Config, EngineConfig
from rgbt_perception.engines.choice import make_scene_engine, shipped_models
from rgbt_perception.errors import RgbtError


def test_the_default_scene_model_is_none_or_shipped():
    assert Config().scene.model in (NO_SCENE_MODEL, *shipped_models())


def test_without_a_model_there_is_no_scene_engine_and_the_log_says_why(caplog):
    with caplog.at_level(logging.INFO):
        assert make_scene_engine(EngineConfig(), NO_SCENE_MODEL) is None
    assert "no scene network (scene.model is empty)" in caplog.text


def test_a_scene_model_that_is_not_there_is_named():
    with pytest.raises(RgbtError, match="model 'nowhere': neither a file nor one of the shipped"):
        make_scene_engine(EngineConfig(), "nowhere")
