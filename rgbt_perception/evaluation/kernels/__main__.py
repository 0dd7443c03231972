"""`python -m rgbt_perception.evaluation.kernels`: every step against its bandwidth bound."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import cv2

from rgbt_perception.cli.sizes import SIZE
from rgbt_perception.cli.standalone import run_alone
from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.benchmark.resources import machine
from rgbt_perception.evaluation.kernels.kernel import FAR_FROM_BOUND, Figures, measure
from rgbt_perception.evaluation.kernels.kernels import kernels
from rgbt_perception.evaluation.kernels.pictures import make_pictures
from rgbt_perception.evaluation.table import in_columns

_HEAD = (
    "kernel",
    "does",
    "MB",
    "p10 ms",
    "p50 ms",
    "p90 ms",
    "plain ms",
    "copy ms",
    "copy GB/s",
    "ratio",
)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--rgb-size", type=SIZE, default="640x512")
@click.option("--thermal-size", type=SIZE, default="640x512")
@click.option("--network", type=SIZE, default="320x256", help="Size of the networks.")
@click.option("--repeats", type=click.IntRange(3, 100_000), default=100)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures.")
def command(
    rgb_size: tuple[int, int],
    thermal_size: tuple[int, int],
    network: tuple[int, int],
    repeats: int,
    json_file: Path | None,
) -> None:
    """Time every step around the networks on one core.

    Beside each stands a copy, in the same seconds, that moves as many bytes as the step's inputs
    and results have: what no implementation can save; "plain" is the time without the compiled
    loop, where the step has one. A note says why a step takes more than three times as long as the
    copy.
    """
    if json_file is not None and not json_file.absolute().parent.is_dir():
        raise RgbtError(f"--json {json_file}: no such folder {json_file.absolute().parent}")
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        pictures = make_pictures(rgb_size, thermal_size, network)
        figures = [measure(kernel, repeats) for kernel in kernels(pictures)]
    finally:
        cv2.setNumThreads(threads)
    click.echo(machine())
    click.echo(_table(figures))
    for item in figures:
        if item.note:
            click.echo(f"{item.kernel.name}: more than {FAR_FROM_BOUND:g} times, {item.note}.")
    if json_file is not None:
        result: dict[str, Any] = {
            "machine": machine(),
            "repeats": repeats,
            "kernels": [item.as_json() for item in figures],
        }
        json_file.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _table(figures: Sequence[Figures]) -> str:
    return in_columns([_HEAD, *(_row(item) for item in figures)])


def _row(item: Figures) -> tuple[str, ...]:
    return (
        item.kernel.name,
        item.kernel.does,
        f"{item.kernel.bytes_moved / 1e6:.1f}",
        *(f"{value:.3f}" for value in item.milliseconds),
        "" if item.plain_ms is None else f"{item.plain_ms:.3f}",
        f"{item.copy_ms:.3f}",
        f"{item.copy_gb_per_s:.1f}",
        f"{item.ratio:.1f}",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: of the command line, None = the process's.

    Returns:
        Exit code.
    """
    return run_alone(command, "kernels", arguments)


if __name__ == "__main__":
    sys.exit(main())
