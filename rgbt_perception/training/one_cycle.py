"""The optimiser that all systems learn with: AdamW, one cycle of the learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from rgbt_perception.training.recipe import OptimiserConfig


def one_cycle(
    groups: list[dict[str, Any]], rates: Sequence[float], schedule: OptimiserConfig
) -> dict[str, Any]:
    """What Lightning's ``configure_optimizers`` returns.

    Args:
        groups: of parameters, as ``torch.optim`` takes them.
        rates: peak of the learning rate for each.
        schedule: of the recipe.
    """
    optimizer = torch.optim.AdamW(
        groups, lr=schedule.learning_rate, weight_decay=schedule.weight_decay
    )
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=list(rates),
        total_steps=schedule.steps,
        pct_start=schedule.warmup,
        div_factor=25.0,
        final_div_factor=100.0,
        cycle_momentum=False,
    )
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": cycle, "interval": "step"}}
