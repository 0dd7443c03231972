"""System A as a Lightning module: one training step, validation, optimiser and schedule."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import lightning
import torch
from torch import Tensor
from typing_extensions import Self

from rgbt_perception.errors import InputError
from rgbt_perception.models.confidence_depth import ConfidenceDepth, DepthInputs
from rgbt_perception.models.folding import fold_batchnorm
from rgbt_perception.training.dataset import DepthBatch
from rgbt_perception.training.depth_scores import DepthScores
from rgbt_perception.training.losses import depth_losses
from rgbt_perception.training.one_cycle import one_cycle
from rgbt_perception.training.recipe import RecipeConfig

_EXPONENT = "blend.exponent"
_EXPONENT_RATE = 50.0


class ConfidenceDepthModule(lightning.LightningModule):
    """The network with its recipe.

    Attributes:
        network: what is trained.
        recipe: decides losses, optimiser and schedule.
    """

    def __init__(self, recipe: RecipeConfig, recipe_sha256: str) -> None:
        super().__init__()
        self.save_hyperparameters({"recipe": asdict(recipe), "recipe_sha256": recipe_sha256})
        self.recipe = recipe
        self.network = ConfidenceDepth(recipe.network)
        self._scores = DepthScores(recipe.height)

    def prepare(self) -> None:
        """Fold and freeze as the recipe says; to be called once the weights are in place.

        Raises:
            InputError: the recipe freezes a part that the network does not have.
        """
        schedule = self.recipe.schedule
        if schedule.fold:
            fold_batchnorm(self.network)
        parts = dict(self.network.named_children())
        for name in schedule.frozen:
            if name not in parts:
                raise InputError(
                    f"schedule.frozen: no part {name!r}; the network has {', '.join(parts)}"
                )
            parts[name].requires_grad_(False).eval()
        # Channels last is 1.5 times as fast on a CPU.
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def train(self, mode: bool = True) -> Self:
        """Frozen parts stay in evaluation mode: their BatchNorm must not learn either."""
        super().train(mode)
        for name, part in self.network.named_children():
            if name in self.recipe.schedule.frozen:
                part.eval()
        return self

    def training_step(self, batch: DepthBatch, batch_idx: int) -> Tensor:
        """Sum of all losses."""
        terms = depth_losses(self.network(_channels_last(batch.inputs)), batch, self.recipe.loss)
        total = torch.stack(list(terms.values())).sum()
        self.log_dict({f"train/{name}": term.detach() for name, term in terms.items()})
        self.log("train/total", total.detach())
        return total

    def transfer_batch_to_device(
        self, batch: DepthBatch, device: torch.device, dataloader_idx: int
    ) -> DepthBatch:
        """Training runs on the CPU, where the batch already is."""
        return batch

    def on_validation_epoch_start(self) -> None:
        """Forget the last scores."""
        self._scores = DepthScores(self.recipe.height)

    def validation_step(self, batch: DepthBatch, batch_idx: int) -> None:
        """Score with the gate open and closed."""
        inputs = _channels_last(batch.inputs)
        closed = replace(inputs, gate=torch.zeros_like(inputs.gate))
        self._scores.add(batch, self.network(inputs), self.network(closed))

    def on_validation_epoch_end(self) -> None:
        """Log the scores."""
        scores = self._scores.result()
        self.log_dict({f"validation/{name}": value for name, value in scores.items()})

    def configure_optimizers(self) -> Any:
        """AdamW with a one-cycle schedule; norms and biases do not decay."""
        schedule = self.recipe.schedule
        learning = {n: p for n, p in self.network.named_parameters() if p.requires_grad}
        # A single number of size 2 that steps of the weights' size would hardly move.
        alone = [p for name, p in learning.items() if name == _EXPONENT]
        decayed = [p for p in learning.values() if p.dim() > 1]
        plain = [p for name, p in learning.items() if p.dim() <= 1 and name != _EXPONENT]
        groups: list[dict[str, Any]] = [
            {"params": decayed},
            {"params": plain, "weight_decay": 0.0},
        ]
        rates = [schedule.learning_rate] * len(groups)
        if alone:
            groups.append({"params": alone, "weight_decay": 0.0})
            rates.append(_EXPONENT_RATE * schedule.learning_rate)
        return one_cycle(groups, rates, schedule)


def _channels_last(inputs: DepthInputs) -> DepthInputs:
    return replace(
        inputs,
        rgb=inputs.rgb.contiguous(memory_format=torch.channels_last),
        thermal=inputs.thermal.contiguous(memory_format=torch.channels_last),
    )
