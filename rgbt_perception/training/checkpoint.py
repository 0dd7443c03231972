"""Reads the checkpoints that training writes."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from rgbt_perception.errors import InputError
from rgbt_perception.models.confidence_depth import ConfidenceDepth

_PREFIX = "network."


@dataclass(frozen=True)
class Checkpoint:
    """A training's state.

    Attributes:
        step: optimiser steps done.
        recipe_sha256: digest of the recipe file.
        recipe: its content.
        weights: of the network.
    """

    step: int
    recipe_sha256: str
    recipe: dict[str, Any]
    weights: dict[str, torch.Tensor]

    def network(self) -> ConfidenceDepth:
        """The trained network, for inference."""
        network = ConfidenceDepth()
        network.load_state_dict(self.weights)
        return network.eval()


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; code inside a foreign file is not run.

    Raises:
        InputError: missing, or not one of ours.
    """
    try:
        tree = torch.load(path, map_location="cpu", weights_only=True)
        state, settings = tree["state_dict"], tree["hyper_parameters"]
        weights = {
            name.removeprefix(_PREFIX): value
            for name, value in state.items()
            if name.startswith(_PREFIX)
        }
        return Checkpoint(
            int(tree["global_step"]), settings["recipe_sha256"], settings["recipe"], weights
        )
    except OSError as error:
        raise InputError(f"checkpoint {path}: {error.strerror}") from None
    except (RuntimeError, pickle.UnpicklingError, KeyError, TypeError, EOFError) as error:
        reason = type(error).__name__
        raise InputError(f"checkpoint {path}: not written by rgbt train ({reason})") from None
