"""From what workers measured to figures: percentiles, ratios, and ros2_benchmark's metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from rgbt_perception.engines.cpu import cores
from rgbt_perception.evaluation.benchmark.load import Load
from rgbt_perception.evaluation.benchmark.worker import Turn

ENGINE_STAGES = ("depth_engine", "scene_engine")


def latency_figures(turns: Iterable[Turn]) -> dict[str, dict[str, float]]:
    """``{stage: {"p50", "p99", "max", "mean"}}`` over the pairs of some turns, milliseconds."""
    stages: dict[str, list[float]] = {}
    for turn in turns:
        for pair in turn.stages:
            for name, milliseconds in pair.items():
                stages.setdefault(name, []).append(milliseconds)
    return {name: _percentiles(values) for name, values in stages.items()}


def total_ratio(theirs: Sequence[Turn], ours: Sequence[Turn], stages: Sequence[str]) -> float:
    """How many times as long they took: median over the rounds of the ratio of medians.

    Both took turns in the same minute, so what slows the machine for a while slows both.

    Args:
        theirs, ours: one turn a round each.
        stages: whose sum is compared, e.g. ``("total",)``.
    """
    ratios = [
        _median(other, stages) / _median(own, stages)
        for other, own in zip(theirs, ours, strict=True)
    ]
    return float(np.median(ratios))


def outside_engine(latency: Mapping[str, Mapping[str, float]]) -> float:
    """Share of the time from the later picture to the last message that no engine took (means)."""
    engines = (latency[name]["mean"] for name in ENGINE_STAGES if name in latency)
    return float(1.0 - sum(engines) / latency["total"]["mean"])


def ros2_benchmark_metrics(load: Load) -> dict[str, float]:
    """A run under the names of ros2_benchmark, milliseconds and frames a second.

    Names and definitions are those of ``BasicPerformanceMetrics`` and ``ResourceMetrics`` in
    NVIDIA-ISAAC-ROS/ros2_benchmark (``basic_performance_calculator.py``, ``resource_metrics.py``).
    A frame is a pair here; it is sent when its later picture is handed over and received when the
    last message of its result is there, in one process: no transport is included.

    Args:
        load: of one rate.
    """
    sent, received = list(load.sent_ms.values()), list(load.received_ms.values())
    latencies = [at - load.sent_ms[stamp] for stamp, at in load.received_ms.items()]
    basic: dict[str, float] = {
        "NUM_FRAMES_SENT": len(sent),
        "NUM_MISSED_FRAMES": len(sent) - len(received),
    }
    if len(sent) > 1:
        basic["MEAN_PLAYBACK_FRAME_RATE"] = len(sent) / (sent[-1] - sent[0]) * 1e3
    if received:
        basic |= {
            "RECEIVED_DURATION": received[-1] - received[0],
            "FIRST_SENT_RECEIVED_LATENCY": received[0] - sent[0],
            "LAST_SENT_RECEIVED_LATENCY": received[-1] - sent[-1],
            "FIRST_INPUT_LATENCY": latencies[0],
            "LAST_INPUT_LATENCY": latencies[-1],
            "MAX_LATENCY": max(latencies),
            "MIN_LATENCY": min(latencies),
            "MEAN_LATENCY": float(np.mean(latencies)),
        }
    if len(received) > 1:
        basic["MEAN_FRAME_RATE"] = len(received) / (received[-1] - received[0]) * 1e3
    if len(received) > 2:
        jitter = np.abs(np.diff(received, n=2))
        basic |= {
            "MAX_JITTER": float(jitter.max()),
            "MIN_JITTER": float(jitter.min()),
            "MEAN_JITTER": float(jitter.mean()),
            "STD_DEV_JITTER": float(jitter.std()),
        }
    metrics = {f"BasicPerformanceMetrics.{name}": value for name, value in basic.items()}
    # Of this process alone, as share of all cores.
    busy = 100.0 * load.effort.busy_cores / cores()
    metrics["ResourceMetrics.MEAN_OVERALL_CPU_UTILIZATION"] = busy
    return {name: round(value, 3) for name, value in metrics.items()}


def _median(turn: Turn, stages: Sequence[str]) -> float:
    return float(np.median([sum(pair.get(name, 0.0) for name in stages) for pair in turn.stages]))


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    return {
        "p50": round(float(np.percentile(values, 50)), 3),
        "p99": round(float(np.percentile(values, 99)), 3),
        "max": round(float(np.max(values)), 3),
        "mean": round(float(np.mean(values)), 3),
    }
