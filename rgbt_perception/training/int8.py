"""`python -m rgbt_perception.training.int8`: a network in int8, if it is good enough and faster."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from rgbt_perception.engines.choice import model_path
from rgbt_perception.engines.cpu import prefers_openvino
from rgbt_perception.engines.engine import Engine, Tensors
from rgbt_perception.engines.onnxruntime import OnnxRuntimeEngine
from rgbt_perception.engines.openvino import OpenVinoEngine
from rgbt_perception.engines.scene_exchange import INPUTS as SCENE_INPUTS
from rgbt_perception.errors import RgbtError
from rgbt_perception.training.quantization import (
    calibration_samples,
    check_difference,
    check_loss,
    depth_error,
    fused_difference,
    label_error,
    quantize,
)

_WARM_UP, _ROUNDS = 3, 30
_FILES = click.Path(path_type=Path, exists=True)


@dataclass(frozen=True)
class Figures:
    """What int8 costs and brings.

    Attributes:
        before, after: errors in float32 and in int8.
        fused: mean difference of the fused pictures, 0 to 1; 0 for a depth network.
        times_as_fast: by runtime.
    """

    before: float
    after: float
    fused: float
    times_as_fast: Mapping[str, float]


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.argument("model")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="ONNX file to write.")
@click.option("--calibrate", type=_FILES, multiple=True, required=True, help="Recording.")
@click.option("--validate", type=_FILES, multiple=True, required=True, help="Simulated recording.")
@click.option("--depth-model", default="confidence_depth", help="That goes before a scene network.")
@click.option("--threads", type=click.IntRange(0), default=0, help="Of the timing, 0 = all cores.")
def command(
    model: str,
    out: Path,
    calibrate: tuple[Path, ...],
    validate: tuple[Path, ...],
    depth_model: str,
    threads: int,
) -> None:
    """Write MODEL in int8 (explicit Q/DQ, also for TensorRT) if its error grows by 2 % at most.

    The error is abs_rel of the depth network, and the share of wrong labels of the scene network,
    whose fused pictures must not differ by more than 2 % of the range either. How fast it is on
    this CPU is printed: whether that is worth it is not decided here.
    """
    if not out.absolute().parent.is_dir():
        raise RgbtError(f"--out {out}: no such folder {out.absolute().parent}")
    path = model_path(model)
    with tempfile.TemporaryDirectory(dir=out.absolute().parent) as folder:
        partial = Path(folder, out.name)
        figures = try_int8(path, partial, calibrate, validate, model_path(depth_model), threads)
        click.echo(f"error in float32 {figures.before:.4f}, in int8 {figures.after:.4f}")
        if figures.fused:
            click.echo(f"fused pictures differ by {100 * figures.fused:.2f} % of the range")
        for runtime, ratio in figures.times_as_fast.items():
            click.echo(f"{runtime}: in int8 {ratio:.2f} times as fast")
        check_loss(path.stem, figures.before, figures.after)
        check_difference(path.stem, figures.fused)
        partial.replace(out)
    click.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


def try_int8(
    model: Path,
    out: Path,
    calibrate: Sequence[Path],
    validate: Sequence[Path],
    depth_model: Path,
    threads: int,
) -> Figures:
    """Write a model in int8 and compare both.

    Args:
        model: ONNX file in float32.
        out: ONNX file to write.
        calibrate, validate: recordings; those for validation with ground truth.
        depth_model: ONNX file, where ``model`` is a scene network.
        threads: of the timing, 0 = all cores.
    """
    plain = OnnxRuntimeEngine(model)
    is_scene = set(plain.inputs) == set(SCENE_INPUTS)
    depth = OnnxRuntimeEngine(depth_model) if is_scene else plain
    samples = list(calibration_samples(calibrate, depth, plain if is_scene else None))
    quantize(model, samples, out)
    quantized = OnnxRuntimeEngine(out)
    before, after = (
        label_error(validate, depth, engine) if is_scene else depth_error(validate, engine)
        for engine in (plain, quantized)
    )
    fused = fused_difference(validate, depth, plain, quantized) if is_scene else 0.0
    ratios = {
        plain.name: _times_as_fast(
            OnnxRuntimeEngine(model, threads), OnnxRuntimeEngine(out, threads), samples[0]
        )
    }
    if prefers_openvino(2):
        engine, other = OpenVinoEngine(model, threads), OpenVinoEngine(out, threads)
        ratios[engine.name] = _times_as_fast(engine, other, samples[0])
    return Figures(before, after, fused, ratios)


def _times_as_fast(engine: Engine, other: Engine, inputs: Tensors) -> float:
    """Median of the first one's time over the other's, in turns."""
    ratios = []
    for index in range(_WARM_UP + _ROUNDS):
        taken = []
        for one in (engine, other):
            started = time.perf_counter()
            one.run(inputs, one.outputs)
            taken.append(time.perf_counter() - started)
        if index >= _WARM_UP:
            ratios.append(taken[0] / taken[1])
    return float(np.median(ratios))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: of the command line, None = the process's.

    Returns:
        Exit code.
    """
    try:
        command.main(args=arguments, prog_name="int8", standalone_mode=False)
    except click.UsageError as error:
        click.echo(f"int8: {error.format_message()}", err=True)
        return 2
    except (KeyboardInterrupt, click.Abort):
        return 1
    except (RgbtError, OSError) as error:
        click.echo(f"int8: {error}", err=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
