"""`rgbt benchmark`: end-to-end speed, beside what else could do the same work."""

from __future__ import annotations

import json
from pathlib import Path

import click

from rgbt_perception.cli.progress import progress
from rgbt_perception.cli.sizes import SIZE
from rgbt_perception.config import Config, EngineConfig, EngineName, EnginePrecision
from rgbt_perception.errors import RgbtError, UsageError
from rgbt_perception.evaluation.benchmark.contestant import Kind
from rgbt_perception.evaluation.benchmark.growth import CAMERAS, NETWORKS
from rgbt_perception.evaluation.benchmark.growth_plot import growth_svg
from rgbt_perception.evaluation.benchmark.inputs import Sizes
from rgbt_perception.evaluation.benchmark.result import Plan, run_benchmark
from rgbt_perception.evaluation.benchmark.table import benchmark_text

_PEERS = [kind.value for kind in Kind if kind is not Kind.OURS]
_NOBODY = "none"
# Others take a minute to compile.
_USUAL = [name for name in _PEERS if name != Kind.TORCH_COMPILE.value]


@click.command(short_help="Time the whole pipeline, and its peers.")
@click.option(
    "--engine",
    "engines",
    multiple=True,
    type=click.Choice([e.value for e in EngineName]),
    default=("auto",),
    show_default=True,
    help="Runtime, may be repeated; peers are compared with the first.",
)
@click.option(
    "--precision",
    "precisions",
    multiple=True,
    type=click.Choice([p.value for p in EnginePrecision]),
    default=("auto",),
    show_default=True,
    help="Of every runtime, may be repeated.",
)
@click.option(
    "--size",
    "networks",
    multiple=True,
    type=SIZE,
    help="Network size, multiples of 64; may be repeated, for growth. Other than the shipped one "
    "needs the extra [train].",
)
@click.option("--rgb-size", type=SIZE, default="640x512", show_default=True)
@click.option("--thermal-size", type=SIZE, default="640x512", show_default=True)
@click.option(
    "--scene-model",
    default=Config().scene.model,
    help="Shipped model or ONNX file of the fused picture and the labels; empty = none.",
)
@click.option(
    "--peer",
    "peers",
    multiple=True,
    type=click.Choice([*_PEERS, "all", _NOBODY]),
    default=_USUAL,
    help="Who is compared, may be repeated.  [default: all but torch_compile]",
)
@click.option("--growth", is_flag=True, help="Also other sizes of networks and cameras.")
@click.option("--pairs", type=click.IntRange(2), default=60, show_default=True)
@click.option("--threads", type=click.IntRange(0), default=0, help="CPU threads, 0 = all cores.")
@click.option("--no-load", is_flag=True, help="Do not search the highest rate.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures.")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the growth as SVG.")
def command(
    engines: tuple[str, ...],
    precisions: tuple[str, ...],
    networks: tuple[tuple[int, int], ...],
    rgb_size: tuple[int, int],
    thermal_size: tuple[int, int],
    scene_model: str,
    peers: tuple[str, ...],
    growth: bool,
    pairs: int,
    threads: int,
    no_load: bool,
    json_file: Path | None,
    plot: Path | None,
) -> None:
    """Time the pipeline from messages to messages, never the networks alone.

    Every contestant has a process of its own, and all take turns of a few pairs, so that the
    ratios hold on a machine whose speed varies.
    """
    for option, file in (("--json", json_file), ("--plot", plot)):
        if file is not None and not file.absolute().parent.is_dir():
            raise RgbtError(f"{option} {file}: no such folder {file.absolute().parent}")
    networks = tuple(dict.fromkeys(networks))
    if growth and not networks:
        networks = NETWORKS
    if plot is not None and not growth and len(networks) < 2:
        raise UsageError("--plot: nothing grows; expected --growth, or --size more than once")
    chosen = _PEERS if "all" in peers else [name for name in peers if name != _NOBODY]
    if EnginePrecision.BF16.value in precisions:
        others = {EngineName.AUTO.value, EngineName.OPENVINO.value}
        if wrong := [name for name in engines if name not in others]:
            raise UsageError(f"--precision bf16: not with --engine {wrong[0]}; expected openvino")
        if not scene_model:
            raise UsageError("--precision bf16: is of the scene network; expected --scene-model")
    runtimes = [
        # Another runtime than the one asked for would be no answer.
        EngineConfig(EngineName(name), False, EnginePrecision(precision), threads=threads)
        for name in dict.fromkeys(engines)
        for precision in dict.fromkeys(precisions)
    ]
    plan = Plan(
        runtimes,
        scene_model,
        Sizes(rgb_size, thermal_size),
        networks,
        [size for size in CAMERAS if growth and (size, size) != (rgb_size, thermal_size)],
        [Kind(name) for name in dict.fromkeys(chosen)],
        pairs,
        0 if no_load else pairs,
    )
    result = run_benchmark(plan, progress)
    click.echo(benchmark_text(result))
    if json_file is not None:
        json_file.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if plot is not None:
        plot.write_text(growth_svg(result["growth"], result["machine"]), encoding="utf-8")
