"""What a training run is made of, for each system: its module and its samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch.utils.data import Dataset

from rgbt_perception.training.aligned_folder import AlignedFolder
from rgbt_perception.training.dataset import TrainingPairs, ValidationPairs
from rgbt_perception.training.module import ConfidenceDepthModule
from rgbt_perception.training.pair_cache import CachedRecording
from rgbt_perception.training.recipe import RecipeConfig
from rgbt_perception.training.recipe_file import Recipe
from rgbt_perception.training.scene_dataset import TrainingScenes, ValidationScenes
from rgbt_perception.training.scene_module import SceneModule
from rgbt_perception.training.scene_pair import SceneSource
from rgbt_perception.training.scene_recipe import SceneRecipe

Sources = Sequence[CachedRecording] | Sequence[SceneSource]
"""Of the depth network's training, or of system D's; real pairs without labels are among these."""


@dataclass(frozen=True)
class System:
    """One system with its data.

    Attributes:
        module: network, losses, optimiser.
        training: item n is a function of the seed and n alone.
        validation: as a whole.
    """

    module: ConfidenceDepthModule | SceneModule
    training: Dataset[Any]
    validation: Dataset[Any]


def system_for(
    recipe: Recipe, recipe_sha256: str, training: Sources, validation: Sources
) -> System:
    """Build what a recipe trains; the weights are random, by torch's generator.

    Args:
        recipe: what to do.
        recipe_sha256: digest of its file.
        training, validation: opened recordings or data sets.
    """
    if isinstance(recipe, SceneRecipe):
        return _scene(recipe, recipe_sha256, training, validation)
    return _depth(recipe, recipe_sha256, training, validation)


def _depth(recipe: RecipeConfig, sha256: str, training: Any, validation: Any) -> System:
    size = recipe.width, recipe.height
    return System(
        ConfidenceDepthModule(recipe, sha256),
        TrainingPairs(training, *size, recipe.augmentation, recipe.seed),
        ValidationPairs(validation, *size),
    )


def _scene(recipe: SceneRecipe, sha256: str, training: Any, validation: Any) -> System:
    size = recipe.width, recipe.height
    real = [source for source in training if isinstance(source, AlignedFolder)]
    labelled = [source for source in training if not isinstance(source, AlignedFolder)]
    samples = TrainingScenes(
        labelled, real, *size, recipe.augmentation, recipe.data.real_share, recipe.seed
    )
    return System(
        SceneModule(recipe, sha256, labelled),
        samples,
        ValidationScenes(validation, *size),
    )
