"""The networks of ONNX files as torch modules again, and as ONNX files of another size."""

from __future__ import annotations

from pathlib import Path

import torch

from rgbt_perception.engines.choice import model_path
from rgbt_perception.errors import InputError
from rgbt_perception.models.confidence_depth import ConfidenceDepth
from rgbt_perception.models.folding import fold_batchnorm
from rgbt_perception.models.scene import Scene
from rgbt_perception.training.export import export_onnx
from rgbt_perception.training.starting_weights import load_start

RANDOM = "random (the file's cannot be read back), which takes the same time"
_FROM_FILE = ""


def depth_network(model: str) -> tuple[ConfidenceDepth, str]:
    """The depth network, for inference, with BatchNorm folded as in the file.

    Args:
        model: shipped model's name or path of an ONNX file.

    Returns:
        The network and, in words, where its weights come from if not from the file.
    """
    network = ConfidenceDepth()
    return network.eval(), _load(network, model)


def scene_network(model: str) -> tuple[Scene, str]:
    """As ``depth_network``."""
    network = Scene()
    return network.eval(), _load(network, model)


def export_size(model: str, scene: bool, path: Path, size: tuple[int, int]) -> str:
    """Write a model once more, for pictures of another size.

    Args:
        model: shipped model's name or path of an ONNX file.
        scene: it is a scene network.
        path: ONNX file to write.
        size: width and height, pixels.

    Returns:
        Where its weights come from, as ``depth_network`` says it.
    """
    network, weights = scene_network(model) if scene else depth_network(model)
    export_onnx(network, path, size[1], size[0])
    return weights


def _load(network: ConfidenceDepth | Scene, model: str) -> str:
    torch.manual_seed(0)
    # The path has been resolved here already, so that a missing file is no reason for random ones.
    path = model_path(model)
    try:
        left = load_start(network, str(path))
    except InputError:
        fold_batchnorm(network)
        return RANDOM
    if left:
        raise InputError(f"model {model}: without weights for {', '.join(left)}")
    return _FROM_FILE
