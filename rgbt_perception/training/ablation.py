r"""What each part of the fusion is worth: the same training without it, scored on the same pairs.

    python -m rgbt_perception.training.ablation --start confidence_depth --data data \
        --recipe config/recipes/confidence_depth_fusion.yaml --steps 1000 --out runs/ablation

The coarse networks come trained and stay as they are. All else is trained anew for every variant,
with one seed, so that all variants see the same pairs in the same order. Writes ``ablation.json``
and ``ablation.md``; a variant whose result is there is not trained again, one that was interrupted
goes on.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch.utils.data import DataLoader

from rgbt_perception.errors import InputError
from rgbt_perception.models.confidence_depth import ConfidenceDepth
from rgbt_perception.training.ablation_command import Ablation, Order, command, unseen
from rgbt_perception.training.ablation_trial import (
    Network,
    Result,
    Trial,
    outcome,
    settings_digest,
)
from rgbt_perception.training.ablation_variants import COARSE, VARIANTS, Variant, variant_recipe
from rgbt_perception.training.checkpoint import write_weights
from rgbt_perception.training.dataset import ValidationPairs
from rgbt_perception.training.depth_scores import DepthScores
from rgbt_perception.training.gather import gather_recordings
from rgbt_perception.training.joined_pairs import collate
from rgbt_perception.training.pair_cache import CachedRecording
from rgbt_perception.training.recipe import RecipeConfig
from rgbt_perception.training.recipe_file import load_recipe
from rgbt_perception.training.starting_weights import load_start

START = "start.ckpt"

_COLUMNS = {
    "fused": "abs_rel_fused",
    "ungated": "abs_rel_ungated",
    "RGB alone": "abs_rel_rgb",
    "thermal alone": "abs_rel_thermal",
    "keep70": "abs_rel_keep70",
}


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
        digest = settings_digest(settings, weights, training, validation)

        def score(network: Network, settings: RecipeConfig = settings) -> dict[str, float]:
            assert isinstance(network, ConfidenceDepth), "its recipe is one of the depth network"
            return _scores(network, settings, validation)

        results[variant.name] = outcome(
            Trial(variant.name, variant.description, settings, digest),
            training,
            validation,
            out / variant.name,
            score,
            "abs_rel_fused",
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


def _work(order: Order) -> Ablation:
    recipe = load_recipe(order.recipe)
    if not isinstance(recipe, RecipeConfig):
        raise InputError(f"--recipe {order.recipe}: expected one of the depth network")
    training, validation = gather_recordings(recipe, order.data, unseen, print)
    results = ablate(recipe, order.start, order.steps, training, validation, order.out)
    return Ablation(recipe, training, validation, results, table(results))


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    about = "Train the fusion without each of its parts and compare."
    return command(words, "ablation", about, "the coarse networks", _work)


if __name__ == "__main__":
    sys.exit(main())
