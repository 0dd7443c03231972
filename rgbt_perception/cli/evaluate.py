"""`rgbt evaluate`: metrics of runs against the ground truth of their source recordings."""

from __future__ import annotations

from pathlib import Path

import click

from rgbt_perception.cli.progress import progress
from rgbt_perception.evaluation.evaluate import merged, score_run, write_metrics
from rgbt_perception.evaluation.report import write_joint_report, write_report
from rgbt_perception.evaluation.table import metric_rows, notes, text_table


@click.command("evaluate")
@click.argument(
    "run_dirs", metavar="RUN_DIR...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="One metrics.json and report.html on all runs together, here instead of in each RUN_DIR.",
)
def command(run_dirs: tuple[Path, ...], out: Path | None) -> None:
    """Compare the depth of runs with the ground truth in the recordings they were made from.

    RUN_DIR is the --out folder of `rgbt replay`. Writes metrics.json and report.html.
    """
    scores = []
    for run_dir in run_dirs:
        with progress(f"evaluating {run_dir}") as show:
            scores.append(score_run(run_dir, show))
    metrics = merged(scores).metrics()
    if out is not None:
        written = [write_metrics(out, metrics), write_joint_report(run_dirs, metrics, out)]
    else:
        written = []
        for run_dir, score in zip(run_dirs, scores, strict=True):
            written += [write_metrics(run_dir, score.metrics()), write_report(run_dir)]
    if metric_rows(metrics):
        click.echo(text_table(metrics))
    for note in notes(metrics):
        click.echo(note)
    for path in written:
        click.echo(f"wrote {path}")
