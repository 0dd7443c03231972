"""A network that takes pictures as the cameras give them: preparation as part of the graph.

Colour as bytes, 16-bit counts as their two bytes each (TensorRT has no 16-bit integers), uploaded
once and normalised, resized and placed on the GPU. Resizing is what OpenCV's area and linear
interpolation are, as two products with small constant matrices: one graph serves one geometry.

The picture must be rectified already, and its size known when the network is compiled. CLAHE is not
linear in the counts and stays on the host. Needs the package onnx, at build time only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.engines.optional_package import optional_package
from rgbt_perception.errors import RgbtError

RAW = "_raw"
"""Ends the names of the inputs that replace pictures."""

RANGE = "thermal_range"
"""Input (3,) float32: ``scale`` and ``offset`` from counts to 0 to 1, and ``warmest``, at least 1,
the value that becomes 1; below 0.75, or everywhere when it is 1, the picture is linear."""

_SHOULDER = 0.75
_FIRST = [0, 3, 1, 2]  # channels before rows


@dataclass(frozen=True)
class Placement:
    """Where a camera's picture lies on the network's canvas; see ``geometry.letterbox``.

    Attributes:
        source: width and height of the picture, pixels.
        left, top, width, height: its area on the canvas, pixels.
    """

    source: tuple[int, int]
    left: int
    top: int
    width: int
    height: int


def with_raw_inputs(content: bytes, placements: Mapping[str, Placement]) -> bytes:
    """Put the preparation of pictures before a network.

    ``rgb`` (1, 3, h, w) becomes ``rgb_raw`` (1, H, W, 3) uint8; ``thermal`` (1, 1, h, w) becomes
    ``thermal_raw`` (1, H, W, 2) uint8, the low byte first, with ``thermal_range`` beside it. Both
    are multiplied with their masks, which stay inputs of the network's size: zero where there is no
    picture.

    Args:
        content: of an ONNX file with the inputs of ``depth_exchange`` or ``scene_exchange``.
        placements: of ``rgb``, ``thermal`` or both.

    Raises:
        RgbtError: no ONNX, no such inputs, an area beyond the canvas, or onnx is not installed.
    """
    onnx = optional_package("onnx", "raw inputs: the package onnx", "`pip install onnx`")
    try:
        model = onnx.load_model_from_string(content)
    except Exception:  # protobuf's errors share no public base class
        raise RgbtError("raw inputs: not a usable ONNX file") from None
    inputs = {value.name: value for value in model.graph.input}
    front = _Front()
    for name, placement in placements.items():
        if name not in ("rgb", "thermal") or name not in inputs or f"{name}_mask" not in inputs:
            raise RgbtError(f"raw inputs: the network has no picture {name} with a mask")
        shape = [size.dim_value for size in inputs[name].type.tensor_type.shape.dim]
        if _beyond(placement, shape[3], shape[2]):
            raise RgbtError(f"raw inputs: {placement} does not lie on {shape[3]}x{shape[2]}")
        front.add(name, placement, shape[3], shape[2])
    kept = [value for value in model.graph.input if value.name not in placements]
    nodes = [*front.nodes, *model.graph.node]
    del model.graph.input[:], model.graph.node[:]
    model.graph.input.extend([*front.inputs, *kept])
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(front.constants)
    del model.graph.value_info[:]
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def raw_counts(counts: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
    """Thermal counts, (H, W) uint16, as ``thermal_raw`` takes them: (1, H, W, 2) uint8."""
    little = np.ascontiguousarray(counts, "<u2")
    return little.view(np.uint8).reshape(1, *counts.shape, 2)


def resampling(source: int, target: int, shrink: bool) -> npt.NDArray[np.float32]:
    """One axis of a resizing as a matrix, (target, source) float32.

    Args:
        source, target: pixels.
        shrink: by area: each pixel is the mean of what it covers. Else linear between the centres
            of pixels, the nearest beyond the outermost ones. As OpenCV's INTER_AREA and
            INTER_LINEAR do.
    """
    scale = source / target
    cells = np.arange(source)
    if shrink:
        first = np.arange(target)[:, None] * scale
        covered = np.minimum(cells + 1, first + scale) - np.maximum(cells, first)
        weights = np.clip(covered, 0, None) / scale
    else:
        centres = np.clip((np.arange(target)[:, None] + 0.5) * scale - 0.5, 0, source - 1)
        weights = np.clip(1 - np.abs(centres - cells), 0, None)
    return np.asarray(weights, np.float32)


def _beyond(placement: Placement, width: int, height: int) -> bool:
    right, bottom = placement.left + placement.width, placement.top + placement.height
    within = 0 <= placement.left < right <= width and 0 <= placement.top < bottom <= height
    return not within or min(placement.source) < 1


class _Front:
    """Nodes, inputs and constants that come before the network."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.inputs: list[Any] = []
        self.constants: list[Any] = []

    def add(self, name: str, placement: Placement, width: int, height: int) -> None:
        """Prepare one picture for a canvas of this size."""
        columns, rows = placement.source
        if name == "rgb":
            picture = self._node("Transpose", [self._pixels(name, rows, columns, 3)], perm=_FIRST)
        else:
            both = self._constant("bytes", np.array([[1], [256]], np.float32))
            counts = self._node("MatMul", [self._pixels(name, rows, columns, 2), both])
            picture = self._normalized(self._node("Transpose", [counts], perm=_FIRST))
        shrink = placement.width < columns
        down = self._constant(f"{name}_rows", resampling(rows, placement.height, shrink))
        across = self._constant(f"{name}_columns", resampling(columns, placement.width, shrink).T)
        small = self._node("MatMul", [self._node("MatMul", [down, picture]), across])
        if name == "rgb":
            small = self._node("Mul", [small, self._constant("rgb_gain", np.float32(1 / 255))])
        right = width - placement.left - placement.width
        bottom = height - placement.top - placement.height
        pads = np.array([0, 0, placement.top, placement.left, 0, 0, bottom, right], np.int64)
        placed = self._node("Pad", [small, self._constant(f"{name}_pads", pads)])
        self._node("Mul", [placed, f"{name}_mask"], name)

    def _pixels(self, name: str, rows: int, columns: int, channels: int) -> str:
        """A new input of bytes as float, (1, H, W, channels)."""
        from onnx import TensorProto, helper

        shape = [1, rows, columns, channels]
        self.inputs.append(helper.make_tensor_value_info(name + RAW, TensorProto.UINT8, shape))
        return self._node("Cast", [name + RAW], to=TensorProto.FLOAT)

    def _normalized(self, counts: str) -> str:
        """Counts to 0 to 1; the formula of ``sensing.thermal_shoulder``, with its names."""
        from onnx import TensorProto, helper

        self.inputs.append(helper.make_tensor_value_info(RANGE, TensorProto.FLOAT, [3]))
        parts = [f"{RANGE}_{name}" for name in ("scale", "offset", "warmest")]
        self.nodes.append(helper.make_node("Split", [RANGE], parts, num_outputs=3))
        scale, offset, warmest = parts
        number = {
            value: self._constant(f"number_{value}", np.float32(value))
            for value in (0.0, 0.25, _SHOULDER, 1.0)
        }
        linear = self._node("Add", [self._node("Mul", [counts, scale]), offset])
        width = self._node("Sub", [warmest, number[_SHOULDER]])
        over = self._node("Sub", [linear, number[_SHOULDER]])
        beyond = self._node("Min", [self._node("Max", [over, number[0.0]]), width])
        below = self._node("Min", [self._node("Max", [linear, number[0.0]]), number[_SHOULDER]])
        steepness = self._node("Sub", [warmest, number[1.0]])
        bend = self._node("Div", [steepness, self._node("Mul", [width, number[0.25]])])
        divisor = self._node("Add", [self._node("Mul", [beyond, bend]), number[1.0]])
        sum_ = self._node("Add", [below, self._node("Div", [beyond, divisor])])
        return self._node("Min", [sum_, number[1.0]])

    def _node(self, operation: str, inputs: list[str], output: str = "", **options: Any) -> str:
        from onnx import helper

        output = output or f"raw_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, inputs, [output], **options))
        return output

    def _constant(self, name: str, values: npt.NDArray[Any] | np.generic) -> str:
        from onnx import numpy_helper

        name = f"raw_{name}"
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name
