"""`python -m rgbt_perception.training.bf16`: what bf16 costs and brings on this CPU."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import click
import numpy as np

from rgbt_perception.cli.standalone import run_alone
from rgbt_perception.engines.choice import model_path
from rgbt_perception.engines.engine import Engine, Tensors
from rgbt_perception.engines.identity import BF16, identity
from rgbt_perception.engines.openvino import OpenVinoEngine
from rgbt_perception.engines.plan_builder import Precision
from rgbt_perception.engines.scene_exchange import INPUTS as SCENE_INPUTS
from rgbt_perception.errors import RgbtError
from rgbt_perception.training.precision_cost import (
    cost_lines,
    error_recordings,
    measured_errors,
    steps,
    times_in_turns,
)
from rgbt_perception.training.quantization_data import calibration_samples


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.argument("model")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("data"),
    help="Folder of the recordings; what is missing there is simulated first.",
)
@click.option(
    "--validate",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="Simulated recording instead of --data's.",
)
@click.option("--depth-model", default="confidence_depth", help="That goes before a scene network.")
@click.option("--threads", type=click.IntRange(0), default=0, help="0 = all cores.")
def command(
    model: str, data: Path, validate: tuple[Path, ...], depth_model: str, threads: int
) -> None:
    """Compare MODEL in bf16 with float32, both with OpenVINO: errors, then times in turns.

    Errors and limits are those of `python -m rgbt_perception.training.int8`; beyond a limit the
    exit code is not 0. Nothing is written: the file is the same in both.
    """
    path = model_path(model)
    plain, other = (OpenVinoEngine(path, threads, bf16) for bf16 in (False, True))
    if (stored := identity(plain).precision) != Precision.FP32.value:
        raise RgbtError(f"model {path}: is in {stored}; expected one in fp32")
    is_scene = set(plain.inputs) == set(SCENE_INPUTS)
    depth = OpenVinoEngine(model_path(depth_model), threads) if is_scene else plain
    if not validate:
        recipe = "scene" if is_scene else "confidence_depth"
        validate = error_recordings(recipe, data)
    with steps("compare", len(validate)) as step:
        figures = measured_errors(plain, other, depth, validate, step)
    samples = calibration_samples(validate[:1], depth, plain if is_scene else None)
    inputs = next(islice(samples, 1))
    times = times_in_turns(plain, other, inputs)
    click.echo("\n".join(cost_lines(BF16, figures, {plain.name: times})))
    if not is_scene:
        click.echo(_depth_line(plain, other, inputs))
    figures.check(path.stem, BF16)


def _depth_line(plain: Engine, other: Engine, inputs: Tensors) -> str:
    """How far the depths of one pair lie apart: abs_rel says nothing of their roughness."""
    depths = (engine.run(inputs, ["depth"])["depth"] for engine in (plain, other))
    before, after = depths
    known = (before > 0) & np.isfinite(before)
    if not known.any():
        return "depths: none known"
    half, most = np.percentile(np.abs(after[known] / before[known] - 1) * 100, (50, 90))
    return f"depths of one pair differ by {half:.2f} % (median), {most:.2f} % (90th percentile)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: of the command line, None = the process's.

    Returns:
        Exit code.
    """
    return run_alone(command, "bf16", arguments)


if __name__ == "__main__":
    sys.exit(main())
