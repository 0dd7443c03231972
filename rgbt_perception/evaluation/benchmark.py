"""End-to-end speed, from messages to messages, and the same network in plain torch beside it."""

from __future__ import annotations

import math
import platform
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rgbt_perception.config import Config
from rgbt_perception.engines.engine import Engine
from rgbt_perception.geometry.camera import CameraModel, make_camera_model
from rgbt_perception.geometry.rig import Rig
from rgbt_perception.outputs import ESTIMATE_TOPICS, TOPICS
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.sensing.encode import image_message
from rgbt_perception.session import Session, Stream

ENGINE_STAGE = "depth_engine"
_PERIOD_NS = 50_000_000
_DIFFERENT_PAIRS = 8
_TOPICS = TOPICS.keys() - set(ESTIMATE_TOPICS.values())


@dataclass(frozen=True)
class Sizes:
    """Width and height of both cameras' pictures, pixels."""

    rgb: tuple[int, int]
    thermal: tuple[int, int]


def machine() -> str:
    """Processor, cores and Python, in words."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
        model = f"{names[0]}, {len(names)} cores" if names else model
    except OSError:
        pass  # not Linux
    return f"{model}, Python {platform.python_version()}"


def run_benchmark(
    engine: Engine,
    sizes: Sizes,
    pairs: int,
    config: Config | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Time one engine at one pair of camera sizes, every output built for every pair.

    Args:
        engine: loaded.
        sizes: of the cameras; both have lens distortion, so both pictures are rectified.
        pairs: timed pairs, after a warm-up of five.
        config: all parameters.
        progress: called with the pairs done and in all.

    Returns:
        One entry of ``runs``: sizes, ``latency_ms`` by stage (``total`` from the later picture's
        arrival to the last message), ``fps``, ``cpu`` (cores busy) and ``rss_mb``.
    """
    config = config or Config()
    session = Session(
        config,
        DepthPipeline(config.output, engine),
        RosbagsFactory(),
        rig=_rig(sizes),
        select=lambda index: _TOPICS,
    )
    messages = [_pair(sizes, index) for index in range(_DIFFERENT_PAIRS)]
    totals: list[float] = []
    stages: dict[str, list[float]] = {}
    warm_up, cpu_started, wall_started = 5, 0.0, 0.0
    for index in range(warm_up + pairs):
        rgb, thermal = messages[index % len(messages)]
        stamp_ns = (index + 1) * _PERIOD_NS
        _stamp(rgb, stamp_ns)
        _stamp(thermal, stamp_ns + 1_000_000)
        if index == warm_up:
            cpu_started, wall_started = time.process_time(), time.perf_counter()
        outputs = session.handle(Stream.RGB_IMAGE, rgb, stamp_ns)
        started = time.perf_counter()
        outputs += session.handle(Stream.THERMAL_IMAGE, thermal, stamp_ns)
        if index >= warm_up:
            totals.append((time.perf_counter() - started) * 1e3)
            status = next(output for output in outputs if output.topic == "status")
            for stage in status.message.stages:
                stages.setdefault(stage.stage, []).append(stage.milliseconds)
            if progress is not None:
                progress(index - warm_up + 1, pairs)
    wall = time.perf_counter() - wall_started
    return {
        "engine": engine.name,
        "network": [session.pipeline.width, session.pipeline.height],
        "rgb": list(sizes.rgb),
        "thermal": list(sizes.thermal),
        "pairs": pairs,
        "latency_ms": {name: _percentiles(v) for name, v in {**stages, "total": totals}.items()},
        "fps": round(pairs / wall, 2),
        "cpu": round((time.process_time() - cpu_started) / wall, 2),
        "rss_mb": round(_rss_mb(), 1),
    }


def outside_engine(run: dict[str, Any]) -> float:
    """Share of a pair's time that is not spent in the engine (medians)."""
    latency = run["latency_ms"]
    return float(1.0 - latency[ENGINE_STAGE]["p50"] / latency["total"]["p50"])


def scaling_exponent(runs: Sequence[dict[str, Any]]) -> float:
    """Slope of log latency over log network pixels, by least squares."""
    pixels = [math.log(run["network"][0] * run["network"][1]) for run in runs]
    latency = [math.log(run["latency_ms"]["total"]["p50"]) for run in runs]
    return float(np.polyfit(pixels, latency, 1)[0])


def _rig(sizes: Sizes) -> Rig:
    thermal_T_rgb = np.eye(4)
    thermal_T_rgb[0, 3] = 0.1
    return Rig(
        _camera("rgb", *sizes.rgb), _camera("thermal", *sizes.thermal), thermal_T_rgb, 0.01, 0.0
    )


def _camera(name: str, width: int, height: int) -> CameraModel:
    focal = 0.8 * width
    k = [focal, 0, (width - 1) / 2, 0, focal, (height - 1) / 2, 0, 0, 1]
    return make_camera_model(
        name=name,
        width=width,
        height=height,
        k=k,
        d=[-0.1, 0.02, 0.0005, -0.0005, 0.0],
        frame_id=f"{name}_optical_frame",
    )


def _pair(sizes: Sizes, seed: int) -> tuple[Any, Any]:
    """A textured colour and a 16-bit thermal message."""
    random, factory = np.random.default_rng(seed), RosbagsFactory()
    width, height = sizes.rgb
    rgb = random.integers(0, 256, (height, width, 3), np.uint8)
    width, height = sizes.thermal
    slope = np.linspace(28000, 30000, width)[None, :] + np.linspace(0, 500, height)[:, None]
    thermal = (slope + random.normal(0, 8, (height, width))).astype(np.uint16)
    return (
        image_message(factory, rgb, "rgb8", 0, "rgb_optical_frame"),
        image_message(factory, thermal, "mono16", 0, "thermal_optical_frame"),
    )


def _stamp(message: Any, stamp_ns: int) -> None:
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    return {
        "p50": round(float(np.percentile(values, 50)), 3),
        "p99": round(float(np.percentile(values, 99)), 3),
    }


def _rss_mb() -> float:
    """Largest resident memory so far; Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1024
