"""Which runtime executes a model, and why."""

from __future__ import annotations

import logging
from pathlib import Path

from rgbt_perception.config import EngineConfig, EngineName
from rgbt_perception.engines.constant import ConstantEngine
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
    path = model_path(config.depth_model)
    engine = OnnxRuntimeEngine(path, config.threads)
    why = "the default" if config.name is EngineName.AUTO else "as configured"
    _log.info("engine for %s: %s, %s", path.name, engine.name, why)
    return engine
