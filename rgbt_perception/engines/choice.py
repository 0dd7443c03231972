"""Which runtime executes a model, and why."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from rgbt_perception.config import NO_SCENE_MODEL, EngineConfig, EngineName, EnginePrecision
from rgbt_perception.engines.cache.cached_engine import cached_engine
from rgbt_perception.engines.cache.folder import cache_folder
from rgbt_perception.engines.constant import ConstantEngine, ConstantSceneEngine
from rgbt_perception.engines.cpu import cpu_engine
from rgbt_perception.engines.engine import Engine
from rgbt_perception.engines.identity import identity
from rgbt_perception.engines.int8_file import SUFFIX, int8_file, int8_path
from rgbt_perception.engines.onnxruntime import OnnxRuntimeEngine
from rgbt_perception.engines.openvino import OpenVinoEngine, check_bf16
from rgbt_perception.engines.plan_builder import NoRoomError, Precision, Progress
from rgbt_perception.engines.precision import is_quantized
from rgbt_perception.engines.tensorrt.compiler import tensorrt_compiler, tensorrt_machine
from rgbt_perception.errors import RgbtError

_log = logging.getLogger(__name__)
_WEIGHTS = Path(__file__).resolve().parent.parent / "weights"


def shipped_models() -> list[str]:
    """Names of the models that come with the package; forms in int8 are no models of their own."""
    found = (path.name for path in _WEIGHTS.glob("*.onnx"))
    return sorted(name.removesuffix(".onnx") for name in found if not name.endswith(SUFFIX))


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
    if config.precision is EnginePrecision.BF16:
        # Its depths would be rougher and little faster (docs/cpu.md).
        _check_has_bf16(config.name)
        config = replace(config, precision=EnginePrecision.AUTO)
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
        if config.precision is EnginePrecision.BF16:
            _log.warning("engine.precision bf16: has no effect without a scene network")
        return None
    if config.name is EngineName.CONSTANT:
        return ConstantSceneEngine()
    if config.precision is EnginePrecision.BF16:
        config = _with_bf16(config)
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


def _check_has_bf16(name: EngineName) -> None:
    """Refuse a runtime that has no bf16 here.

    Raises:
        RgbtError: the line names those that have it.
    """
    if name in (EngineName.TENSORRT, EngineName.ONNXRUNTIME):
        raise RgbtError(
            f"engine.precision bf16: not with {name.value}; expected engine.name auto or openvino"
        )


def _with_bf16(config: EngineConfig) -> EngineConfig:
    """With the runtime that has bf16, or as ``precision: auto`` where this machine has none.

    Raises:
        RgbtError: another runtime is asked for, or nothing may stand for bf16.
    """
    _check_has_bf16(config.name)
    try:
        check_bf16()
    except RgbtError as error:
        if not config.fallback:
            raise
        _log.warning("%s; precision auto instead, as engine.fallback allows", error)
        return replace(config, precision=EnginePrecision.AUTO)
    return replace(config, name=EngineName.OPENVINO)


def _loaded(config: EngineConfig, model: str, progress: Progress) -> Engine:
    plain = model_path(model)
    # A path names the file itself.
    config, int8 = _forms(config, plain, by_name=plain == _WEIGHTS / f"{model}.onnx")
    if config.name is EngineName.AUTO:
        engine, why = _best(config, plain, int8, progress)
    else:
        engine, why = _asked(config, plain, int8, progress)
    loaded = identity(engine)
    _check_precision(config, loaded.model, loaded.precision, loaded.runtime)
    _log.info("engine for %s: %s, %s", loaded.file or plain.name, engine.name, why)
    return engine


def _forms(config: EngineConfig, plain: Path, by_name: bool) -> tuple[EngineConfig, Path | None]:
    """With what is left to ask of the precision: the network's file in int8 if it is to be used.

    Args:
        config: as asked.
        plain: the network's file.
        by_name: it is a shipped one and was asked for by its name.

    Raises:
        RgbtError: int8 is asked for and cannot be had, and nothing may stand for it.
    """
    wanted = config.precision
    if wanted is EnginePrecision.INT8:
        if config.name is EngineName.ONNXRUNTIME:
            raise RgbtError(
                "engine.precision int8: onnxruntime takes longer in int8 than in fp32; expected "
                "engine.name auto, openvino or tensorrt"
            )
        try:
            return config, plain if is_quantized(_content(plain)) else int8_file(plain)
        except RgbtError as error:
            if not config.fallback:
                raise
            # Of two networks one may have no such form: its accuracy did not pass.
            _log.warning("%s; precision auto instead, as engine.fallback allows", error)
            return replace(config, precision=EnginePrecision.AUTO), None
    if wanted is EnginePrecision.AUTO and by_name and int8_path(plain).is_file():
        try:
            return config, int8_file(plain)
        except RgbtError as error:
            _log.warning("%s; %s instead", error, plain.name)
    return config, None


def _best(
    config: EngineConfig, plain: Path, int8: Path | None, progress: Progress
) -> tuple[Engine, str]:
    """The fastest that is there, and why it is that one."""
    try:
        engine = _tensorrt(config, plain, int8, progress)
        return engine, "as there are an NVIDIA GPU and TensorRT"
    except RgbtError as error:
        if isinstance(error, NoRoomError):
            # Who has a GPU expects it to be used.
            _log.warning("%s; the CPU instead", error)
        engine = cpu_engine(plain, config.threads, int8)
        return engine, f"as TensorRT cannot be used: {error}"


def _asked(
    config: EngineConfig, plain: Path, int8: Path | None, progress: Progress
) -> tuple[Engine, str]:
    """With the one runtime that is asked for, or ONNX Runtime where that is allowed; and why."""
    try:
        if config.name is EngineName.ONNXRUNTIME:
            return OnnxRuntimeEngine(plain, config.threads), "as configured"
        if config.name is EngineName.OPENVINO:
            bf16 = config.precision is EnginePrecision.BF16
            return OpenVinoEngine(int8 or plain, config.threads, bf16), "as configured"
        return _tensorrt(config, plain, int8, progress), "as configured"
    except RgbtError as error:
        if not config.fallback or config.name is EngineName.ONNXRUNTIME:
            raise
        _log.warning("%s; onnxruntime instead, as engine.fallback allows", error)
        return OnnxRuntimeEngine(plain, config.threads), f"instead of {config.name.value}"


def _check_precision(config: EngineConfig, model: str, found: str, runtime: str) -> None:
    """Say that a precision that is asked for was not to be had.

    Raises:
        RgbtError: and that nothing may stand for it.
    """
    wanted = config.precision.value
    if config.precision is EnginePrecision.AUTO or wanted == found:
        return
    line = f"engine.precision {wanted}: {model} is executed in {found} by {runtime}"
    if not config.fallback:
        raise RgbtError(f"{line}; expected a runtime that has it, or engine.fallback")
    _log.warning("%s, as engine.fallback allows", line)


def _tensorrt(config: EngineConfig, plain: Path, int8: Path | None, progress: Progress) -> Engine:
    """In the first precision that can be had; in int8 only where that is asked for.

    Raises:
        RgbtError: TensorRT or the GPU is missing, or no precision can be had; the line says why.
    """
    # First, as what else is wrong does not matter without them.
    machine = tensorrt_machine()
    path = plain
    if config.precision is EnginePrecision.INT8 and int8 is not None:
        path = int8
    wanted = precisions(config.precision, is_quantized(_content(path)))
    folder = cache_folder(config.cache)
    for precision in wanted:
        compiler = tensorrt_compiler(path, precision, machine)
        try:
            return cached_engine(path, precision, compiler, folder, progress)
        except NoRoomError:
            raise  # not less of it in a precision with more digits
        except RgbtError as error:
            if precision is wanted[-1]:
                raise
            _log.warning("%s; trying the next precision", error)
    raise AssertionError("a precision is always wanted")


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RgbtError(f"model {path}: {error.strerror}") from None
