"""A trained network as one ONNX file: opset 18, fixed names, static shapes, weights inside."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import Tensor, nn

from rgbt_perception.engines.depth_exchange import INPUTS, OUTPUTS
from rgbt_perception.engines.scene_exchange import INPUTS as SCENE_INPUTS
from rgbt_perception.engines.scene_exchange import OUTPUTS as SCENE_OUTPUTS
from rgbt_perception.errors import RgbtError, UsageError
from rgbt_perception.models.coarse_depth import CANONICAL_FOCAL
from rgbt_perception.models.confidence_depth import ConfidenceDepth, DeployedConfidenceDepth
from rgbt_perception.models.scene import DeployedScene, Scene
from rgbt_perception.scene.classes import SCENE_CLASSES

VERSION = "1"
TOLERANCE = 1e-3
"""Largest allowed difference between torch and ONNX Runtime, relative to the depth."""

Arrays = dict[str, npt.NDArray[np.float32]]


def example_inputs(height: int, width: int, seed: int = 0) -> Arrays:
    """Plausible random inputs of the exchange format.

    Args:
        height, width: pixels, multiples of 64.
        seed: of the random pictures.

    Returns:
        Name to float32 array, batch 1.
    """
    random = np.random.default_rng(seed)
    K = np.array(
        [[0.8 * width, 0, (width - 1) / 2], [0, 0.8 * width, (height - 1) / 2], [0, 0, 1]],
        dtype=np.float32,
    )
    thermal_T_rgb = np.eye(4, dtype=np.float32)
    thermal_T_rgb[:3, 3] = (0.12, -0.02, 0.01)
    ones = np.ones((1, 1, height, width), np.float32)
    return {
        "rgb": random.random((1, 3, height, width), np.float32),
        "thermal": random.random((1, 1, height, width), np.float32),
        "rgb_mask": ones,
        "thermal_mask": ones.copy(),
        "rgb_intrinsics": K[None],
        "thermal_intrinsics": K[None].copy(),
        "thermal_T_rgb": thermal_T_rgb[None],
        "gate": np.ones(1, np.float32),
    }


def example_scene(height: int, width: int, seed: int = 0) -> Arrays:
    """Plausible random inputs of the scene network's exchange format; as ``example_inputs``."""
    inputs = example_inputs(height, width, seed)
    inputs["rgb_mask"][..., : width // 4] = 0.0
    inputs["thermal_mask"][..., : height // 8, :] = 0.0
    return {name: inputs[name] for name in SCENE_INPUTS}


def export_onnx(
    network: ConfidenceDepth | Scene,
    path: Path,
    height: int,
    width: int,
    properties: Mapping[str, str] | None = None,
) -> float:
    """Write the ONNX file and compare it with torch.

    Args:
        network: the trained network.
        path: file to write; it appears only when it is complete.
        height, width: network size, pixels, multiples of 64.
        properties: more metadata (where the weights come from).

    Returns:
        Largest difference between torch and ONNX Runtime, relative to the value.

    Raises:
        UsageError: bad size.
        RgbtError: the difference exceeds ``TOLERANCE``.
    """
    if height % 64 or width % 64 or height < 64 or width < 64:
        raise UsageError(
            f"size {width}x{height}: expected multiples of 64, at least 64, such as 320x256"
        )
    deployed: nn.Module
    outputs: tuple[str, ...]
    if isinstance(network, Scene):
        deployed, inputs = DeployedScene(network).eval(), example_scene(height, width)
        outputs = SCENE_OUTPUTS
        about = {"model": "scene", "classes": ",".join(item.name for item in SCENE_CLASSES)}
    else:
        deployed, inputs = DeployedConfidenceDepth(network).eval(), example_inputs(height, width)
        outputs = OUTPUTS
        about = {"model": "confidence_depth", "canonical_focal": str(CANONICAL_FOCAL)}
    about |= _metadata(network, height, width, properties or {})
    partial = path.with_name(path.name + ".partial")
    try:
        _write(deployed, partial, inputs, outputs, about)
        difference = parity(deployed, partial, inputs)
        if difference > TOLERANCE:
            raise RgbtError(
                f"{path}: ONNX Runtime differs from torch by {difference:.1e} (relative), "
                f"expected at most {TOLERANCE:.0e}"
            )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return difference


def parity(deployed: nn.Module, path: Path, inputs: Arrays) -> float:
    """Largest relative difference between torch and ONNX Runtime over all outputs.

    Depths are compared relative to themselves. A point may round to another cell of the z-buffer
    (at most one in ten thousand pixels), so the 99.99th percentile counts.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = session.run(None, inputs)
    order = SCENE_INPUTS if isinstance(deployed, DeployedScene) else INPUTS
    with torch.no_grad():
        expected = deployed(*(torch.from_numpy(inputs[name]) for name in order))
    worst = 0.0
    for actual, reference in zip(found, expected, strict=True):
        wanted = reference.numpy()
        relative = np.abs(actual - wanted) / np.maximum(np.abs(wanted), 0.05)
        worst = max(worst, float(np.quantile(relative, 0.9999)))
    return worst


def _write(
    deployed: nn.Module,
    path: Path,
    inputs: Arrays,
    outputs: Sequence[str],
    metadata: Mapping[str, str],
) -> None:
    arguments: tuple[Tensor, ...] = tuple(torch.from_numpy(array) for array in inputs.values())
    for library in ("torch.onnx", "onnxscript"):
        logging.getLogger(library).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            deployed,
            arguments,
            dynamo=True,
            opset_version=18,
            input_names=list(inputs),
            output_names=list(outputs),
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    onnx.helper.set_model_props(model, dict(metadata))
    # Where in the source a node comes from is of no use to a runtime and names local paths.
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save_model(model, str(path))


def _metadata(
    network: nn.Module, height: int, width: int, more: Mapping[str, str]
) -> dict[str, str]:
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return {
        "version": VERSION,
        "height": str(height),
        "width": str(width),
        "parameters": str(parameters),
        **more,
    }
