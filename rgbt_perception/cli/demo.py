"""`rgbt demo`: the shipped sample, from recording to report."""

from __future__ import annotations

from pathlib import Path

import click

from rgbt_perception.cli.replay import run_replay
from rgbt_perception.config import Config
from rgbt_perception.evaluation.evaluate import evaluate_run, write_metrics
from rgbt_perception.evaluation.report import write_report
from rgbt_perception.evaluation.table import notes, text_table
from rgbt_perception.replay import ReplayOptions
from rgbt_perception.resources import share


@click.command(short_help="Replay and evaluate the shipped sample.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("rgbt_demo"), show_default=True
)
def command(out: Path) -> None:
    """Replay the shipped sample, evaluate it and write everything to the folder of --out."""
    sample = share("samples/night_smoke.mcap")
    click.echo(f"sample: {sample} (simulated street at night with smoke)")
    run_replay(sample, out, Config(), ReplayOptions())
    metrics = evaluate_run(out)
    write_metrics(out, metrics)
    click.echo(text_table(metrics))
    for line in notes(metrics):
        click.echo(line)
    report = write_report(out)
    click.echo(f"point clouds and depth: {out / 'perception.mcap'}")
    click.echo(f"open the report: {report.resolve()}")
