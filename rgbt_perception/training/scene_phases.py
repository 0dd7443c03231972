"""Which network learns at which step: SegMiF's alternating rounds, then both together (ours)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from rgbt_perception.training.scene_recipe import SceneScheduleConfig


class Learner(Enum):
    """Who learns."""

    FUSION = "fusion"
    SEGMENTATION = "segmentation"
    BOTH = "both"


@dataclass(frozen=True)
class Phase:
    """State of the training at one step.

    Attributes:
        round: from 1; the joint phase counts as the one after the last.
        learner: who learns.
    """

    round: int
    learner: Learner


def phase_at(step: int, schedule: SceneScheduleConfig) -> Phase:
    """The phase of a step: a pure function, so that a resumed training goes on exactly.

    Args:
        step: optimiser steps done.
        schedule: of the recipe.
    """
    alternating = schedule.steps - round(schedule.steps * schedule.joint_share)
    if step >= alternating:
        return Phase(schedule.rounds + 1, Learner.BOTH)
    number = step * schedule.rounds // alternating
    # First step of a round: the least one that the division above gives to it.
    start, stop = (-(-n * alternating // schedule.rounds) for n in (number, number + 1))
    fusion = step - start < (stop - start) * schedule.fusion_share
    return Phase(number + 1, Learner.FUSION if fusion else Learner.SEGMENTATION)
