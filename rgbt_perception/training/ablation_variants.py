"""The variants that the ablation compares, as recipes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rgbt_perception.models.network_config import NetworkConfig
from rgbt_perception.training.recipe import RecipeConfig

COARSE = ("rgb_network", "thermal_network")
"""Parts that come trained and stay as they are."""


@dataclass(frozen=True)
class Variant:
    """One row of the table.

    Attributes:
        name: also of its folder.
        description: what is different, for the reader of the table.
        network: changed fields of ``NetworkConfig``.
        loss: changed fields of ``LossConfig``.
    """

    name: str
    description: str
    network: Mapping[str, object] = field(default_factory=dict)
    loss: Mapping[str, object] = field(default_factory=dict)


VARIANTS = (
    Variant("full", "everything"),
    Variant("no_confidence", "both confidences 0.5, in training too", {"confidence": "none"}),
    Variant("image_confidence", "one confidence per camera and picture", {"confidence": "image"}),
    Variant(
        "laplace_confidence",
        "confidence learned as the likelihood of each error",
        loss={"confidence_kind": "laplace"},
    ),
    Variant("no_warp", "RGB taken as if it came from the thermal camera", {"warp": False}),
    Variant("no_attention", "tokens of both branches side by side", {"attention": False}),
)


def variant_recipe(recipe: RecipeConfig, variant: Variant, steps: int, start: str) -> RecipeConfig:
    """The recipe that trains a variant.

    Args:
        recipe: data, size, seed, batch, learning rate, augmentation and weights of the losses.
        variant: what is different.
        steps: optimiser steps.
        start: checkpoint with the weights of the coarse networks.
    """
    # Every other choice of the recipe that the variants differ in is that of the full network.
    full = NetworkConfig(backbone=recipe.network.backbone)
    schedule = replace(
        recipe.schedule,
        steps=steps,
        validate_every=steps,
        frozen=COARSE,
        fold=False,  # the fusion is new: it learns with BatchNorm
    )
    return replace(
        recipe,
        name=f"{recipe.name}-{variant.name}",
        start_from=start,
        network=replace(full, **variant.network),  # type: ignore[arg-type]
        loss=replace(recipe.loss, **{"confidence_kind": "advantage", **variant.loss}),  # type: ignore[arg-type]
        schedule=schedule,
    )
