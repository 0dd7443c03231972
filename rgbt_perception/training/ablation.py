r"""What each part of the fusion is worth: the same training without it, scored on the same pairs.

    python -m rgbt_perception.training.ablation --start confidence_depth --data data \
        --recipe config/recipes/confidence_depth_fusion.yaml --steps 1000 --out runs/ablation

The coarse networks come trained and stay as they are. All else is trained anew for every variant,
with one seed, so that all variants see the same pairs in the same order. Writes ``ablation.json``
and ``ablation.md``; a variant whose result is there is not trained again, one that was interrupted
goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from rgbt_perception.errors import InputError, RgbtError, UsageError
from rgbt_perception.models.confidence_depth import ConfidenceDepth
from rgbt_perception.training.ablation_variants import COARSE, VARIANTS, Variant, variant_recipe
from rgbt_perception.training.checkpoint import read_checkpoint, write_weights
from rgbt_perception.training.dataset import ValidationPairs
from rgbt_perception.training.depth_scores import DepthScores
from rgbt_perception.training.fit import LAST, fit
from rgbt_perception.training.gather import gather_recordings
from rgbt_perception.training.joined_pairs import collate
from rgbt_perception.training.pair_cache import CachedRecording
from rgbt_perception.training.recipe import RecipeConfig
from rgbt_perception.training.recipe_file import load_recipe
from rgbt_perception.training.starting_weights import load_start

START = "start.ckpt"
RESULT = "result.json"
SUMMARY = "ablation.json"
TABLE = "ablation.md"

_COLUMNS = {
    "fused": "abs_rel_fused",
    "ungated": "abs_rel_ungated",
    "RGB alone": "abs_rel_rgb",
    "thermal alone": "abs_rel_thermal",
    "keep70": "abs_rel_keep70",
}

Result = dict[str, Any]


def ablate(
    recipe: RecipeConfig,
    start: str,
    steps: int,
    training: Sequence[CachedRecording],
    validation: Sequence[CachedRecording],
    out: Path,
    variants: Sequence[Variant] = VARIANTS,
) -> dict[str, Result]:
    """Train and score every variant.

    Args:
        recipe: see ``variant_recipe``.
        start: checkpoint, ONNX file or name of a shipped model with the coarse networks' weights.
        steps: optimiser steps for each.
        training, validation: opened recordings.
        out: folder; ``OUT/VARIANT`` keeps each one's checkpoint and result.
        variants: what is compared.

    Returns:
        Result by the variant's name: description, settings (digest), parameters, scores.

    Raises:
        InputError: weights that do not fit, or results of other settings in ``out``.
        KeyboardInterrupt: after the checkpoint was written.
    """
    weights = _coarse_weights(recipe, start)
    out.mkdir(parents=True, exist_ok=True)
    write_weights(out / START, weights)
    results = {}
    for variant in variants:
        settings = variant_recipe(recipe, variant, steps, str(out / START))
        digest = _digest(settings, weights, training, validation)
        results[variant.name] = _result(
            variant, settings, digest, training, validation, out / variant.name
        )
    return results


def table(results: Mapping[str, Result]) -> str:
    """The results in Markdown; ``change`` is that of the fused depth against the first row."""
    head = ["variant", "what is different", *_COLUMNS, "change"]
    lines = [" | ".join(head), " | ".join(["---"] * 2 + ["---:"] * (len(head) - 2))]
    reference = next(iter(results.values()))["scores"]["abs_rel_fused"]
    for name, result in results.items():
        scores = result["scores"]
        change = scores["abs_rel_fused"] / reference - 1
        numbers = [f"{scores[key]:.4f}" for key in _COLUMNS.values()]
        lines.append(" | ".join([name, result["description"], *numbers, f"{100 * change:+.1f} %"]))
    return "".join(f"| {line} |\n" for line in lines)


def _coarse_weights(recipe: RecipeConfig, start: str) -> dict[str, torch.Tensor]:
    # The weights replace those of the folder, which may not be here.
    network = ConfidenceDepth(replace(recipe.network, backbone_weights=""))
    missing = set(COARSE) & set(load_start(network, start, COARSE))
    if missing:
        raise InputError(f"--start {start}: has no weights for {', '.join(sorted(missing))}")
    return {n: v for n, v in network.state_dict().items() if n.split(".")[0] in COARSE}


def _digest(
    settings: RecipeConfig,
    weights: Mapping[str, torch.Tensor],
    training: Sequence[CachedRecording],
    validation: Sequence[CachedRecording],
) -> str:
    """SHA-256 of all that decides a result."""
    names = [[(item.name, len(item)) for item in group] for group in (training, validation)]
    # Where the weights lie does not matter, they themselves do.
    text = json.dumps([asdict(replace(settings, start_from="")), names], sort_keys=True)
    digest = hashlib.sha256(text.encode())
    for name, value in weights.items():
        digest.update(name.encode() + value.contiguous().numpy().tobytes())
    return digest.hexdigest()


def _result(
    variant: Variant,
    settings: RecipeConfig,
    digest: str,
    training: Sequence[CachedRecording],
    validation: Sequence[CachedRecording],
    out: Path,
) -> Result:
    path = out / RESULT
    if path.exists():
        result: Result = json.loads(path.read_text(encoding="utf-8"))
        if result["settings"] != digest:
            raise InputError(
                f"{path}: was made with another recipe, start or number of steps; choose another "
                "--out"
            )
        print(f"{variant.name}: there already")
        return result

    def show(done: int, total: int) -> None:
        if done % 50 == 0 or done == total:
            print(f"{variant.name}: step {done} of {total}", file=sys.stderr)

    resume = (out / LAST).exists()
    last = fit(settings, digest, training, validation, out, resume=resume, progress=show)
    network = read_checkpoint(last).network()
    assert isinstance(network, ConfidenceDepth), "its recipe is one of the depth network"
    result = {
        "description": variant.description,
        "settings": digest,
        "parameters": sum(p.numel() for p in network.parameters()),
        "scores": _scores(network, settings, validation),
    }
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)
    print(f"{variant.name}: abs_rel {result['scores']['abs_rel_fused']:.4f}")
    return result


def _scores(
    network: ConfidenceDepth, settings: RecipeConfig, validation: Sequence[CachedRecording]
) -> dict[str, float]:
    """Scores of the finished network; a run that was resumed at its end has none of its own."""
    scores = DepthScores(settings.height)
    pairs = ValidationPairs(validation, settings.width, settings.height)
    with torch.inference_mode():
        for batch in DataLoader(pairs, batch_size=settings.schedule.batch, collate_fn=collate):
            closed = replace(batch.inputs, gate=torch.zeros_like(batch.inputs.gate))
            scores.add(batch, network(batch.inputs), network(closed))
    return scores.result()


def _unseen(what: str) -> AbstractContextManager[Callable[[int, int], None]]:
    """Progress that nobody is shown."""
    return nullcontext(lambda done, total: None)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m rgbt_perception.training.ablation",
        description="Train the fusion without each of its parts and compare.",
    )
    parser.add_argument(
        "--start",
        required=True,
        help="checkpoint, ONNX file or shipped model: weights of the coarse networks",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the recordings")
    parser.add_argument("--recipe", type=Path, required=True, help="recipe file")
    parser.add_argument("--steps", type=int, required=True, help="optimiser steps per variant")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    arguments = parser.parse_args(words)
    if arguments.steps < 1:
        parser.error(f"--steps {arguments.steps}: expected at least 1")
    return arguments


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    arguments = _arguments(words)
    out: Path = arguments.out
    try:
        recipe = load_recipe(arguments.recipe)
        if not isinstance(recipe, RecipeConfig):
            raise InputError(f"--recipe {arguments.recipe}: expected one of the depth network")
        training, validation = gather_recordings(recipe, arguments.data, _unseen, print)
        results = ablate(recipe, arguments.start, arguments.steps, training, validation, out)
    except RgbtError as error:
        print(f"ablation: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        print("ablation: interrupted; the same command goes on", file=sys.stderr)
        return 1
    summary = {
        "recipe": recipe.name,
        "start": arguments.start,
        "steps": arguments.steps,
        "batch": recipe.schedule.batch,
        "seed": recipe.seed,
        "size": [recipe.width, recipe.height],
        "training": {"recordings": len(training), "pairs": sum(map(len, training))},
        "validation": {"recordings": len(validation), "pairs": sum(map(len, validation))},
        "variants": results,
    }
    (out / SUMMARY).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    text = table(results)
    (out / TABLE).write_text(text, encoding="utf-8")
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
