"""`python -m rgbt_perception.evaluation.suite`: measures what the depth must hold."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from rgbt_perception.cli.progress import progress
from rgbt_perception.cli.standalone import run_alone
from rgbt_perception.config import EngineConfig
from rgbt_perception.engines.choice import make_engine
from rgbt_perception.errors import UsageError
from rgbt_perception.evaluation.suite.plan import MOST_TURNS, SCENES, Plan
from rgbt_perception.evaluation.suite.report import check_table, checks_of, write_results
from rgbt_perception.evaluation.suite.run import SECTIONS, measure


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--model", default="confidence_depth", help="Shipped model or ONNX file.")
@click.option("--first-seed", type=click.IntRange(0, 2**31 - 1000), default=900_000)
@click.option("--seeds-per-condition", type=click.IntRange(1, MOST_TURNS), default=4)
@click.option("--pairs", type=click.IntRange(1, 100), default=5, help="Of each recording.")
@click.option(
    "--scenes",
    default=",".join(SCENES),
    help="Separated by commas.",
)
@click.option("--data", type=click.Path(path_type=Path), default=Path("out/accuracy/data"))
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/accuracy"))
@click.option("--only", type=click.Choice(SECTIONS), multiple=True, help="May be repeated.")
@click.option("--processes", type=click.IntRange(1, 256), default=2, help="That render.")
def command(
    model: str,
    first_seed: int,
    seeds_per_condition: int,
    pairs: int,
    scenes: str,
    data: Path,
    out: Path,
    only: tuple[str, ...],
    processes: int,
) -> int:
    """Measure what the depth must hold on simulated recordings.

    Renders those that are missing to --data (extras: sim, train), prints a table a section and all
    checks, writes accuracy.json and accuracy.md to --out. Exit code 1 when a check fails.
    """
    plan = Plan(first_seed, seeds_per_condition, _scenes(scenes), pairs)
    engine = make_engine(EngineConfig(depth_model=model))
    sections = only or SECTIONS
    started = time.perf_counter()
    with progress("rendering") as rendering, progress("measuring") as measuring:
        results = measure(sections, plan, data, engine, processes, rendering, measuring)
    about = {
        "model": engine.model,
        "sha256": engine.digest,
        "engine": engine.name,
        "first_seed": first_seed,
        "seeds_per_condition": seeds_per_condition,
        "pairs_per_recording": pairs,
        "scenes": list(plan.scenes),
        "sections": [name for name in SECTIONS if name in results],
        "seconds": round(time.perf_counter() - started, 1),
    }
    written = write_results(out, about, results)
    for result in results.values():
        for table in result.tables:
            click.echo(table.text() + "\n")
    checks = checks_of(results)
    click.echo(check_table(checks).text())
    for path in written:
        click.echo(f"wrote {path}")
    return 0 if all(check.passed for check in checks) else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        Exit code: 0 all checks pass, 1 one fails or the work failed, 2 wrong use.
    """
    return run_alone(
        command, "accuracy", arguments, "interrupted; recordings that are finished are kept"
    )


def _scenes(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in SCENES:
            raise UsageError(f"--scenes: {name!r} is none of: {', '.join(SCENES)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
