"""`python -m rgbt_perception.evaluation.suite.segmentation_command`: what the labels must hold."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from rgbt_perception.cli.progress import progress
from rgbt_perception.cli.standalone import run_alone
from rgbt_perception.config import EngineConfig
from rgbt_perception.engines.choice import make_engine, make_scene_engine
from rgbt_perception.errors import InputError, UsageError
from rgbt_perception.evaluation.suite.labelled import labelled_pairs
from rgbt_perception.evaluation.suite.plan import MOST_TURNS, SCENES, Plan
from rgbt_perception.evaluation.suite.report import check_table, write_results
from rgbt_perception.evaluation.suite.segmentation import SegmentationSection
from rgbt_perception.training.recordings import render_missing

_NAME = "segmentation"


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--depth-model", default="confidence_depth", help="Shipped model or ONNX file.")
@click.option("--scene-model", default="scene", help="Shipped model or ONNX file.")
@click.option("--first-seed", type=click.IntRange(0, 2**31 - 1000), default=900_000)
@click.option("--seeds-per-condition", type=click.IntRange(1, MOST_TURNS), default=4)
@click.option("--pairs", type=click.IntRange(1, 100), default=5, help="Of each recording.")
@click.option("--data", type=click.Path(path_type=Path), default=Path("out/accuracy/data"))
@click.option(
    "--recordings",
    type=click.Path(path_type=Path),
    help="Score all recordings (.mcap) of this folder instead of those of the seeds.",
)
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/segmentation"))
@click.option("--processes", type=click.IntRange(1, 256), default=2, help="That render.")
def command(
    depth_model: str,
    scene_model: str,
    first_seed: int,
    seeds_per_condition: int,
    pairs: int,
    data: Path,
    recordings: Path | None,
    out: Path,
    processes: int,
) -> int:
    """Measure what the labels must hold on simulated recordings.

    Takes the recordings of `make accuracy`, renders those that are missing to --data (extras: sim,
    train), prints the tables and checks, writes segmentation.json and segmentation.md to --out.
    Exit code 1 when a check fails.
    """
    if not scene_model:
        raise UsageError("--scene-model: expected a shipped model or an ONNX file")
    config = EngineConfig(depth_model=depth_model)
    depth, scene = make_engine(config), make_scene_engine(config, scene_model)
    assert scene is not None, "a model was named"
    started = time.perf_counter()
    if recordings is None:
        plan = Plan(first_seed, seeds_per_condition, SCENES, pairs)
        with progress("rendering") as show:
            paths = render_missing([spec for _, spec in plan.main()], data, processes, show)
        which: dict[str, object] = {
            "first_seed": first_seed,
            "seeds_per_condition": seeds_per_condition,
            "pairs_per_recording": pairs,
        }
    else:
        paths = sorted(recordings.glob("*.mcap"))
        if not paths:
            raise InputError(f"--recordings {recordings}: holds no recording (.mcap)")
        which = {"folder": str(recordings)}
    section = SegmentationSection()
    with progress("measuring") as show:
        for done, path in enumerate(paths, start=1):
            section.add(labelled_pairs(path, depth, scene))
            show(done, len(paths))
    result = section.result()
    about = {
        "scene_model": scene.model,
        "scene_sha256": scene.digest,
        "depth_model": depth.model,
        "depth_sha256": depth.digest,
        "engine": scene.name,
        "recordings": len(paths),
        **which,
        "seconds": round(time.perf_counter() - started, 1),
    }
    written = write_results(out, about, {_NAME: result}, _NAME)
    for table in result.tables:
        click.echo(table.text() + "\n")
    click.echo(check_table(list(result.checks)).text())
    for path in written:
        click.echo(f"wrote {path}")
    return 0 if all(check.passed for check in result.checks) else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        Exit code: 0 all checks pass, 1 one fails or the work failed, 2 wrong use.
    """
    return run_alone(
        command, _NAME, arguments, "interrupted; recordings that are finished are kept"
    )


if __name__ == "__main__":
    sys.exit(main())
