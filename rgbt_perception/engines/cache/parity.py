"""Whether a plan computes what its ONNX file says: compared with ONNX Runtime in fp32."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rgbt_perception.engines.cache.parity_inputs import parity_inputs
from rgbt_perception.engines.cache.record import Figures
from rgbt_perception.engines.engine import Engine, Tensors
from rgbt_perception.engines.onnxruntime import OnnxRuntimeEngine
from rgbt_perception.engines.plan_builder import Precision
from rgbt_perception.errors import RgbtError

Array = npt.NDArray[np.float32]

# Nearer than this, relative differences of depths say nothing; metres.
_NEAR_M = 0.3
_EXTREME_PERCENT = 99
# Stands for what is no number, or not there at all.
_LOST = 1e6


@dataclass(frozen=True)
class _Measure:
    """How one kind of output is compared.

    Attributes:
        unit: what is compared, in words.
        difference: of an engine's output and the reference, for each pixel.
        limits: largest mean and largest 99th percentile by precision.
    """

    unit: str
    difference: Callable[[Array, Array], Array]
    limits: Mapping[Precision, tuple[float, float]]


def _relative_depth(ours: Array, reference: Array) -> Array:
    """Of the larger one, so that a pixel where only one has a depth counts 1, not a hundred."""
    larger = np.maximum(np.maximum(np.abs(ours), np.abs(reference)), _NEAR_M)
    return np.abs(ours - reference) / larger


def _absolute(ours: Array, reference: Array) -> Array:
    return np.abs(ours - reference)


def _probability(ours: Array, reference: Array) -> Array:
    """The largest difference of a class's probability in a pixel."""
    return np.abs(_softmax(ours) - _softmax(reference)).max(axis=1)


def _spread(ours: Array, reference: Array) -> Array:
    """In multiples of the output's own standard deviation."""
    return np.abs(ours - reference) / max(float(reference.std()), 1e-6)


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


# Mean and 99th percentile. fp32 differs by the order of summation alone: the limit is far above
# that and far below what a layer in 10 or 11 bits does. fp16 as `half_precision` converts it
# differs by 2e-4 and 2e-3 in depth and by less elsewhere (ONNX Runtime on a CPU, both networks).
# Ten times that is allowed, which is 1 % of the depth's own error and half a grey level. int8 may
# cost a tenth of the depth's own error (abs_rel 0.2).
_FULL, _HALF = (2e-4, 2e-3), (2e-3, 2e-2)
_F32, _F16, _I8 = Precision.FP32, Precision.FP16, Precision.INT8
_DEPTH = _Measure("relative", _relative_depth, {_F32: _FULL, _F16: _HALF, _I8: (2e-2, 2e-1)})
_SHARE = _Measure("absolute", _absolute, {_F32: _FULL, _F16: _HALF, _I8: (1e-2, 1e-1)})
_LOGITS = _Measure("probability", _probability, {_F32: _FULL, _F16: _HALF, _I8: (2e-2, 2e-1)})
_OTHER = _Measure("standard deviations", _spread, {_F32: _FULL, _F16: _HALF, _I8: (2e-2, 2e-1)})
_MEASURES = {
    "depth": _DEPTH,
    "depth_rgb": _DEPTH,
    "depth_thermal": _DEPTH,
    "confidence": _SHARE,
    "fused": _SHARE,
    "weight": _SHARE,
    "logits": _LOGITS,
}


class Reference:
    """An ONNX file in fp32, as ONNX Runtime computes it."""

    def __init__(self, onnx: Path, digest: str) -> None:
        """Load it.

        Args:
            onnx: file.
            digest: SHA-256 that it is expected to have, hexadecimal.

        Raises:
            RgbtError: it cannot be loaded, or is another file by now.
        """
        self._engine = OnnxRuntimeEngine(onnx)
        if self._engine.digest != digest:
            raise RgbtError(f"model {onnx}: was replaced while its engine was built; start again")

    def compare(
        self, engine: Engine, precision: Precision, progress: Callable[[float], None]
    ) -> dict[str, Figures]:
        """Run both on the same inputs.

        Args:
            engine: of the plan.
            precision: decides the limits.
            progress: called with the share that is done, 0 to 1.

        Returns:
            By output of the ONNX file. One that is missing, of another shape, or no number where
            the reference is one, differs by a million.

        Raises:
            RgbtError: one of them cannot be executed.
        """
        samples = parity_inputs(self._engine.inputs)
        names = tuple(self._engine.outputs)
        there = [name for name in names if name in engine.outputs]
        differences: dict[str, list[Array]] = {name: [] for name in names}
        for number, sample in enumerate(samples, start=1):
            expected = self._expected(sample)
            ours = engine.run(sample, there)
            for name in names:
                difference = _measure(name).difference
                differences[name].append(_difference(difference, ours.get(name), expected[name]))
            progress(number / len(samples))
        return {
            name: _figures(_measure(name), precision, np.concatenate(parts))
            for name, parts in differences.items()
        }

    def _expected(self, sample: Tensors) -> Tensors:
        try:
            return self._engine.run(sample, self._engine.outputs)
        except Exception as error:  # onnxruntime's errors share no public base class
            why = " ".join(str(error).split())[:200]
            raise RgbtError(
                f"model {self._engine.model}: cannot be executed in fp32, to compare with ({why})"
            ) from None


def _measure(output: str) -> _Measure:
    return _MEASURES.get(output, _OTHER)


def _difference(
    measure: Callable[[Array, Array], Array], ours: Array | None, reference: Array
) -> Array:
    if ours is None or ours.shape != reference.shape:
        return np.full(1, _LOST, np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        values = measure(ours.astype(np.float32), reference).reshape(-1)
    return np.nan_to_num(values, nan=_LOST, posinf=_LOST)


def _figures(measure: _Measure, precision: Precision, differences: Array) -> Figures:
    mean_limit, extreme_limit = measure.limits[precision]
    return Figures(
        measure.unit,
        float(differences.mean(dtype=np.float64)),
        float(np.percentile(differences, _EXTREME_PERCENT)),
        mean_limit,
        extreme_limit,
    )
