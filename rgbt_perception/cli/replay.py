"""`rgbt replay`: run the pipeline over a recording."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from rgbt_perception.cli.progress import progress
from rgbt_perception.config import Config, EngineName, with_values
from rgbt_perception.config_file import load_config
from rgbt_perception.errors import RgbtError, UsageError
from rgbt_perception.evaluation.report import write_report
from rgbt_perception.frames import Modality
from rgbt_perception.replay import ReplayOptions, replay
from rgbt_perception.session import Stream


@click.command(short_help="Run the pipeline over a recording.")
@click.argument("bag", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for results.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="Parameter file.")
@click.option("--engine", type=click.Choice([e.value for e in EngineName]), help="Runtime.")
@click.option("--depth-model", help="Shipped model or ONNX file.")
@click.option("--scene-model", help="Likewise, of the fused picture and the labels.")
@click.option("--drop", type=click.Choice([m.value for m in Modality]), help="Ignore a camera.")
@click.option("--every", type=click.IntRange(1), default=1, help="Compute every n-th result.")
@click.option(
    "--cloud-every",
    type=click.IntRange(0),
    default=0,
    help="Write every n-th cloud; 0 = all, or every 10th from 100 pairs on.",
)
@click.option("--debug-outputs", is_flag=True, help="Also write what only evaluation needs.")
@click.option(
    "--remap",
    multiple=True,
    metavar="INPUT:=TOPIC",
    help="Topic in the recording of an input, e.g. rgb/image:=/cam0/image_raw.",
)
def command(
    bag: Path,
    out: Path,
    config_file: Path | None,
    engine: str | None,
    depth_model: str | None,
    scene_model: str | None,
    drop: str | None,
    every: int,
    cloud_every: int,
    debug_outputs: bool,
    remap: tuple[str, ...],
) -> None:
    """Run the pipeline over the recording BAG.

    Writes perception.mcap, run.json, contact_sheet.png and report.html to the folder of --out.
    """
    config = Config() if config_file is None else load_config(config_file)
    changes: dict[str, Any] = {}
    if engine is not None:
        changes["engine.name"] = engine
    if depth_model is not None:
        changes["engine.depth_model"] = depth_model
    if scene_model is not None:
        changes["scene.model"] = scene_model
    options = ReplayOptions(
        drop=None if drop is None else Modality(drop),
        every=every,
        cloud_every=cloud_every,
        debug_outputs=debug_outputs,
        remap=_parse_remap(remap),
    )
    run_replay(bag, out, with_values(config, changes), options)


def run_replay(bag: Path, out: Path, config: Config, options: ReplayOptions) -> dict[str, Any]:
    """Replay, write the report and tell what came out."""
    try:
        with progress("replay") as show:
            summary = replay(bag, out, config, options, show)
    except (RgbtError, KeyboardInterrupt):
        # What was computed so far gets its report; the error itself is what the user must read.
        if (out / "run.json").is_file() and (out / "perception.mcap").is_file():
            with suppress(RgbtError):
                write_report(out)
        raise
    _tell(summary)
    report = write_report(out)
    click.echo(f"report: {report}")
    return summary


def _tell(summary: dict[str, Any]) -> None:
    modes = ", ".join(f"{count} {name}" for name, count in summary["modes"].items())
    click.echo(f"{summary['outputs']} results from {summary['pairs']} pairs ({modes})")
    if summary["truncated"]:
        click.echo(f"note: {summary['truncated']}", err=True)
    for problem in summary["problems"]:
        click.echo(f"note: {problem['first']} ({problem['count']} times)", err=True)


def _parse_remap(words: tuple[str, ...]) -> dict[str, str]:
    names = [stream.value for stream in Stream]
    result = {}
    for word in words:
        source, arrow, target = word.partition(":=")
        if not arrow or source.lstrip("/") not in names or not target.startswith("/"):
            raise UsageError(
                f"--remap {word}: expected INPUT:=/TOPIC with INPUT one of {', '.join(names)}"
            )
        result[source.lstrip("/")] = target
    return result
