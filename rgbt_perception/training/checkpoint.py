"""Reads the checkpoints that training writes, and writes weights that it can begin with."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from rgbt_perception.errors import InputError
from rgbt_perception.models.confidence_depth import ConfidenceDepth
from rgbt_perception.models.folding import fold_like
from rgbt_perception.models.network_config import NetworkConfig
from rgbt_perception.models.scene import Scene
from rgbt_perception.models.scene_config import SceneConfig

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

    def network(self) -> ConfidenceDepth | Scene:
        """The trained network, for inference: the system and variant that its recipe names.

        Raises:
            InputError: the recipe knows choices that this version does not.
        """
        # The backbone's weights are in the checkpoint; the folder that they began with may be gone.
        try:
            variant = {**self.recipe.get("network", {}), "backbone_weights": ""}
            network: ConfidenceDepth | Scene
            if self.recipe.get("system") == "scene":
                network = Scene(SceneConfig(**variant))
            else:
                network = ConfidenceDepth(NetworkConfig(**variant))
        except TypeError as error:
            raise InputError(f"checkpoint: a network of another version ({error})") from None
        fold_like(network, self.weights)
        network.load_state_dict(self.weights)
        return network.eval()


def write_weights(path: Path, weights: Mapping[str, torch.Tensor]) -> None:
    """Write weights, of a whole network or of some parts, as a checkpoint to begin with.

    Args:
        path: file; it appears only when it is complete.
        weights: by the name in the network.
    """
    partial = path.with_suffix(".partial")
    state = {_PREFIX + name: value for name, value in weights.items()}
    settings: dict[str, object] = {"recipe": {}, "recipe_sha256": ""}
    torch.save({"global_step": 0, "hyper_parameters": settings, "state_dict": state}, partial)
    partial.replace(path)


def replace_weights(source: Path, target: Path, weights: Mapping[str, torch.Tensor]) -> None:
    """Write a checkpoint again with some weights changed and everything else as it was.

    Args:
        source: written by ``rgbt train``.
        target: file; it appears only when it is complete.
        weights: by the name in the network, which has them already.
    """
    tree = torch.load(source, map_location="cpu", weights_only=True)
    for name, value in weights.items():
        assert _PREFIX + name in tree["state_dict"], f"{source} has no {name}"
        tree["state_dict"][_PREFIX + name] = value
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    torch.save(tree, partial)
    partial.replace(target)


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
