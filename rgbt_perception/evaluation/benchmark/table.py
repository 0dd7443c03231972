"""A benchmark's figures for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rgbt_perception.evaluation.benchmark.contestant import ABOUT, Kind
from rgbt_perception.evaluation.benchmark.growth import engines_ms, total_ms
from rgbt_perception.evaluation.table import in_columns

_COLUMNS = (
    "contestant",
    "engine",
    "cloud",
    "p50",
    "p99",
    "max",
    "networks",
    "per s",
    "cores",
    "MB",
)
_SCALING = {
    "scaling": "latency grows with the networks' pixels",
    "scaling_engines": "the networks' own time grows with their pixels",
    "scaling_cameras": "latency grows with the cameras' pixels",
}


def benchmark_text(result: dict[str, Any]) -> str:
    """Tables and sentences, without a final line break."""
    return "\n".join(_lines(result))


def _lines(result: dict[str, Any]) -> Iterator[str]:
    runs, first = result["runs"], result["runs"][0]
    what = "depth, fused picture, labels" if first["scene"] else "depth (no scene network)"
    yield result["machine"]
    yield (
        f"network {_by(first['network'])}, RGB {_by(first['rgb'])}, thermal {_by(first['thermal'])}"
        f": {what}, cloud and all other messages; milliseconds"
    )
    yield ""
    yield in_columns([_COLUMNS, *(_row(run) for run in runs)])
    yield ""
    stages = [
        (name, "", f"{values['p50']:.2f}", f"{values['p99']:.2f}", f"{values['max']:.2f}")
        for name, values in first["latency_ms"].items()
    ]
    yield in_columns([("stage of ours", "", "p50", "p99", "max"), *stages])
    yield ""
    if "throughput_hz" in first:
        yield (
            f"keeps up with {first['throughput_hz']:.1f} pairs a second "
            f"({100 * first['dropped']:.1f} % dropped)"
        )
    for name, value in result.items():
        if name == "outside_engine":
            yield f"outside the networks: {100 * value:.1f} % of a pair's time"
        elif name.startswith("outside_engine_cloud_every_"):
            every = name.rpartition("_")[2]
            yield f"  with the cloud of every {every}th pair: {100 * value:.1f} %"
    for peer, ratio in result["ratios"].items():
        engines, about = result["engine_ratios"][peer], ABOUT[Kind(peer)]
        yield f"{ratio:.2f} x as fast as {peer} ({about}); networks alone {engines:.2f} x"
    for run in runs:
        if "weights" in run:
            yield f"weights of {run['contestant']}: {run['weights']}"
    for peer, reason in result["skipped"].items():
        yield f"skipped: {peer}: {reason}"
    yield from _growth(result)


def _growth(result: dict[str, Any]) -> Iterator[str]:
    if "growth" not in result:
        return
    rows = [
        (
            _by(run["network"]),
            f"{_by(run['rgb'])} + {_by(run['thermal'])}",
            f"{total_ms(run):.1f}",
            f"{run['latency_ms']['total']['p99']:.1f}",
            f"{engines_ms(run):.1f}",
            f"{run['rss_mb']:.0f}",
        )
        for run in result["growth"]
    ]
    yield ""
    yield in_columns([("network", "cameras", "p50", "p99", "networks", "MB"), *rows])
    for name, words in _SCALING.items():
        if name in result:
            yield f"{words} to the power {result[name]:.2f}"
    for model, note in result.get("weights_of_other_sizes", {}).items():
        yield f"weights of the {model} network at other sizes: {note}"


def _row(run: dict[str, Any]) -> tuple[str, ...]:
    total = run["latency_ms"]["total"]
    return (
        run["contestant"],
        run["engine"],
        f"1/{run['cloud_every']}",
        f"{total['p50']:.1f}",
        f"{total['p99']:.1f}",
        f"{total['max']:.1f}",
        f"{engines_ms(run):.1f}",
        f"{run['fps']:.1f}",
        f"{run['cpu']:.2f}",
        f"{run['rss_mb']:.0f}",
    )


def _by(size: Sequence[int]) -> str:
    return f"{size[0]}x{size[1]}"
