"""`python -m rgbt_perception.training.int8`: a network in int8, if it is good enough."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import click

from rgbt_perception.cli.standalone import run_alone
from rgbt_perception.engines.choice import model_path
from rgbt_perception.engines.cpu import has_openvino
from rgbt_perception.engines.engine import Engine, Tensors
from rgbt_perception.engines.int8_file import int8_path
from rgbt_perception.engines.onnxruntime import OnnxRuntimeEngine
from rgbt_perception.engines.openvino import OpenVinoEngine
from rgbt_perception.engines.scene_exchange import INPUTS as SCENE_INPUTS
from rgbt_perception.errors import RgbtError, UsageError
from rgbt_perception.training.precision_cost import (
    Times,
    calibration_recordings,
    cost_lines,
    error_recordings,
    measured_errors,
    steps,
    times_in_turns,
)
from rgbt_perception.training.quantization import quantize
from rgbt_perception.training.quantization_data import calibration_samples
from rgbt_perception.training.quantization_errors import INT8, Step

_FILES = click.Path(path_type=Path, exists=True)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.argument("model")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="ONNX file to write; default NAME.int8.onnx beside the model, where it is looked for.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("data"),
    help="Folder of the recordings; what is missing there is simulated first.",
)
@click.option("--calibrate", type=_FILES, multiple=True, help="Recording instead of --data's.")
@click.option("--validate", type=_FILES, multiple=True, help="Simulated recording, likewise.")
@click.option("--depth-model", default="confidence_depth", help="That goes before a scene network.")
@click.option("--threads", type=click.IntRange(0), default=0, help="Of the timing, 0 = all cores.")
def command(
    model: str,
    out: Path | None,
    data: Path,
    calibrate: tuple[Path, ...],
    validate: tuple[Path, ...],
    depth_model: str,
    threads: int,
) -> None:
    """Write MODEL in int8 (explicit Q/DQ, also for TensorRT) if its error grows by 2 % at most.

    The error is abs_rel of the depth network. Of the scene network it is the share of wrong labels;
    its mIoU with both cameras and with each alone must not fall by more than 2 % either, nor its
    fused pictures differ by more than 2 % of the range. Ranges come from the first half of its
    recipe's validation recordings, errors from the second. How fast it is on this CPU is printed:
    whether that is worth it is decided by keeping the file.
    """
    if bool(calibrate) != bool(validate):
        raise UsageError("--calibrate and --validate: expected both or neither")
    path = model_path(model)
    out = out or int8_path(path)
    if not out.absolute().parent.is_dir():
        raise RgbtError(f"--out {out}: no such folder {out.absolute().parent}")
    plain = OnnxRuntimeEngine(path)
    is_scene = set(plain.inputs) == set(SCENE_INPUTS)
    if not calibrate:
        recipe = "scene" if is_scene else "confidence_depth"
        calibrate = calibration_recordings(recipe, data)
        validate = error_recordings(recipe, data)
    depth = OnnxRuntimeEngine(model_path(depth_model)) if is_scene else plain
    with tempfile.TemporaryDirectory(dir=out.absolute().parent) as folder:
        partial = Path(folder, out.name)
        with steps("calibrate", len(calibrate)) as step:
            samples = _stepping(calibrate, step)
            scene = plain if is_scene else None
            quantize(path, calibration_samples(samples, depth, scene), partial)
        with steps("compare", len(validate)) as step:
            figures = measured_errors(plain, OnnxRuntimeEngine(partial), depth, validate, step)
        first = next(islice(calibration_samples(calibrate, depth, scene), 1))
        times = _times(path, partial, first, threads)
        click.echo("\n".join(cost_lines(INT8, figures, times)))
        figures.check(path.stem, INT8)
        partial.replace(out)
    click.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


def _stepping(paths: Sequence[Path], step: Step) -> Iterator[Path]:
    for path in paths:
        yield path
        step()


def _times(model: Path, quantized: Path, inputs: Tensors, threads: int) -> dict[str, Times]:
    """Of the runtimes that are there, by name."""
    kinds: list[Callable[[Path, int], Engine]] = [
        OnnxRuntimeEngine,
        *([OpenVinoEngine] if has_openvino() else []),
    ]
    found = {}
    for kind in kinds:
        engine = kind(model, threads)
        found[engine.name] = times_in_turns(engine, kind(quantized, threads), inputs)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: of the command line, None = the process's.

    Returns:
        Exit code.
    """
    return run_alone(command, "int8", arguments)


if __name__ == "__main__":
    sys.exit(main())
