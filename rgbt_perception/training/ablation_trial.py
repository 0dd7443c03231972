"""One row of an ablation: trained, scored and kept, so that the same command goes on."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from rgbt_perception.errors import InputError
from rgbt_perception.models.confidence_depth import ConfidenceDepth
from rgbt_perception.models.scene import Scene
from rgbt_perception.training.checkpoint import read_checkpoint
from rgbt_perception.training.fit import LAST, fit
from rgbt_perception.training.recipe_file import Recipe
from rgbt_perception.training.systems import Sources

RESULT = "result.json"

Result = dict[str, Any]
"""``description``, ``settings`` (digest), ``parameters`` and ``scores`` of a variant."""

Network = ConfidenceDepth | Scene


@dataclass(frozen=True)
class Trial:
    """What is trained.

    Attributes:
        name: of the variant, also of its folder.
        description: what is different, for the reader of the table.
        settings: the whole recipe.
        digest: of all that decides the result, see ``settings_digest``.
    """

    name: str
    description: str
    settings: Recipe
    digest: str


def settings_digest(
    settings: Recipe,
    weights: Mapping[str, torch.Tensor],
    training: Sources,
    validation: Sources,
) -> str:
    """SHA-256 of all that decides a result.

    Args:
        settings: the whole recipe.
        weights: that the training begins with.
        training, validation: opened recordings.
    """
    names = [[(item.name, len(item)) for item in group] for group in (training, validation)]
    # Where the weights lie does not matter, they themselves do.
    text = json.dumps([asdict(replace(settings, start_from="")), names], sort_keys=True)
    digest = hashlib.sha256(text.encode())
    for name, value in weights.items():
        digest.update(name.encode() + value.contiguous().numpy().tobytes())
    return digest.hexdigest()


def outcome(
    trial: Trial,
    training: Sources,
    validation: Sources,
    out: Path,
    score: Callable[[Network], Mapping[str, float]],
    headline: str,
) -> Result:
    """Train and score one variant, unless its result is there; go on if it was interrupted.

    Args:
        trial: what to train.
        training, validation: opened recordings.
        out: its folder: checkpoint and result.
        score: of the finished network.
        headline: the score that is printed.

    Raises:
        InputError: the result that is there is one of other settings.
        KeyboardInterrupt: after the checkpoint was written.
    """
    path = out / RESULT
    if path.exists():
        kept: Result = json.loads(path.read_text(encoding="utf-8"))
        if kept["settings"] != trial.digest:
            raise InputError(
                f"{path}: was made with another recipe, start or number of steps; choose another "
                "--out"
            )
        print(f"{trial.name}: there already")
        return kept

    def show(done: int, total: int) -> None:
        if done % 50 == 0 or done == total:
            print(f"{trial.name}: step {done} of {total}", file=sys.stderr)

    resume = (out / LAST).exists()
    last = fit(
        trial.settings, trial.digest, training, validation, out, resume=resume, progress=show
    )
    network = read_checkpoint(last).network()
    result: Result = {
        "description": trial.description,
        "settings": trial.digest,
        "parameters": sum(p.numel() for p in network.parameters()),
        "scores": dict(score(network)),
    }
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)
    print(f"{trial.name}: {headline} {result['scores'][headline]:.4f}", flush=True)
    return result
