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

import cv2
import numpy as np

from rgbt_perception.config import Config
from rgbt_perception.engines.engine import Engine
from rgbt_perception.geometry.camera import CameraModel, make_camera_model
from rgbt_perception.geometry.rig import Rig
from rgbt_perception.outputs import offered_topics
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.resources import share
from rgbt_perception.sensing.decode import color_picture, thermal_picture
from rgbt_perception.sensing.encode import image_message
from rgbt_perception.session import Session, Stream

ENGINE_STAGE = "depth_engine"
SCENE_STAGE = "scene_engine"
_PERIOD_NS = 50_000_000
_DIFFERENT_PAIRS = 8


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
    cloud_every: int = 1,
    config: Config | None = None,
    progress: Callable[[int, int], None] | None = None,
    scene: Engine | None = None,
) -> dict[str, Any]:
    """Time one engine at one pair of camera sizes.

    Args:
        engine: loaded.
        sizes: of the cameras; both have lens distortion, so both pictures are rectified.
        pairs: timed pairs, after a warm-up of five.
        cloud_every: the cloud is built for every n-th pair, everything else for every pair.
        config: all parameters.
        progress: called with the pairs done and in all.
        scene: with the scene network: fused picture and labels of every pair as well.

    Returns:
        One entry of ``runs``: sizes, ``latency_ms`` by stage (``total`` from the later picture's
        arrival to the last message), ``fps``, ``cpu`` (cores busy) and ``rss_mb``.
    """
    config = config or Config()
    offered = offered_topics(scene is not None)
    topics = {topic for topic in offered if not topic.startswith("debug/")}
    session = Session(
        config,
        DepthPipeline(config.output, engine, scene),
        RosbagsFactory(),
        rig=_rig(sizes),
        select=lambda index: topics if index % cloud_every == 0 else topics - {"points"},
    )
    messages = _messages(sizes)
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
        "cloud_every": cloud_every,
        "latency_ms": {name: _percentiles(v) for name, v in {**stages, "total": totals}.items()},
        "fps": round(pairs / wall, 2),
        "cpu": round((time.process_time() - cpu_started) / wall, 2),
        "rss_mb": round(_rss_mb(), 1),
    }


def outside_engine(run: dict[str, Any]) -> float:
    """Share of the time from the later picture to the last message that no engine took (means)."""
    latency = run["latency_ms"]
    engines = (latency[name]["mean"] for name in (ENGINE_STAGE, SCENE_STAGE) if name in latency)
    return float(1.0 - sum(engines) / latency["total"]["mean"])


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


def _messages(sizes: Sizes) -> list[tuple[Any, Any]]:
    """Raw colour and 16-bit thermal messages: the first pairs of the sample, at these sizes."""
    factory = RosbagsFactory()
    colors: list[Any] = []
    thermals: list[Any] = []
    topics = {"/rgb/image/compressed": colors, "/thermal/image/compressed": thermals}
    with RecordingReader(share("samples/night_smoke.mcap")) as reader:
        for message in reader.messages(topics):
            if len(topics[message.topic]) < _DIFFERENT_PAIRS:
                topics[message.topic].append(message.value)
            elif min(len(colors), len(thermals)) == _DIFFERENT_PAIRS:
                break
    pairs = []
    for color, thermal in zip(colors, thermals, strict=True):
        rgb = cv2.resize(color_picture(color), sizes.rgb)
        counts = cv2.resize(thermal_picture(thermal), sizes.thermal)
        pairs.append(
            (
                image_message(factory, rgb, "rgb8", 0, "rgb_optical_frame"),
                image_message(factory, counts, "mono16", 0, "thermal_optical_frame"),
            )
        )
    return pairs


def _stamp(message: Any, stamp_ns: int) -> None:
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    return {
        "p50": round(float(np.percentile(values, 50)), 3),
        "p99": round(float(np.percentile(values, 99)), 3),
        "mean": round(float(np.mean(values)), 3),
    }


def _rss_mb() -> float:
    """Largest resident memory so far; Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1024
