"""`rgbt benchmark`: end-to-end speed by stage."""

from __future__ import annotations

import importlib.util
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from rgbt_perception.cli.progress import progress
from rgbt_perception.cli.sizes import SIZE
from rgbt_perception.config import Config, EngineConfig, EngineName
from rgbt_perception.engines.choice import make_engine, make_scene_engine
from rgbt_perception.engines.constant import ConstantEngine
from rgbt_perception.engines.engine import Engine
from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.benchmark import (
    ENGINE_STAGE,
    SCENE_STAGE,
    Sizes,
    machine,
    outside_engine,
    run_benchmark,
    scaling_exponent,
)
from rgbt_perception.replay import LONG_CLOUD_EVERY


@click.command(short_help="Time the whole pipeline by stage.")
@click.option(
    "--engine",
    "engines",
    multiple=True,
    type=click.Choice([e.value for e in EngineName]),
    default=("auto",),
    show_default=True,
    help="Runtime, may be repeated.",
)
@click.option(
    "--size",
    "networks",
    multiple=True,
    type=SIZE,
    help="Network size, may be repeated; other than the shipped one needs the extra [train].",
)
@click.option("--rgb-size", type=SIZE, default="1280x720", show_default=True)
@click.option("--thermal-size", type=SIZE, default="640x512", show_default=True)
@click.option(
    "--scene-model",
    default=Config().scene.model,
    help="Shipped model or ONNX file of the fused picture and the labels; empty = none.",
)
@click.option("--pairs", type=click.IntRange(2), default=60, show_default=True)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures.")
def command(
    engines: tuple[str, ...],
    networks: tuple[tuple[int, int], ...],
    rgb_size: tuple[int, int],
    thermal_size: tuple[int, int],
    scene_model: str,
    pairs: int,
    json_file: Path | None,
) -> None:
    """Time the pipeline from messages to messages.

    Twice: with the cloud of every pair, and with every tenth as `rgbt replay` writes it. Where
    torch is installed the same network runs in eager torch in the same minute, and the
    ratio of the engines' medians is printed.
    """
    if json_file is not None and not json_file.absolute().parent.is_dir():
        raise RgbtError(f"--json {json_file}: no such folder {json_file.absolute().parent}")
    sizes = Sizes(rgb_size, thermal_size)
    runs: list[dict[str, Any]] = []
    ratios: dict[str, float] = {}
    for name in dict.fromkeys(engines):
        config = EngineConfig(name=EngineName(name))
        scene = make_scene_engine(config, scene_model)
        for engine in _engines(config, networks):
            for cloud_every in (1, LONG_CLOUD_EVERY):
                with progress(engine.name) as show:
                    runs.append(
                        run_benchmark(engine, sizes, pairs, cloud_every, progress=show, scene=scene)
                    )
            if "torch_eager" not in ratios and (peer := _torch_peer(runs[-1])) is not None:
                with progress(peer.name) as show:
                    count = max(5, pairs // 3)
                    runs.append(run_benchmark(peer, sizes, count, LONG_CLOUD_EVERY, progress=show))
                ratios["torch_eager"] = round(_engine_ms(runs[-1]) / _engine_ms(runs[-2]), 2)
    ours = [run for run in runs if not run["engine"].startswith("torch")]
    usual = [run for run in ours if run["cloud_every"] == LONG_CLOUD_EVERY]
    result: dict[str, Any] = {
        "machine": machine(),
        "runs": runs,
        "ratios": ratios,
        "outside_engine": round(outside_engine(usual[0]), 4),
        "outside_engine_cloud_every_pair": round(outside_engine(ours[0]), 4),
    }
    if SCENE_STAGE in usual[0]["latency_ms"]:
        ratio = _engine_ms(usual[0], SCENE_STAGE) / _engine_ms(usual[0])
        result["scene_over_depth_engine"] = round(ratio, 2)
    if len({tuple(run["network"]) for run in usual}) > 1:
        result["scaling"] = round(scaling_exponent(usual), 3)
    _tell(result)
    if json_file is not None:
        json_file.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _engine_ms(run: dict[str, Any], stage: str = ENGINE_STAGE) -> float:
    return float(run["latency_ms"][stage]["p50"])


def _engines(config: EngineConfig, networks: Sequence[tuple[int, int]]) -> list[Engine]:
    """The shipped network, or one of random weights for each other size."""
    shipped = make_engine(config)
    own = (shipped.inputs["rgb"][3], shipped.inputs["rgb"][2])
    return [shipped if size == own else _other_size(config, size) for size in networks or [own]]


def _other_size(config: EngineConfig, size: tuple[int, int]) -> Engine:
    if config.name is EngineName.CONSTANT:
        return ConstantEngine(*size)
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("onnx") is None:
        raise RgbtError(
            f"network size {size[0]}x{size[1]}: only the shipped size runs without the extra "
            "[train]; expected `pip install 'rgbt_perception[train]'`"
        )
    from rgbt_perception.models.confidence_depth import ConfidenceDepth
    from rgbt_perception.training.export import export_onnx

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "random_weights.onnx")
        export_onnx(ConfidenceDepth().eval(), path, size[1], size[0])
        return make_engine(replace(config, depth_model=str(path)))


def _torch_peer(run: dict[str, Any]) -> Engine | None:
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("onnx") is None:
        return None
    from rgbt_perception.evaluation.torch_engine import TorchEagerEngine

    return TorchEagerEngine(*run["network"])


def _tell(result: dict[str, Any]) -> None:
    click.echo(result["machine"])
    for run in result["runs"]:
        click.echo(
            f"{run['engine']}, network {_by(run['network'])}, RGB {_by(run['rgb'])}, "
            f"thermal {_by(run['thermal'])}, cloud every {run['cloud_every']}: "
            f"{run['fps']} pairs/s, {run['cpu']} cores, {run['rss_mb']} MB"
        )
        for stage, values in run["latency_ms"].items():
            click.echo(f"  {stage:<13} p50 {values['p50']:8.2f} ms   p99 {values['p99']:8.2f} ms")
    click.echo(
        f"outside the engine: {100 * result['outside_engine']:.1f} % of a pair's time; with the "
        f"cloud of every pair {100 * result['outside_engine_cloud_every_pair']:.1f} %"
    )
    for peer, ratio in result["ratios"].items():
        click.echo(f"engine against {peer}: {ratio} times as fast")
    if "scene_over_depth_engine" in result:
        ratio = result["scene_over_depth_engine"]
        click.echo(f"scene engine: {ratio} times the depth engine's time")
    if "scaling" in result:
        click.echo(f"latency grows with network pixels to the power {result['scaling']}")


def _by(size: Sequence[int]) -> str:
    return f"{size[0]}x{size[1]}"
