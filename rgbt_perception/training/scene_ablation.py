r"""What each part of system D is worth: the same training without it, scored on the same pairs.

    python -m rgbt_perception.training.scene_ablation --start runs/scene/last.ckpt --data data \
        --recipe config/recipes/scene_ablation.yaml --steps 240 --out runs/scene_ablation

The segmentation network begins with the weights of a training and goes on learning, the fusion
network learns anew; one seed, so that all variants see the same pairs in the same order. Writes
``ablation.json`` and ``ablation.md``, the whole of docs/scene_ablation.md but what is to be said of
it; a variant whose result is there is not trained again, one that was interrupted goes on.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.fusion_metrics import fusion_metrics
from rgbt_perception.evaluation.fusion_scores import FusionScore
from rgbt_perception.models.scene import Scene, ScenePrediction, luminance_and_chroma
from rgbt_perception.models.scene_config import SceneConfig
from rgbt_perception.training.ablation_command import Ablation, Order, command, unseen
from rgbt_perception.training.ablation_trial import (
    Network,
    Result,
    Trial,
    outcome,
    settings_digest,
)
from rgbt_perception.training.ablation_variants import Variant
from rgbt_perception.training.checkpoint import write_weights
from rgbt_perception.training.gather import gather
from rgbt_perception.training.joined_pairs import collate
from rgbt_perception.training.recipe_file import load_recipe
from rgbt_perception.training.scene_ablation_variants import (
    SCENE_VARIANTS,
    SEGMENTATION,
    fitted_weights,
    scene_variant_recipe,
)
from rgbt_perception.training.scene_dataset import SceneBatch, ValidationScenes
from rgbt_perception.training.scene_pair import SceneSource
from rgbt_perception.training.scene_recipe import SceneRecipe
from rgbt_perception.training.scene_scores import VARIANTS as INPUTS
from rgbt_perception.training.scene_scores import SceneScores, variant_of
from rgbt_perception.training.starting_weights import load_start
from rgbt_perception.training.systems import Sources

START = "start.ckpt"

_LABEL_COLUMNS = {
    "mIoU": "miou_fused",
    "RGB alone": "miou_rgb",
    "thermal alone": "miou_thermal",
    "person": "person_fused",
}
_FUSION_COLUMNS = {"MI": 2, "VIF": 3, "Qabf": 3, "SSIM": 3, "SCD": 3, "CC": 3, "AG": 2} | {
    "EN": 2,
    "SD": 1,
}


def ablate_scene(
    recipe: SceneRecipe,
    start: str,
    steps: int,
    training: Sources,
    validation: Sequence[SceneSource],
    out: Path,
    variants: Sequence[Variant],
) -> dict[str, Result]:
    """Train and score every variant.

    Args:
        recipe: see ``scene_variant_recipe``.
        start: checkpoint or ONNX file with a segmentation network as shipped.
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
    weights = _segmentation_weights(start)
    results = {}
    for variant in variants:
        place = out / variant.name
        place.mkdir(parents=True, exist_ok=True)
        settings = scene_variant_recipe(recipe, variant, steps, str(place / START))
        write_weights(place / START, fitted_weights(weights, Scene(settings.network)))
        digest = settings_digest(settings, weights, training, validation)

        def score(network: Network, settings: SceneRecipe = settings) -> dict[str, float]:
            assert isinstance(network, Scene), "its recipe is one of system D"
            return scene_scores(network, settings, validation)

        trial = Trial(variant.name, variant.description, settings, digest)
        results[variant.name] = outcome(trial, training, validation, place, score, "miou_fused")
    return results


def scene_scores(
    network: Scene, settings: SceneRecipe, validation: Sequence[SceneSource]
) -> dict[str, float]:
    """Scores of labels, with both cameras and with each alone, and of the fused pictures.

    At the training's size. Where RGB does not see, the thermal picture stands for it in the fusion
    metrics.
    """
    labels, fusion = SceneScores(), FusionScore()
    pairs = ValidationScenes(validation, settings.width, settings.height)
    with torch.inference_mode():
        for batch in DataLoader(pairs, batch_size=settings.schedule.batch, collate_fn=collate):
            for name in INPUTS:
                prediction = network(variant_of(batch, name).inputs)
                labels.add(name, batch, prediction)
                if name == "fused":
                    _add_fusion(fusion, batch, prediction)
    return {**labels.result(), **fusion.mean()}


