"""How latency grows with the pixels of the networks and of the cameras."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rgbt_perception.evaluation.benchmark.figures import ENGINE_STAGES

NETWORKS = ((320, 256), (448, 384), (640, 512))
CAMERAS = ((320, 256), (640, 512), (1280, 800), (1920, 1200))
"""Width and height, pixels; both cameras have that size."""


def network_pixels(run: dict[str, Any]) -> int:
    """Of one picture."""
    return int(run["network"][0] * run["network"][1])


def camera_pixels(run: dict[str, Any]) -> int:
    """Of the reference camera."""
    return int(run["thermal"][0] * run["thermal"][1])


def total_ms(run: dict[str, Any]) -> float:
    """Median latency."""
    return float(run["latency_ms"]["total"]["p50"])


def engines_ms(run: dict[str, Any]) -> float:
    """Median of the networks together."""
    latency = run["latency_ms"]
    return float(sum(latency[name]["p50"] for name in ENGINE_STAGES if name in latency))


def exponent(pixels: Sequence[float], milliseconds: Sequence[float]) -> float:
    """Slope of log latency over log pixels, by least squares; 1 = in proportion."""
    return float(np.polyfit(np.log(pixels), np.log(milliseconds), 1)[0])


def scaling(runs: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The exponents that runs of several sizes allow.

    Args:
        runs: of one contestant; some at several network sizes, some at several camera sizes.

    Returns:
        ``scaling`` and ``scaling_engines`` over the networks' pixels, with the first run's cameras;
        ``scaling_cameras`` over the reference camera's pixels, with the first run's network.
    """
    found: dict[str, float] = {}
    first = runs[0]
    seen = (first["rgb"], first["thermal"])
    networks = [run for run in runs if (run["rgb"], run["thermal"]) == seen]
    if len({network_pixels(run) for run in networks}) > 1:
        pixels = [network_pixels(run) for run in networks]
        found["scaling"] = exponent(pixels, [total_ms(run) for run in networks])
        if all(engines_ms(run) > 0 for run in networks):
            found["scaling_engines"] = exponent(pixels, [engines_ms(run) for run in networks])
    cameras = [run for run in runs if run["network"] == first["network"]]
    if len({camera_pixels(run) for run in cameras}) > 1:
        pixels = [camera_pixels(run) for run in cameras]
        found["scaling_cameras"] = exponent(pixels, [total_ms(run) for run in cameras])
    return {name: round(value, 3) for name, value in found.items()}
