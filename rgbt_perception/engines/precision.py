"""From the ONNX file as it was exported, in fp32, to one of another precision.

The precision lives in the file: TensorRT 11 takes it from nowhere else.
"""

from __future__ import annotations

from rgbt_perception.engines.half_precision import to_half
from rgbt_perception.engines.plan_builder import Precision
from rgbt_perception.errors import RgbtError


def is_quantized(onnx: bytes) -> bool:
    """Whether a file has int8 parts, by its content: operations are named in it as they are."""
    return b"QuantizeLinear" in onnx


def converted(onnx: bytes, precision: Precision) -> bytes:
    """A network in another precision; inputs and outputs keep their types.

    Args:
        onnx: content of a file in fp32.
        precision: wanted.

    Returns:
        The content as it is for fp32, and for int8 of a file that was quantised; for fp16 see
        ``half_precision``.

    Raises:
        RgbtError: the file is no ONNX, the package onnx is missing, or int8 is wanted of a file
            that was not quantised (its scales come from pictures, not from the file), or fp16 of
            one that was.
    """
    if precision is Precision.FP32:
        return onnx
    quantized = is_quantized(onnx)
    if precision is Precision.FP16:
        if quantized:
            raise RgbtError("precision fp16: the model was quantised; expected int8")
        return to_half(onnx)
    if quantized:
        return onnx
    raise RgbtError(
        "precision int8: the model was not quantised, it has no scales; expected fp16 or fp32"
    )
