"""System D as a Lightning module: rounds, losses, validation, optimiser and schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import lightning
import numpy as np
import torch
from torch import Tensor

from rgbt_perception.models.scene import Scene
from rgbt_perception.scene.classes import SCENE_CLASSES
from rgbt_perception.training.one_cycle import one_cycle
from rgbt_perception.training.scene_balance import TaskBalance
from rgbt_perception.training.scene_cache import CachedScenes
from rgbt_perception.training.scene_dataset import SceneBatch
from rgbt_perception.training.scene_losses import (
    class_weights,
    fusion_loss,
    label_counts,
    segmentation_loss,
)
from rgbt_perception.training.scene_pair import SceneSource
from rgbt_perception.training.scene_phases import Learner, phase_at
from rgbt_perception.training.scene_recipe import SceneRecipe
from rgbt_perception.training.scene_scores import VARIANTS, SceneScores, variant_of

FUSION, SEGMENTATION = range(2)


class SceneModule(lightning.LightningModule):
    """The networks with their recipe.

    Attributes:
        network: what is trained.
        recipe: decides rounds, losses, optimiser and schedule.
    """

    class_weights: Tensor

    def __init__(
        self, recipe: SceneRecipe, recipe_sha256: str, training: Sequence[SceneSource]
    ) -> None:
        super().__init__()
        self.save_hyperparameters({"recipe": asdict(recipe), "recipe_sha256": recipe_sha256})
        self.recipe = recipe
        self.network = Scene(recipe.network)
        self.balance = TaskBalance(recipe.loss.balance)
        self.register_buffer("class_weights", class_weights(_counts(training)), persistent=False)
        self._scores = SceneScores()

    def prepare(self) -> None:
        """To be called once the weights are in place."""
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def on_train_batch_start(self, batch: SceneBatch, batch_idx: int) -> None:
        """Who does not learn in this step gets no gradient, so that the optimiser leaves it."""
        learner = phase_at(self.global_step, self.recipe.schedule).learner
        self.network.fusion.requires_grad_(learner is not Learner.SEGMENTATION)
        self.network.segmentation.requires_grad_(learner is not Learner.FUSION)

    def training_step(self, batch: SceneBatch, batch_idx: int) -> Tensor:
        """The losses of those that learn."""
        loss, schedule = self.recipe.loss, self.recipe.schedule
        phase = phase_at(self.global_step, schedule)
        # Where the fusion does not learn, nothing needs to reach it.
        couple = loss.couple and phase.learner is not Learner.SEGMENTATION
        prediction = self.network(batch.inputs, couple=couple)
        terms: dict[int, Tensor] = {}
        if phase.learner is not Learner.SEGMENTATION:
            terms[FUSION] = fusion_loss(prediction, batch, loss, phase.round == 1)
        # In the first round the segmentation knows nothing that it could teach.
        teaches = loss.couple and phase.round > 1
        if phase.learner is not Learner.FUSION or teaches:
            terms[SEGMENTATION] = segmentation_loss(
                prediction.logits, batch.labels, loss, self.class_weights
            )
        weights = self.balance.weights() * torch.tensor([loss.fusion, loss.segmentation])
        total = torch.stack([weights[task] * term for task, term in terms.items()]).sum()
        for task, term in terms.items():
            self.balance.observe(task, term)
            name = ("fusion", "segmentation")[task]
            self.log(f"train/{name}", term.detach())
            self.log(f"train/{name}_weight", weights[task])
        self.log("train/round", float(phase.round))
        return total

    def transfer_batch_to_device(
        self, batch: SceneBatch, device: torch.device, dataloader_idx: int
    ) -> SceneBatch:
        """Training runs on the CPU, where the batch already is."""
        return batch

    def on_validation_epoch_start(self) -> None:
        """Forget the last scores."""
        self._scores = SceneScores()

    def validation_step(self, batch: SceneBatch, batch_idx: int) -> None:
        """Score with both cameras and with each alone."""
        for variant in VARIANTS:
            self._scores.add(variant, batch, self.network(variant_of(batch, variant).inputs))

    def on_validation_epoch_end(self) -> None:
        """Log the scores."""
        scores = self._scores.result()
        self.log_dict({f"validation/{name}": value for name, value in scores.items()})

    def configure_optimizers(self) -> Any:
        """AdamW with a one-cycle schedule; norms and biases do not decay."""
        decayed = [p for p in self.network.parameters() if p.dim() > 1]
        plain = [p for p in self.network.parameters() if p.dim() <= 1]
        groups: list[dict[str, Any]] = [
            {"params": decayed},
            {"params": plain, "weight_decay": 0.0},
        ]
        rate = self.recipe.schedule.learning_rate
        return one_cycle(groups, [rate, rate], self.recipe.schedule)


def _counts(sources: Sequence[SceneSource]) -> Tensor:
    """Pixels of each class in all labels that are at hand."""
    counts = torch.zeros(len(SCENE_CLASSES), dtype=torch.int64)
    for source in sources:
        if isinstance(source, CachedScenes):
            labels = np.ascontiguousarray(source.arrays["labels"][:, ::4, ::4])
            counts += label_counts(torch.from_numpy(labels).to(torch.int64))
        else:
            for index in range(len(source)):
                labels = np.ascontiguousarray(source.pair(index, found=True).labels[::4, ::4])
                counts += label_counts(torch.from_numpy(labels).to(torch.int64))
    return counts
