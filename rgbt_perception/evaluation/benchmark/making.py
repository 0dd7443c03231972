"""From a contestant's description to what processes its pairs, in the process that does it."""

from __future__ import annotations

from dataclasses import replace

import cv2

from rgbt_perception.config import NO_SCENE_MODEL, Config, EngineName
from rgbt_perception.engines.choice import make_engine, make_scene_engine, model_path
from rgbt_perception.engines.constant import ConstantEngine, ConstantSceneEngine
from rgbt_perception.engines.cpu import cores
from rgbt_perception.engines.engine import Engine
from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.benchmark.contestant import Contestant, Kind, Processor
from rgbt_perception.evaluation.benchmark.default_onnxruntime import DefaultOnnxRuntimeEngine
from rgbt_perception.evaluation.benchmark.inputs import bench_rig
from rgbt_perception.evaluation.benchmark.network_sizes import file_size
from rgbt_perception.evaluation.benchmark.pipeline_processor import PipelineProcessor

_NAIVE = (Kind.NAIVE, Kind.NAIVE_RECORDS)
_TORCH = (Kind.TORCH_EAGER, Kind.TORCH_COMPILE)


def make_processor(contestant: Contestant) -> Processor:
    """Load everything; takes seconds, with ``torch.compile`` a minute at the first pair.

    Raises:
        RgbtError: something that it needs is missing; the line says what.
    """
    # Whatever the environment says, everybody may use all cores.
    cv2.setNumThreads(contestant.engine.threads or cores())
    if contestant.kind in (*_NAIVE, *_TORCH):
        return _with_torch(contestant)
    engine, scene = _engines(contestant)
    config = replace(Config(), engine=contestant.engine)
    return PipelineProcessor(engine, scene, contestant.sizes, contestant.cloud_every, config)


def _engines(contestant: Contestant) -> tuple[Engine, Engine | None]:
    config, model = contestant.engine, contestant.scene_model
    if contestant.kind is Kind.ONNXRUNTIME_DEFAULT:
        depth = DefaultOnnxRuntimeEngine(model_path(config.depth_model))
        if model == NO_SCENE_MODEL:
            return depth, None
        return depth, DefaultOnnxRuntimeEngine(model_path(model))
    if contestant.kind is Kind.OPENVINO:
        from rgbt_perception.engines.openvino import OpenVinoEngine

        peer = OpenVinoEngine(model_path(config.depth_model), config.threads)
        if model == NO_SCENE_MODEL:
            return peer, None
        return peer, OpenVinoEngine(model_path(model), config.threads)
    if config.name is EngineName.CONSTANT and contestant.network is not None:
        size = contestant.network
        scene = None if model == NO_SCENE_MODEL else ConstantSceneEngine(*size)
        return ConstantEngine(*size), scene
    return make_engine(config), make_scene_engine(config, model)


def _with_torch(contestant: Contestant) -> Processor:
    try:
        import torch

        from rgbt_perception.evaluation.benchmark.naive import NaivePerception
        from rgbt_perception.evaluation.benchmark.torch_networks import (
            depth_network,
            scene_network,
        )
        from rgbt_perception.evaluation.torch_engine import TorchEngine
    except ModuleNotFoundError as error:
        raise RgbtError(
            f"{error.name} is not installed; expected pip install 'rgbt_perception[train]'"
        ) from None
    torch.set_num_threads(contestant.engine.threads or cores())
    size = contestant.network or file_size(contestant.engine.depth_model)
    depth, weights = depth_network(contestant.engine.depth_model)
    notes = [f"depth: {weights}"] * bool(weights)
    scene = None
    if contestant.scene_model != NO_SCENE_MODEL:
        scene, weights = scene_network(contestant.scene_model)
        notes += [f"scene: {weights}"] * bool(weights)
    note = "; ".join(notes)
    if contestant.kind in _NAIVE:
        rows = contestant.kind is Kind.NAIVE
        return NaivePerception(bench_rig(contestant.sizes), depth, scene, size, rows, note)
    compiled = contestant.kind is Kind.TORCH_COMPILE
    return PipelineProcessor(
        TorchEngine(depth, *size, compiled),
        None if scene is None else TorchEngine(scene, *size, compiled),
        contestant.sizes,
        contestant.cloud_every,
        weights=note,
    )
