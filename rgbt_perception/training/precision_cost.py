"""What fewer bits cost and bring: errors and times of a network before and after, as text."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rgbt_perception.cli.progress import progress
from rgbt_perception.engines.engine import Engine, Tensors
from rgbt_perception.resources import share
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


@dataclass(frozen=True)
class Times:
    """One runtime's, medians in milliseconds.

    Attributes:
        before, after: in float32 and in fewer bits.
        ratio: median of one over the other, call by call.
    """

    before: float
    after: float
    ratio: float


@dataclass(frozen=True)
class Figures:
    """What fewer bits cost and bring.

    Attributes:
        before, after: errors in float32 and in fewer bits.
        miou: of a scene network, in both, by estimate; empty for a depth network.
        fused: mean difference of the fused pictures, 0 to 1; 0 for a depth network.
    """

    before: float
    after: float
    miou: tuple[Mapping[str, float], Mapping[str, float]] = field(default=({}, {}))
    fused: float = 0.0

    def check(self, model: str, precision: str) -> None:
        """The gate.

        Args:
            model, precision: for the error.

        Raises:
            RgbtError: it costs too much; the line has the figures.
        """
        check_loss(model, self.before, self.after, precision)
        check_miou(model, *self.miou, precision)
        check_difference(model, self.fused, precision)


def calibration_recordings(recipe: str, folder: Path) -> tuple[Path, ...]:
    """For the ranges of int8: the first half of a recipe's validation recordings.

    Args:
        recipe: name of a shipped one.
        folder: of the recordings; what is missing there is simulated.
    """
    return _half(recipe, folder, 0)


def error_recordings(recipe: str, folder: Path) -> tuple[Path, ...]:
    """For the errors: the second half; see ``calibration_recordings``."""
    return _half(recipe, folder, 1)


def _half(recipe: str, folder: Path, number: int) -> tuple[Path, ...]:
    data = load_recipe(share(f"config/recipes/{recipe}.yaml")).data
    specs = list(recording_specs(data, data.validation))
    middle = len(specs) // 2
    half = specs[middle:] if number else specs[:middle]
    with progress("simulate") as show:
        return tuple(render_missing(half, folder, data.processes, show))


def measured_errors(
    plain: Engine, other: Engine, depth: Engine, recordings: Sequence[Path], step: Step
) -> Figures:
    """Errors of a network in float32 and in fewer bits.

    Args:
        plain, other: the network in both.
        depth: with the depth network; ``plain`` itself where that is the network.
        recordings: simulated ones.
        step: called for every recording that is done.
    """
    if depth is plain:
        error = depth_error(recordings, plain)
        return Figures(error, depth_error(recordings, other, step))
    (before, after), fused = scene_errors(recordings, depth, (plain, other), step)
    return Figures(before.wrong, after.wrong, (before.miou, after.miou), fused)


@contextmanager
def steps(what: str, total: int) -> Iterator[Step]:
    """A function to be called after each of so many steps."""
    done = 0
    with progress(what) as show:

        def step() -> None:
            nonlocal done
            done += 1
            show(done, total)

        yield step


def times_in_turns(engine: Engine, other: Engine, inputs: Tensors) -> Times:
    """Of the same inputs, executed by one and the other in turns."""
    taken = np.zeros((_WARM_UP + _ROUNDS, 2))
    for row in taken:
        for place, one in enumerate((engine, other)):
            started = time.perf_counter()
            one.run(inputs, one.outputs)
            row[place] = (time.perf_counter() - started) * 1e3
    taken = taken[_WARM_UP:]
    before, after = np.median(taken, axis=0)
    return Times(float(before), float(after), float(np.median(taken[:, 0] / taken[:, 1])))


def cost_lines(precision: str, figures: Figures, times: Mapping[str, Times]) -> Iterator[str]:
    """What was found, for a terminal.

    Args:
        precision: e.g. ``int8``.
        figures: errors.
        times: by runtime.
    """
    yield f"error in float32 {figures.before:.4f}, in {precision} {figures.after:.4f}"
    before, after = figures.miou
    for name, value in before.items():
        yield f"mIoU, {name}: in float32 {value:.4f}, in {precision} {after.get(name, 0.0):.4f}"
    if before:
        yield f"fused pictures differ by {100 * figures.fused:.2f} % of the range"
    for runtime, taken in times.items():
        yield (
            f"{runtime}: {taken.before:.1f} ms in float32, {taken.after:.1f} ms in {precision}, "
            f"{taken.ratio:.2f} times as fast"
        )
