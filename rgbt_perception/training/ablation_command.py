"""What the commands of the ablations share: their words, their files and their exit codes."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from rgbt_perception.errors import RgbtError, UsageError
from rgbt_perception.training.ablation_trial import Result
from rgbt_perception.training.recipe_file import Recipe
from rgbt_perception.training.systems import Sources

SUMMARY = "ablation.json"
TABLE = "ablation.md"


@dataclass(frozen=True)
class Order:
    """The command's words.

    Attributes:
        start: checkpoint, ONNX file or shipped model with the weights that all variants begin with.
        data: folder of the recordings.
        recipe: file.
        steps: optimiser steps for each variant.
        out: folder of the results.
    """

    start: str
    data: Path
    recipe: Path
    steps: int
    out: Path


@dataclass(frozen=True)
class Ablation:
    """What came out.

    Attributes:
        recipe: of all variants.
        training, validation: opened recordings.
        results: by the variant's name.
        text: the table in Markdown.
    """

    recipe: Recipe
    training: Sources
    validation: Sources
    results: Mapping[str, Result]
    text: str


def command(
    words: Sequence[str] | None,
    module: str,
    about: str,
    started_with: str,
    work: Callable[[Order], Ablation],
) -> int:
    """Run an ablation, print its table, write ``ablation.json`` and ``ablation.md``.

    Args:
        words: of the command line; default this process's own.
        module: last part of its name.
        about: what the command does.
        started_with: which weights --start gives.
        work: trains and scores.

    Returns:
        Exit code: 0 done, 1 the work failed or was interrupted, 2 wrong use.
    """
    order = _order(words, module, about, started_with)
    try:
        made = work(order)
    except RgbtError as error:
        print(f"{module}: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        print(f"{module}: interrupted; the same command goes on", file=sys.stderr)
        return 1
    recipe, training, validation = made.recipe, made.training, made.validation
    summary = {
        "recipe": recipe.name,
        "start": order.start,
        "steps": order.steps,
        "batch": recipe.schedule.batch,
        "seed": recipe.seed,
        "size": [recipe.width, recipe.height],
        "training": {"recordings": len(training), "pairs": sum(map(len, training))},
        "validation": {"recordings": len(validation), "pairs": sum(map(len, validation))},
        "variants": made.results,
    }
    (order.out / SUMMARY).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    (order.out / TABLE).write_text(made.text, encoding="utf-8")
    print(made.text, end="")
    return 0


def unseen(what: str) -> AbstractContextManager[Callable[[int, int], None]]:
    """Progress that nobody is shown."""
    return nullcontext(lambda done, total: None)


def _order(words: Sequence[str] | None, module: str, about: str, started_with: str) -> Order:
    parser = argparse.ArgumentParser(
        prog=f"python -m rgbt_perception.training.{module}", description=about
    )
    parser.add_argument(
        "--start",
        required=True,
        help=f"checkpoint, ONNX file or shipped model: weights of {started_with}",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the recordings")
    parser.add_argument("--recipe", type=Path, required=True, help="recipe file")
    parser.add_argument("--steps", type=int, required=True, help="optimiser steps per variant")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    found = parser.parse_args(words)
    if found.steps < 1:
        parser.error(f"--steps {found.steps}: expected at least 1")
    return Order(found.start, found.data, found.recipe, found.steps, found.out)
