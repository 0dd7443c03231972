"""`rgbt evaluate`: metrics of runs against the ground truth of their source recordings."""

from __future__ import annotations

from pathlib import Path

import click

from rgbt_perception.cli.progress import progress
from rgbt_perception.evaluation.evaluate import merged, score_run, write_metrics
from rgbt_perception.evaluation.ground_truth import MS2_PREFIX
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
@click.option(
    "--median-scaled",
    is_flag=True,
    help="Also print the figures after scaling every depth picture to the median of its truth; "
    "always done for the MS2 data set.",
)
def command(run_dirs: tuple[Path, ...], out: Path | None, median_scaled: bool) -> None:
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
        keys = {*metrics["conditions"], *metrics.get("single_camera", {})}
        # Published figures on this data set exist with and without the scaling.
        if median_scaled or any(key.startswith(MS2_PREFIX) for key in keys):
            click.echo("Every picture scaled to the median of its truth:")
            click.echo(text_table(metrics, median_scaled=True))
    for note in notes(metrics):
        click.echo(note)
    for path in written:
        click.echo(f"wrote {path}")