def table(results: Mapping[str, Result]) -> str:
    """The results in Markdown; labels in per cent."""
    head = ["variant", "what is different", *_LABEL_COLUMNS, *_FUSION_COLUMNS]
    lines = [" | ".join(head), " | ".join(["---"] * 2 + ["---:"] * (len(head) - 2))]
    for name, result in results.items():
        scores = result["scores"]
        cells = [f"{100 * scores[key]:.1f}" for key in _LABEL_COLUMNS.values()]
        cells += [f"{scores[key]:.{digits}f}" for key, digits in _FUSION_COLUMNS.items()]
        lines.append(" | ".join([name, result["description"], *cells]))
    return "".join(f"| {line} |\n" for line in lines)


def _add_fusion(score: FusionScore, batch: SceneBatch, prediction: ScenePrediction) -> None:
    inputs = batch.inputs
    luminance, _ = luminance_and_chroma(inputs.rgb * inputs.rgb_mask)
    visible = torch.where(inputs.rgb_mask > 0, luminance, inputs.thermal)
    pictures = zip(visible, inputs.thermal, prediction.fused, strict=True)
    for visible_picture, thermal, fused in pictures:
        values = fusion_metrics(_grey(visible_picture), _grey(thermal), _grey(fused))
        score.add(str(len(score.images)), values)


def _grey(picture: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray((picture[0].clamp(0.0, 1.0) * 255.0).round().to(torch.uint8).numpy())


def _segmentation_weights(start: str) -> dict[str, Tensor]:
    network = Scene(SceneConfig())
    load_start(network, start, [SEGMENTATION])
    state = network.state_dict()
    return {name: value for name, value in state.items() if name.startswith(f"{SEGMENTATION}.")}


def _document(
    order: Order, recipe: SceneRecipe, training: Sources, validation: Sources, rows: str
) -> str:
    """The page: how it was made, and the table."""
    seeds, batch = recipe.data.validation, recipe.schedule.batch
    learned, scored = (sum(map(len, sources)) for sources in (training, validation))
    return f"""# What each part of fusion and segmentation is worth

```sh
python -m rgbt_perception.training.scene_ablation --start {order.start} --data {order.data} \\
    --recipe {order.recipe} --steps {order.steps} --out {order.out}
```

- For every variant the segmentation network of `--start` goes on learning and the fusion network
  learns anew: {order.steps} steps of {batch} pairs, one seed, the same pairs in the same order
  ({learned} simulated pairs, {recipe.width}x{recipe.height}).
- Scored at that size on {scored} pairs, seeds {seeds.first_seed} to \
{seeds.first_seed + seeds.count - 1}: all scenes, lights and weathers.
- mIoU, and IoU of people, against simulated truth, per cent: with both cameras, and by the same
  network with one of them masked.
- Fusion metrics as in `rgbt evaluate --images`; where RGB does not see, the thermal picture stands
  for it.

{rows}"""


def _work(order: Order) -> Ablation:
    recipe = load_recipe(order.recipe)
    if not isinstance(recipe, SceneRecipe):
        raise InputError(f"--recipe {order.recipe}: expected one with `system: scene`")
    training, validation = gather(recipe, order.data, unseen, print)
    scenes = cast("Sequence[SceneSource]", validation)  # a scene recipe's always are
    start, steps, out = order.start, order.steps, order.out
    results = ablate_scene(recipe, start, steps, training, scenes, out, SCENE_VARIANTS)
    text = _document(order, recipe, training, validation, table(results))
    return Ablation(recipe, training, validation, results, text)


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    about = "Train the fusion and the segmentation without each of their parts and compare."
    return command(words, "scene_ablation", about, "a segmentation network", _work)


if __name__ == "__main__":
    sys.exit(main())
