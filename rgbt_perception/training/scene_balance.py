"""Weights of the two tasks that follow their losses (SegMiF's dynamic weight, and ours)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rgbt_perception.training.scene_recipe import BalanceKind

_TEMPERATURES: dict[BalanceKind, float] = {"original": 1000.0, "moving": 0.1}
_WINDOW = 20
"""Steps over which a loss is averaged before it is compared: single steps are noise (ours)."""


class TaskBalance(nn.Module):
    """w = 2 softmax(r / temperature), r = a task's last mean loss over the one before.

    A task that gets better more slowly gets more weight. At the original's temperature of 1000 the
    weights stay within a thousandth of 1. The state is in buffers: checkpoints hold it.

    Args:
        kind: see ``SceneLossConfig``.
    """

    means: Tensor
    sums: Tensor
    counts: Tensor

    def __init__(self, kind: BalanceKind) -> None:
        super().__init__()
        self.temperature = _TEMPERATURES.get(kind)
        self.register_buffer("means", torch.zeros(2, 2))
        self.register_buffer("sums", torch.zeros(2))
        self.register_buffer("counts", torch.zeros(2))

    def weights(self) -> Tensor:
        """(2,): fusion and segmentation; 1 and 1 until both have two means."""
        if self.temperature is None or not bool((self.means > 0).all()):
            return torch.ones_like(self.sums)
        ratios = self.means[:, 1] / self.means[:, 0]
        return 2.0 * torch.softmax(ratios / self.temperature, dim=0)

    def observe(self, task: int, loss: Tensor) -> None:
        """Take a step's loss.

        Args:
            task: 0 = fusion, 1 = segmentation.
            loss: of this step.
        """
        self.sums[task] += loss.detach()
        self.counts[task] += 1
        if int(self.counts[task]) == _WINDOW:
            self.means[task, 0] = self.means[task, 1]
            self.means[task, 1] = self.sums[task] / _WINDOW
            self.sums[task] = 0.0
            self.counts[task] = 0.0
