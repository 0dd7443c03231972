"""How fast the engines are on an NVIDIA GPU, what they take of it, and whether they are right."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rgbt_perception.engines.cache.parity import Reference
from rgbt_perception.engines.cache.parity_inputs import parity_inputs
from rgbt_perception.engines.engine import Engine, input_arrays
from rgbt_perception.engines.onnx_metadata import onnx_metadata
from rgbt_perception.engines.onnxruntime import OnnxRuntimeEngine
from rgbt_perception.engines.plan_builder import Precision
from rgbt_perception.engines.precision import converted, is_quantized
from rgbt_perception.engines.raw_inputs import Placement, with_raw_inputs
from rgbt_perception.engines.tensorrt.builder import TensorRtBuilder
from rgbt_perception.engines.tensorrt.cuda import Cuda
from rgbt_perception.engines.tensorrt.engine import ModelCard, TensorRtEngine
from rgbt_perception.engines.tensorrt.versions import load_tensorrt
from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.gpu_handover import HandedOver, is_depth, is_scene
from rgbt_perception.evaluation.gpu_peers import peers
from rgbt_perception.frames import Pinhole
from rgbt_perception.geometry.letterbox import letterbox

# Of each engine; a call takes a millisecond on the GPU, some tens on the CPU.
_WARM_UP, _MOST_CALLS = 10, 1000


@dataclass(frozen=True)
class Timing:
    """Of calls one after the other, from arrays on the host to arrays on the host.

    Attributes:
        calls: how many.
        p50_ms, p99_ms, max_ms: of a call.
        per_s: calls per second.
    """

    calls: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    per_s: float


@dataclass(frozen=True)
class Row:
    """One engine with one network.

    Attributes:
        model: name of the network.
        engine: runtime, version, precision and device.
        timing: None when it did not run.
        build_s: until it was ready to run, seconds.
        plan_mb: size of the plan; None without one.
        gpu_mb: GPU memory that it takes, 1e6 bytes; None when that cannot be told.
        parity: by output, mean and 99th percentile of the difference from fp32, and whether they
            are within the limits.
        problem: why it did not run, or what is wrong with its results.
    """

    model: str
    engine: str
    timing: Timing | None = None
    build_s: float | None = None
    plan_mb: float | None = None
    gpu_mb: float | None = None
    parity: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


def measure_time(engine: Engine, seconds: float) -> Timing:
    """Call an engine again and again.

    Args:
        engine: loaded.
        seconds: at most, after a warm-up.
    """
    sample = parity_inputs(engine.inputs)[0]
    # As the pipeline does: in place, where the engine has a place of its own.
    inputs: Mapping[str, Any] = input_arrays(engine, tuple(engine.inputs))
    for name, array in inputs.items():
        array[...] = sample[name]
    outputs = tuple(engine.outputs)
    for _ in range(_WARM_UP):
        engine.run(inputs, outputs)
    took: list[float] = []
    began = last = time.perf_counter()
    while last - began < seconds and len(took) < _MOST_CALLS:
        engine.run(inputs, outputs)
        now = time.perf_counter()
        took.append((now - last) * 1e3)
        last = now
    p50, p99 = np.percentile(took, (50, 99))
    return Timing(
        len(took),
        round(float(p50), 3),
        round(float(p99), 3),
        round(max(took), 3),
        round(len(took) / (last - began), 1),
    )


def tensorrt_rows(path: Path, seconds: float) -> Iterator[Row]:
    """TensorRT in fp32 and fp16, or int8 of a quantised file.

    With CUDA graphs and without, and with pictures as cameras give them.

    Args:
        path: ONNX file.
        seconds: for each timing.
    """
    quantized = is_quantized(path.read_bytes())
    for precision in (Precision.INT8,) if quantized else (Precision.FP32, Precision.FP16):
        try:
            yield from _tensorrt_row(path, precision, seconds)
        except RgbtError as error:
            yield Row(path.stem, f"tensorrt {precision.value}", problem=str(error))


def _tensorrt_row(path: Path, precision: Precision, seconds: float) -> Iterator[Row]:
    trt, cuda = load_tensorrt(), Cuda()
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    card = ModelCard(path.stem, digest, onnx_metadata(content), precision.value)
    free = cuda.memory()[0]
    began = time.perf_counter()
    network = converted(content, precision)
    builder = TensorRtBuilder(trt, cuda)
    plan = builder.build(network, precision, lambda what, share: None)
    build_s = round(time.perf_counter() - began, 1)
    engine = TensorRtEngine(plan, card, trt, cuda)
    figures = Reference(path, digest).compare(engine, precision, lambda share: None)
    timing = measure_time(engine, seconds)
    gpu_mb = round((free - cuda.memory()[0]) / 1e6, 1)
    bad = [output for output, item in figures.items() if not item.holds]
    yield Row(
        path.stem,
        engine.name,
        timing,
        build_s,
        round(len(plan) / 1e6, 1),
        gpu_mb,
        {output: asdict(item) | {"holds": item.holds} for output, item in figures.items()},
        f"differs too much from fp32: {', '.join(bad)}" if bad else "",
    )
    plain = TensorRtEngine(plan, card, trt, cuda, graphs=False)
    yield Row(path.stem, f"{engine.name}, no CUDA graph", measure_time(plain, seconds))
    if precision is Precision.FP16 and {"rgb_mask", "thermal_mask"} <= engine.inputs.keys():
        raw = with_raw_inputs(network, _placements(engine))
        plan = builder.build(raw, precision, lambda what, share: None)
        timing = measure_time(TensorRtEngine(plan, card, trt, cuda), seconds)
        yield Row(path.stem, f"{engine.name}, raw 1280x720 and 640x512", timing)


def handed_over_row(paths: Sequence[Path], seconds: float) -> Iterator[Row]:
    """Depth and scene network in turn without the host between them, in fp16.

    Args:
        paths: of ONNX files; nothing is measured where one of the two kinds is not among them.
        seconds: for the timing.
    """
    depth = next((path for path in paths if is_depth(OnnxRuntimeEngine(path).inputs)), None)
    scene = next((path for path in paths if is_scene(OnnxRuntimeEngine(path).inputs)), None)
    if depth is None or scene is None:
        return
    try:
        engine = HandedOver(depth, scene, Precision.FP16)
        yield Row(engine.model, engine.name, measure_time(engine, seconds))
    except RgbtError as error:
        yield Row(f"{depth.stem} + {scene.stem}", "tensorrt fp16, handed over", problem=str(error))


def _placements(engine: Engine) -> dict[str, Placement]:
    """Of the raw pictures of usual cameras on an engine's canvas."""
    _, _, height, width = engine.inputs["rgb_mask"]
    placements = {}
    for name, size in (("rgb", (1280, 720)), ("thermal", (640, 512))):
        box = letterbox(Pinhole(*size, 1.0, 1.0, 0.0, 0.0), width, height)
        placements[name] = Placement(size, box.left, box.top, box.width, box.height)
    return placements


def other_rows(path: Path, seconds: float, slow: bool) -> Iterator[Row]:
    """ONNX Runtime on the CPU, and whatever else is installed on the GPU.

    Args:
        path: ONNX file.
        seconds: for each timing.
        slow: also what compiles for a minute.
    """
    reference = OnnxRuntimeEngine(path)
    yield Row(path.stem, reference.name, measure_time(reference, seconds))
    _, _, height, width = reference.inputs["rgb"]
    for name, maker in peers(path, reference.model, (width, height)):
        if isinstance(maker, str):
            yield Row(path.stem, name, problem=maker)
            continue
        if "compiled" in name and not slow:
            yield Row(path.stem, name, problem="left out, as asked")
            continue
        try:
            began = time.perf_counter()
            engine = maker()
            engine.run(parity_inputs(engine.inputs)[0], tuple(engine.outputs))
            ready_s = round(time.perf_counter() - began, 1)
            yield Row(path.stem, engine.name, measure_time(engine, seconds), ready_s)
        except Exception as error:  # whatever a peer's own stack raises: the others go on
            reason = " ".join(str(error).split())[:200]
            yield Row(path.stem, name, problem=reason or type(error).__name__)
