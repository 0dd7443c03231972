"""Which runtime executes a model, and why."""

from __future__ import annotations

import logging
from pathlib import Path

from rgbt_perception.config import NO_SCENE_MODEL, EngineConfig, EngineName, EnginePrecision
from rgbt_perception.engines.cache.cached_engine import cached_engine
from rgbt_perception.engines.cache.folder import cache_folder
from rgbt_perception.engines.constant import ConstantEngine, ConstantSceneEngine
from rgbt_perception.engines.cpu import cpu_engine
from rgbt_perception.engines.engine import Engine
from rgbt_perception.engines.onnxruntime import OnnxRuntimeEngine
from rgbt_perception.engines.openvino import OpenVinoEngine
from rgbt_perception.engines.plan_builder import Precision, Progress
from rgbt_perception.engines.precision import is_quantized
from rgbt_perception.engines.tensorrt.compiler import tensorrt_compiler
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


def make_engine(config: EngineConfig, progress: Progress = lambda what, share: None) -> Engine:
    """Load the depth network with the runtime that the configuration asks for.

    Args:
        config: which runtime.
        progress: told how a plan is built, where one has to be.

    Raises:
        RgbtError: no such model, or the runtime cannot be loaded.
    """
    if config.name is EngineName.CONSTANT:
        constant = ConstantEngine()
        _log.warning("engine: %s, as configured: its depth is no measurement", constant.name)
        return constant
    return _loaded(config, config.depth_model, progress)


def make_scene_engine(
    config: EngineConfig, model: str, progress: Progress = lambda what, share: None
) -> Engine | None:
    """Load the network of the fused picture and the labels.

    Args:
        config: which runtime.
        model: shipped model's name or path of an ONNX file; empty = none.
        progress: told how a plan is built, where one has to be.

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
    return _loaded(config, model, progress)


def precisions(wanted: EnginePrecision, quantized: bool) -> list[Precision]:
    """Precisions of a plan, in the order in which they are tried.

    Args:
        wanted: as configured.
        quantized: the file has int8 parts.
    """
    if wanted is not EnginePrecision.AUTO:
        return [Precision(wanted.value)]
    # fp32 where fp16 is refused: on the GPU it is still far from the CPU's time.
    return [Precision.INT8] if quantized else [Precision.FP16, Precision.FP32]


def _loaded(config: EngineConfig, model: str, progress: Progress) -> Engine:
    path = model_path(model)
    if config.name is EngineName.AUTO:
        try:
            engine: Engine = _tensorrt(config, path, progress)
            why = "as there are an NVIDIA GPU and TensorRT"
        except RgbtError as error:
            engine = cpu_engine(path, config.threads)
            why = f"as TensorRT cannot be used: {error}"
    elif config.name is EngineName.ONNXRUNTIME:
        engine, why = OnnxRuntimeEngine(path, config.threads), "as configured"
    else:
        engine, why = _asked(config, path, progress)
    _log.info("engine for %s: %s, %s", path.name, engine.name, why)
    return engine


def _asked(config: EngineConfig, path: Path, progress: Progress) -> tuple[Engine, str]:
    """With the one runtime that is asked for, or ONNX Runtime where that is allowed; and why."""
    try:
        if config.name is EngineName.OPENVINO:
            return OpenVinoEngine(path, config.threads), "as configured"
        return _tensorrt(config, path, progress), "as configured"
    except RgbtError as error:
        if not config.fallback:
            raise
        _log.warning("%s; onnxruntime instead, as engine.fallback allows", error)
        return OnnxRuntimeEngine(path, config.threads), f"instead of {config.name.value}"


def _tensorrt(config: EngineConfig, path: Path, progress: Progress) -> Engine:
    """In the first precision that can be had.

    Raises:
        RgbtError: TensorRT or the GPU is missing, or no precision can be had; the line says why.
    """
    folder = cache_folder(config.cache)
    try:
        quantized = is_quantized(path.read_bytes())
    except OSError as error:
        raise RgbtError(f"model {path}: {error.strerror}") from None
    wanted = precisions(config.precision, quantized)
    for precision in wanted:
        compiler = tensorrt_compiler(path, precision)
        try:
            return cached_engine(path, precision, compiler, folder, progress)
        except RgbtError as error:
            if precision is wanted[-1]:
                raise
            _log.warning("%s; trying the next precision", error)
    raise AssertionError("a precision is always wanted")
