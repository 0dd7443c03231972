"""Weights that a training begins with: from a checkpoint, or from an exported network."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import onnx
import torch
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import numpy_helper
from torch import Tensor, nn

from rgbt_perception.engines.choice import model_path
from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.models.folding import fold_like
from rgbt_perception.training.checkpoint import read_checkpoint

_PREFIX = "network."
_FOLDED_BIAS = ".weight_bias"

Weights = dict[str, Tensor]


def load_start(network: nn.Module, start_from: str, parts: Iterable[str] = ()) -> list[str]:
    """Give a new network the weights of a trained one; it is folded where those are.

    Args:
        network: as built, changed in place.
        start_from: checkpoint (``.ckpt``), ONNX file, or name of a shipped model.
        parts: names of the submodules that get weights; default all.

    Returns:
        Names of the submodules that keep their random weights.

    Raises:
        InputError: no such weights, or they are not those of this network.
    """
    found = _read(start_from)
    wanted = set(parts or dict(network.named_children()))
    chosen = {part for part in wanted if any(name.startswith(f"{part}.") for name in found)}
    fold_like(network, (name for name in found if name.split(".")[0] in chosen))
    state = {n: v for n, v in network.state_dict().items() if n.split(".")[0] in chosen}
    for name, value in state.items():
        # The exporter leaves out a bias that is zero.
        if name.endswith(".bias") and f"{name.removesuffix('.bias')}.weight" in found:
            found.setdefault(name, torch.zeros_like(value))
    wrong = [n for n, v in state.items() if n not in found or found[n].shape != v.shape]
    if wrong or not chosen:
        raise InputError(
            f"start_from {start_from}: not the weights of this network "
            f"({wrong[0] if wrong else ', '.join(sorted(wanted))} is missing or of another shape)"
        )
    network.load_state_dict({name: found[name] for name in state}, strict=False)
    return [name for name, _ in network.named_children() if name not in chosen]


def _read(start_from: str) -> Weights:
    if Path(start_from).suffix == ".ckpt":
        return read_checkpoint(Path(start_from)).weights
    try:
        path = model_path(start_from)
    except RgbtError as error:
        raise InputError(f"start_from: {error}") from None
    return exported_weights(path)


def exported_weights(path: Path) -> Weights:
    """The weights in a file that ``rgbt export`` wrote, under the names that training uses.

    The exporter keeps the names of most weights. Biases that BatchNorm left behind are called
    after the convolution's weight, and a linear layer's matrix is stored transposed without a
    name, next to its bias.

    Raises:
        InputError: missing, or not an ONNX file of ours.
    """
    try:
        graph = onnx.load(str(path)).graph
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except DecodeError:
        raise InputError(f"{path}: not an ONNX file") from None
    constants = {
        i.name: torch.from_numpy(numpy_helper.to_array(i).copy()) for i in graph.initializer
    }
    found: Weights = {}
    for name, value in constants.items():
        if name.startswith(_PREFIX):
            plain = name.removeprefix(_PREFIX)
            if plain.endswith(_FOLDED_BIAS):
                plain = plain.removesuffix(_FOLDED_BIAS) + ".bias"
            found[plain] = value
    products = {n.output[0]: n.input[1] for n in graph.node if n.op_type == "MatMul"}
    for node in graph.node:
        if node.op_type != "Add" or len(node.input) != 2:
            continue
        for product, bias in (tuple(node.input), tuple(reversed(node.input))):
            matrix = constants.get(products.get(product, ""))
            if matrix is not None and bias.startswith(_PREFIX):
                layer = bias.removeprefix(_PREFIX).removesuffix(".bias")
                found[f"{layer}.weight"] = matrix.t().contiguous()
    if not found:
        raise InputError(f"{path}: no weights with the names that rgbt export gives")
    return found
