"""`rgbt export`: a checkpoint as one ONNX file."""

from __future__ import annotations

from pathlib import Path

import click

from rgbt_perception.cli.sizes import SIZE
from rgbt_perception.errors import RgbtError


@click.command(short_help="Write a trained network as ONNX.")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="ONNX file to write.")
@click.option(
    "--size",
    type=SIZE,
    default=(320, 256),
    show_default="320x256",
    help="Network size, multiples of 64.",
)
def command(checkpoint: Path, out: Path, size: tuple[int, int]) -> None:
    """Write CHECKPOINT as ONNX (opset 18, weights inside) and compare it with torch."""
    width, height = size
    try:
        from rgbt_perception.training.checkpoint import read_checkpoint
        from rgbt_perception.training.export import export_onnx
    except ModuleNotFoundError as error:
        raise RgbtError(
            f"{error.name} is not installed; export needs: pip install 'rgbt_perception[train]'"
        ) from None
    trained = read_checkpoint(checkpoint)
    difference = export_onnx(
        trained.network(),
        out,
        height,
        width,
        {"recipe_sha256": trained.recipe_sha256, "steps": str(trained.step)},
    )
    click.echo(
        f"{out}: {width}x{height}, {out.stat().st_size / 1e6:.1f} MB, "
        f"differs from torch by at most {difference:.1e} (relative)"
    )
