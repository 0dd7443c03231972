"""The variants of system D that the ablation compares, as recipes."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from rgbt_perception.models.scene import Scene
from rgbt_perception.models.scene_config import SceneConfig
from rgbt_perception.training.ablation_variants import Variant
from rgbt_perception.training.scene_recipe import SceneLossConfig, SceneRecipe

SEGMENTATION = "segmentation"
"""The part that begins with trained weights; the fusion learns anew."""

SCENE_VARIANTS = (
    Variant("full", "everything, as shipped"),
    Variant("no_attention", "without hierarchical interactive attention", {"attention": "none"}),
    Variant(
        "shared_attention", "both stages of the attention share weights", {"attention": "shared"}
    ),
    Variant(
        "original_balance",
        "task weights follow the losses at temperature 1000",
        loss={"balance": "original"},
    ),
    Variant(
        "moving_balance",
        "task weights follow the losses at temperature 0.1",
        loss={"balance": "moving"},
    ),
    Variant(
        "no_coupling", "the segmentation's loss does not reach the fusion", loss={"couple": False}
    ),
    Variant("max_target", "fusion aims at the brighter of both pictures", loss={"target": "max"}),
    Variant(
        "no_thermal_input",
        "the segmentation sees the fused picture alone",
        {"thermal_input": False},
    ),
    Variant("plain_classes", "cross entropy with all classes alike", loss={"classes": "plain"}),
    Variant("hardest_pixels", "cross entropy of unsure pixels only", loss={"classes": "hardest"}),
)
"""The first is what the others are compared with: task weights static, target ``salient``, rare
classes count more."""


def scene_variant_recipe(
    recipe: SceneRecipe, variant: Variant, steps: int, start: str
) -> SceneRecipe:
    """The recipe that trains a variant.

    Args:
        recipe: data, size, seed, batch, learning rate, rounds, augmentation and weights of the
            losses.
        variant: what is different.
        steps: optimiser steps.
        start: checkpoint with the segmentation network's weights.
    """
    shipped = SceneLossConfig()
    # Every choice of the recipe that the variants differ in is that of the full system.
    choices = {key: getattr(shipped, key) for item in SCENE_VARIANTS for key in item.loss}
    return replace(
        recipe,
        name=f"{recipe.name}-{variant.name}",
        start_from=start,
        network=replace(SceneConfig(), **variant.network),  # type: ignore[arg-type]
        loss=replace(recipe.loss, **{**choices, **variant.loss}),
        schedule=replace(recipe.schedule, steps=steps, validate_every=steps),
    )


def fitted_weights(weights: dict[str, Tensor], network: Scene) -> dict[str, Tensor]:
    """A trained segmentation network's weights for a variant of it.

    A network that takes fewer channels keeps the filters of those that are left: the picture's,
    which come first.

    Args:
        weights: of the segmentation network as shipped, by their name in the whole network.
        network: the variant.
    """
    state = network.state_dict()
    return {
        name: value[:, : state[name].shape[1]].clone() if value.dim() == 4 else value
        for name, value in weights.items()
    }
