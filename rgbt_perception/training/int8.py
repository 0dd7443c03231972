"""`python -m rgbt_perception.training.int8`: a network in int8, if it is good enough."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import click
import numpy as np

from rgbt_perception.cli.progress import progress
from rgbt_perception.cli.standalone import run_alone
from rgbt_perception.engines.choice import model_path
from rgbt_perception.engines.cpu import has_openvino
from rgbt_perception.engines.engine import Engine, Tensors
from rgbt_perception.engines.int8_file import int8_path
from rgbt_perception.engines.onnxruntime import OnnxRuntimeEngine
from rgbt_perception.engines.openvino import OpenVinoEngine
from rgbt_perception.engines.scene_exchange import INPUTS as SCENE_INPUTS
from rgbt_perception.errors import RgbtError, UsageError
from rgbt_perception.resources import share
from rgbt_perception.training.quantization import quantize
from rgbt_perception.training.quantization_data import calibration_samples
from rgbt_perception.training.quantization_errors import (
    Step,
    check_difference,
    check_loss,
    check_miou,
    depth_error,
    scene_errors,
)
from rgbt_perception.training.recipe_file import load_recipe
from rgbt_perception.training.recordings import recording_specs, render_missing

_WARM_UP, _ROUNDS = 3, 30
_FILES = click.Path(path_type=Path, exists=True)


@dataclass(frozen=True)
class Times:
    """One runtime's, medians in milliseconds.

    Attributes:
        before, after: in float32 and in int8.
        ratio: median of one over the other, call by call.
    """

    before: float
    after: float
    ratio: float


@dataclass(frozen=True)
class Figures:
    """What int8 costs and brings.

    Attributes:
        before, after: errors in float32 and in int8.
        miou: of a scene network in float32 and in int8, by estimate; empty for a depth network.
        fused: mean difference of the fused pictures, 0 to 1; 0 for a depth network.
    """

    before: float
    after: float
    miou: tuple[Mapping[str, float], Mapping[str, float]] = field(default=({}, {}))
    fused: float = 0.0

    def check(self, model: str) -> None:
        """The gate.

        Raises:
            RgbtError: int8 costs too much; the line has the figures.
        """
        check_loss(model, self.before, self.after)
        check_miou(model, *self.miou)
        check_difference(model, self.fused)


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
        calibrate, validate = _validation_recordings(recipe, data)
    depth = OnnxRuntimeEngine(model_path(depth_model)) if is_scene else plain
    with tempfile.TemporaryDirectory(dir=out.absolute().parent) as folder:
        partial = Path(folder, out.name)
        with _steps("calibrate", len(calibrate)) as step:
            samples = _stepping(calibrate, step)
            scene = plain if is_scene else None
            quantize(path, calibration_samples(samples, depth, scene), partial)
        with _steps("compare", len(validate)) as step:
            figures = _errors(plain, OnnxRuntimeEngine(partial), depth, validate, step)
        first = next(islice(calibration_samples(calibrate, depth, scene), 1))
        times = _times(path, partial, first, threads)
        _tell(figures, times)
        figures.check(path.stem)
        partial.replace(out)
    click.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


def _validation_recordings(recipe: str, folder: Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Of a shipped recipe: one half for the ranges, the other for the errors."""
    data = load_recipe(share(f"config/recipes/{recipe}.yaml")).data
    specs = list(recording_specs(data, data.validation))
    with progress("simulate") as show:
        paths = render_missing(specs, folder, data.processes, show)
    middle = len(paths) // 2
    return tuple(paths[:middle]), tuple(paths[middle:])


def _errors(
    plain: Engine, quantized: Engine, depth: Engine, recordings: Sequence[Path], step: Step
) -> Figures:
    if depth is plain:
        error = depth_error(recordings, plain)
        return Figures(error, depth_error(recordings, quantized, step))
    (before, after), fused = scene_errors(recordings, depth, (plain, quantized), step)
    return Figures(before.wrong, after.wrong, (before.miou, after.miou), fused)


@contextmanager
def _steps(what: str, total: int) -> Iterator[Step]:
    """A function to be called after each of so many steps."""
    done = 0
    with progress(what) as show:

        def step() -> None:
            nonlocal done
            done += 1
            show(done, total)

        yield step


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
        found[engine.name] = _in_turns(engine, kind(quantized, threads), inputs)
    return found


def _in_turns(engine: Engine, other: Engine, inputs: Tensors) -> Times:
    taken = np.zeros((_WARM_UP + _ROUNDS, 2))
    for row in taken:
        for place, one in enumerate((engine, other)):
            started = time.perf_counter()
            one.run(inputs, one.outputs)
            row[place] = (time.perf_counter() - started) * 1e3
    taken = taken[_WARM_UP:]
    before, after = np.median(taken, axis=0)
    return Times(float(before), float(after), float(np.median(taken[:, 0] / taken[:, 1])))


def _tell(figures: Figures, times: Mapping[str, Times]) -> None:
    click.echo(f"error in float32 {figures.before:.4f}, in int8 {figures.after:.4f}")
    before, after = figures.miou
    for name, value in before.items():
        click.echo(f"mIoU, {name}: in float32 {value:.4f}, in int8 {after.get(name, 0.0):.4f}")
    if before:
        click.echo(f"fused pictures differ by {100 * figures.fused:.2f} % of the range")
    for runtime, taken in times.items():
        click.echo(
            f"{runtime}: {taken.before:.1f} ms in float32, {taken.after:.1f} ms in int8, "
            f"{taken.ratio:.2f} times as fast"
        )


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
