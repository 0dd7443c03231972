"""`rgbt evaluate`: metrics of runs against their ground truth, or of fused pictures."""

from __future__ import annotations

from pathlib import Path

import click

from rgbt_perception.cli.progress import progress
from rgbt_perception.errors import UsageError
from rgbt_perception.evaluation.evaluate import merged, score_run, write_metrics
from rgbt_perception.evaluation.fusion_scores import fusion_table, score_images, write_scores
from rgbt_perception.evaluation.ground_truth import MS2_PREFIX
from rgbt_perception.evaluation.image_folders import match_folders
from rgbt_perception.evaluation.report import write_joint_report, write_report
from rgbt_perception.evaluation.scene_table import label_rows, label_table
from rgbt_perception.evaluation.table import metric_rows, notes, text_table


@click.command("evaluate")
@click.argument("run_dirs", metavar="[RUN_DIR...]", nargs=-1, type=click.Path(path_type=Path))
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
@click.option(
    "--images",
    metavar="VI_DIR IR_DIR FUSED_DIR",
    nargs=3,
    type=click.Path(path_type=Path),
    help="Instead of runs: fusion metrics of every picture in FUSED_DIR against the visible and "
    "the thermal picture of the same name.",
)
@click.option(
    "--json",
    "json_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="With --images: write the metrics here.",
)
@click.option("--per-image", is_flag=True, help="With --images: also those of each picture.")
def command(
    run_dirs: tuple[Path, ...],
    out: Path | None,
    median_scaled: bool,
    images: tuple[Path, Path, Path] | None,
    json_file: Path | None,
    per_image: bool,
) -> None:
    """Compare runs with the ground truth in the recordings they were made from.

    RUN_DIR is the --out folder of `rgbt replay`. Writes metrics.json and report.html.
    """
    if images is None:
        if json_file is not None or per_image:
            raise UsageError("--json and --per-image belong to --images; runs write metrics.json")
        if not run_dirs:
            raise UsageError("nothing to evaluate: expected RUN_DIR..., or --images")
        _evaluate_runs(run_dirs, out, median_scaled)
    elif run_dirs or out is not None or median_scaled:
        raise UsageError("--images stands alone: expected no RUN_DIR, --out or --median-scaled")
    else:
        _evaluate_images(images, json_file, per_image)


def _evaluate_images(
    folders: tuple[Path, Path, Path], json_file: Path | None, per_image: bool
) -> None:
    matched = match_folders(folders[:2], folders[2])
    with progress(f"evaluating {folders[2]}") as show:
        score = score_images(matched.sets, show)
    rows = score.images if per_image else {}
    click.echo(fusion_table({**rows, f"mean of {len(score.images)}": score.mean()}))
    if matched.unused:
        click.echo(f"{matched.unused} pairs have no fused picture and are not scored.")
    if json_file is not None:
        write_scores(json_file, score.tree(per_image))
        click.echo(f"wrote {json_file}")


def _evaluate_runs(run_dirs: tuple[Path, ...], out: Path | None, median_scaled: bool) -> None:
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
    if label_rows(metrics):
        click.echo("Labels against true ones, per cent, IoU by class:")
        click.echo(label_table(metrics))
    if "fusion" in metrics:
        click.echo("Fused pictures against their sources:")
        click.echo(fusion_table({f"mean of {metrics['fusion_frames']}": metrics["fusion"]}))
    for note in notes(metrics):
        click.echo(note)
    for path in written:
        click.echo(f"wrote {path}")
