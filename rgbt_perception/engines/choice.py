"""Which runtime executes a model, and why."""

from __future__ import annotations

import logging
from pathlib import Path

from rgbt_perception.config import NO_SCENE_MODEL, EngineConfig, EngineName
from rgbt_perception.engines.constant import ConstantEngine, ConstantSceneEngine
from rgbt_perception.engines.engine import Engine
from rgbt_perception.engines.onnxruntime import OnnxRuntimeEngine
from rgbt_perception.errors import RgbtError

_log = logging.getLogger(__name__)
_WEIGHTS = Path(__file__).resolve().parent.parent / "weights"


def shipped_models() -> list[str]:
    """Names of the models that come with the package."""
    return sorted(path.stem for path in _WEIGHTS.glob("*.onnx"))


def model_path(model: str) -> Path:
    """The file of a shipped model's name or of a path.

    Raises:
        RgbtError: there is neither; the line lists the shipped names.
    """
    shipped = _WEIGHTS / f"{model}.onnx"
    if shipped.is_file():
        return shipped
    if Path(model).is_file():
        return Path(model)
    raise RgbtError(
        f"model {model!r}: neither a file nor one of the shipped models: "
        f"{', '.join(shipped_models()) or 'none'}"
    )


def make_engine(config: EngineConfig) -> Engine:
    """Load the depth network with the runtime that the configuration asks for.

    Raises:
        RgbtError: no such model, or the runtime cannot be loaded.
    """
    if config.name is EngineName.CONSTANT:
        constant = ConstantEngine()
        _log.warning("engine: %s, as configured: its depth is no measurement", constant.name)
        return constant
    return _loaded(config, config.depth_model)


def make_scene_engine(config: EngineConfig, model: str) -> Engine | None:
    """Load the network of the fused picture and the labels.

    Args:
        config: which runtime.
        model: shipped model's name or path of an ONNX file; empty = none.

    Returns:
        None without a model: fused picture and labels are not offered then.

    Raises:
        RgbtError: no such model, or the runtime cannot be loaded.
    """
    if model == NO_SCENE_MODEL:
        _log.info("no scene network (scene.model is empty): no fused picture and no labels")
        return None
    if config.name is EngineName.CONSTANT:
        return ConstantSceneEngine()
    return _loaded(config, model)


def _loaded(config: EngineConfig, model: str) -> Engine:
    path = model_path(model)
    engine = OnnxRuntimeEngine(path, config.threads)
    why = "the default" if config.name is EngineName.AUTO else "as configured"
    _log.info("engine for %s: %s, %s", path.name, engine.name, why)
    return engine
