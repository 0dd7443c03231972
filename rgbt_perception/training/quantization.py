"""A network in int8: explicit Q/DQ nodes in the ONNX file, with an accuracy gate.

Weights are quantised by channel, activations by tensor, both symmetrically, as TensorRT asks of
explicit Q/DQ. Only convolutions and matrix products are quantised: geometry, normalisations and
what stands between them stay float32.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from rgbt_perception.engines.engine import Engine, Tensors
from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.scene_classes import IGNORED, UNLABELLED
from rgbt_perception.training.quantization_data import moments

LARGEST_LOSS = 0.02
"""By how much more than in float32 the depth may be wrong in int8, relative."""

_QUANTISED = ("Conv", "MatMul", "Gemm")
_NEAREST_M, _FARTHEST_M = 0.5, 80.0


def quantize(model: Path, samples: Sequence[Tensors], out: Path) -> None:
    """Write a model in int8.

    Args:
        model: ONNX file in float32.
        samples: inputs by name, from which the ranges of the activations are taken.
        out: ONNX file to write; it appears only when it is complete.
    """
    from onnxruntime import quantization

    class _Samples(quantization.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._left = iter(samples)

        def get_next(self) -> Any:
            return next(self._left, None)

    with tempfile.TemporaryDirectory(dir=out.absolute().parent) as folder, _quiet():
        partial = Path(folder, "partial.onnx")
        quantization.quantize_static(
            str(model),
            str(partial),
            _Samples(),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=list(_QUANTISED),
            per_channel=True,
            activation_type=quantization.QuantType.QInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=quantization.CalibrationMethod.MinMax,
            extra_options={"ActivationSymmetric": True, "WeightSymmetric": True},
        )
        _keep_properties(model, partial)
        partial.replace(out)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the quantiser's advice to run its own optimiser before, which it logs as root."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)


def _keep_properties(source: Path, target: Path) -> None:
    properties = {item.key: item.value for item in onnx.load(str(source)).metadata_props}
    quantized = onnx.load(str(target))
    onnx.helper.set_model_props(quantized, {**properties, "precision": "int8"})
    onnx.save_model(quantized, str(target))


def calibration_samples(
    recordings: Iterable[Path], depth: Engine, scene: Engine | None = None
) -> Iterator[Tensors]:
    """What a network gets while recordings are replayed.

    Args:
        recordings: of both cameras.
        depth: with the depth network, in float32.
        scene: with the scene network; then its inputs are given, else those of the depth network.
    """
    for bag in recordings:
        for moment in moments(bag, depth, scene):
            yield moment.inputs["depth" if scene is None else "scene"]


def depth_error(recordings: Iterable[Path], depth: Engine) -> float:
    """abs_rel: mean of |depth - truth| / truth over pixels, then over pictures.

    Raises:
        InputError: none has true depth.
    """
    errors = []
    for bag in recordings:
        for moment in moments(bag, depth):
            truth = moment.true_depth
            if truth is None:
                continue
            scored = (truth >= _NEAREST_M) & (truth <= _FARTHEST_M) & np.isfinite(moment.depth)
            if scored.any():
                difference = np.abs(moment.depth[scored] - truth[scored])
                errors.append(float(np.mean(difference / truth[scored])))
    return _mean(errors, "true depth")


def label_error(recordings: Iterable[Path], depth: Engine, scene: Engine) -> float:
    """Share of the pixels with a true class that got another one, mean over pictures.

    Raises:
        InputError: none has true labels.
    """
    errors = []
    for bag in recordings:
        for moment in moments(bag, depth, scene):
            truth = moment.true_labels
            if truth is None or moment.labels is None:
                continue
            scored = (truth != UNLABELLED) & (truth != IGNORED)
            if scored.any():
                errors.append(float(np.mean(moment.labels[scored] != truth[scored])))
    return _mean(errors, "true labels")


def fused_difference(
    recordings: Iterable[Path], depth: Engine, scene: Engine, other: Engine
) -> float:
    """How far the fused pictures of two networks lie apart: mean over pixels, 0 to 1."""
    differences = []
    for bag in recordings:
        for one, two in zip(moments(bag, depth, scene), moments(bag, depth, other), strict=True):
            if one.fused is not None and two.fused is not None:
                step = np.abs(one.fused.astype(np.float32) - two.fused)
                differences.append(float(np.mean(step)) / 255)
    return _mean(differences, "fused pictures")


def check_difference(model: str, difference: float) -> None:
    """The gate for fused pictures.

    Raises:
        RgbtError: they differ by more than ``LARGEST_LOSS`` of the range.
    """
    if not difference <= LARGEST_LOSS:
        raise RgbtError(
            f"{model}: refused in int8, whose fused pictures differ by {100 * difference:.1f} % "
            f"of the range; expected at most {100 * LARGEST_LOSS:.0f} %"
        )


def check_loss(model: str, before: float, after: float) -> None:
    """The gate.

    Args:
        model: for the error.
        before, after: errors in float32 and in int8.

    Raises:
        RgbtError: int8 is worse by more than ``LARGEST_LOSS``.
    """
    loss = after / max(before, 1e-9) - 1.0
    if not loss <= LARGEST_LOSS:
        raise RgbtError(
            f"{model}: refused in int8, whose error is {after:.4f} instead of {before:.4f} "
            f"({100 * loss:+.1f} %); expected at most {100 * LARGEST_LOSS:+.0f} %"
        )


def _mean(errors: list[float], kind: str) -> float:
    if not errors:
        raise InputError(f"no {kind} in these recordings: expected simulated ones")
    return float(np.mean(errors))
