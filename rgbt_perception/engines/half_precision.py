"""fp16 where it pays: learned layers and what lies between them; everything else stays fp32.

Which nodes (ours): convolutions and large matrix products become fp16, and so do the plain
operations (activations, additions, resizing, rearranging) between them. fp32 stay normalisations,
softmax, reductions, exponentials, divisions, sampling and scattering with all coordinates, products
of the small matrices of the geometry, and *heads*: the last learned layers before any of the exact
ones or before an output. A depth is the exponential of a head's value, in which fp16 would leave
steps of 0.4 %.

The rewriting is ours too: the converter of onnxruntime 1.31 (``transformers.float16``, MIT) sends
every input of the network through fp16, also on its way to nodes that stay fp32, where a focal
length of 1000 pixels would be off by up to 0.25. Needs the package onnx, where a file is converted
only.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.engines.optional_package import optional_package
from rgbt_perception.errors import RgbtError

_log = logging.getLogger(__name__)

_LEARNED = {"Conv", "ConvTranspose", "Gemm", "MatMul"}
# Contraction over so many elements or fewer: a camera matrix or a pose, not a layer.
_GEOMETRY = 4
# Neither gain nor lose: half where all that they read is.
_PLAIN = {
    "Add",
    "AveragePool",
    "Clip",
    "Concat",
    "DepthToSpace",
    "Elu",
    "Expand",
    "Flatten",
    "Gather",
    "Gelu",
    "GlobalAveragePool",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "LeakyRelu",
    "MaxPool",
    "Mul",
    "PRelu",
    "Pad",
    "Relu",
    "Reshape",
    "Resize",
    "Sigmoid",
    "Slice",
    "Split",
    "Squeeze",
    "Sub",
    "Tanh",
    "Transpose",
    "Unsqueeze",
}
# A normalisation takes what fp16 layers give: it brings it to size 1 whatever its rounding.
_FORGIVING = {"LayerNormalization", "InstanceNormalization", "GroupNormalization", "Softmax"}
_HALF = "__fp16"


def to_half(content: bytes) -> bytes:
    """A mixed fp16 network with fp32 inputs and outputs.

    Args:
        content: of an ONNX file in fp32.

    Raises:
        RgbtError: it is no ONNX file, or a package for it is missing.
    """
    onnx = optional_package("onnx", "precision fp16: the package onnx", "`pip install onnx`")
    try:
        model = onnx.load_model_from_string(content)
        # Types and shapes of everything in between.
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    except Exception as error:  # protobuf's and onnx' errors share no public base class
        reason = " ".join(str(error).split())[:200]
        raise RgbtError(f"precision fp16: not a usable ONNX file ({reason})") from None
    graph = _Graph(inferred.graph)
    half = graph.half()
    _log.debug("fp16: %d of %d nodes", len(half), len(graph.nodes))
    rewriting = _Rewriting(graph, half)
    nodes = [new for index in range(len(graph.nodes)) for new in rewriting.node(index)]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(rewriting.weights)
    _drop_unused(model.graph)
    # Types of what lies between are no longer true, and nobody needs them.
    del model.graph.value_info[:]
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


class _Graph:
    """Nodes in topological order, and of what type and shape their values are."""

    def __init__(self, graph: Any) -> None:
        import onnx

        self.nodes = list(graph.node)
        self.outputs = {value.name for value in graph.output}
        self.constants: dict[str, npt.NDArray[Any]] = {
            item.name: onnx.numpy_helper.to_array(item) for item in graph.initializer
        }
        for node in self.nodes:
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                value = onnx.numpy_helper.to_array(node.attribute[0].t)
                self.constants[node.output[0]] = value
        self._float = onnx.TensorProto.FLOAT
        self._types: dict[str, Any] = {
            value.name: value.type.tensor_type
            for value in (*graph.input, *graph.value_info, *graph.output)
        }

    def half(self) -> set[int]:
        """Positions of the nodes that become fp16; see the module."""
        learned = {index for index, node in enumerate(self.nodes) if self._is_learned(node)}
        learned -= self._heads(learned)
        half: set[int] = set()
        values: set[str] = set()
        for index, node in enumerate(self.nodes):
            if index not in learned:
                computed = list(self._computed(node))
                if node.op_type not in _PLAIN or not computed or not values.issuperset(computed):
                    continue
            if self._fits(node):
                half.add(index)
                values.update(node.output[place] for place in self.float_outputs(node))
        return half

    def floats(self, node: Any) -> Iterator[int]:
        """Positions of the inputs of a node whose type follows the precision."""
        for place, name in enumerate(node.input):
            if node.op_type == "Resize" and place > 0:
                continue  # region and scales are float32 whatever the picture is
            if name in self.constants:
                if self.constants[name].dtype == np.float32:
                    yield place
            elif self._is_float(name):
                yield place

    def float_outputs(self, node: Any) -> Iterator[int]:
        """Positions of the outputs of a node whose type follows the precision."""
        # What is left out has no name; indices, as of the largest value, are no floats.
        return (place for place, name in enumerate(node.output) if self._is_float(name))

    def _is_float(self, name: str) -> bool:
        kind = self._types.get(name)
        return bool(name) and (kind is None or kind.elem_type == self._float)

    def _computed(self, node: Any) -> Iterator[str]:
        """Float inputs of a node that depend on the network's inputs."""
        names = (node.input[place] for place in self.floats(node))
        return (name for name in names if name not in self.constants)

    def _heads(self, learned: set[int]) -> set[int]:
        """Layers from which an exact operation or an output is reached past plain ones only."""
        exact: set[str] = set(self.outputs)
        heads: set[int] = set()
        # From the end to the beginning: whoever reads a value comes before it is judged.
        for index in reversed(range(len(self.nodes))):
            node = self.nodes[index]
            feeds_exact = not exact.isdisjoint(node.output)
            if index in learned:
                if feeds_exact:
                    heads.add(index)
            elif node.op_type not in _PLAIN | _FORGIVING or (
                feeds_exact and node.op_type in _PLAIN
            ):
                exact.update(self._computed(node))
        return heads

    def _is_learned(self, node: Any) -> bool:
        """Whether it is a layer; products of small matrices are none."""
        if node.op_type != "MatMul":
            return node.op_type in _LEARNED
        shape = self._shape(node.input[0])
        return bool(shape) and shape[-1] > _GEOMETRY

    def _fits(self, node: Any) -> bool:
        """Whether no constant is beyond what fp16 holds."""
        limit = float(np.finfo(np.float16).max)
        constants = (node.input[place] for place in self.floats(node))
        return all(
            float(np.abs(self.constants[name]).max(initial=0)) <= limit
            for name in constants
            if name in self.constants
        )

    def _shape(self, name: str) -> tuple[int, ...]:
        if name in self.constants:
            return self.constants[name].shape
        kind = self._types.get(name)
        return () if kind is None else tuple(size.dim_value for size in kind.shape.dim)


class _Rewriting:
    """Casts around the fp16 nodes; one for each value and direction.

    Attributes:
        weights: fp16 constants, to be added.
    """

    def __init__(self, graph: _Graph, half: set[int]) -> None:
        self.weights: list[Any] = []
        self._graph, self._half = graph, half
        self._there: set[str] = set()
        # Who needs the fp32 form of a value.
        self._wanted = set(graph.outputs)
        for index, node in enumerate(graph.nodes):
            if index not in half:
                self._wanted.update(node.input)

    def node(self, index: int) -> Iterator[Any]:
        """What stands in place of a node, in order."""
        from onnx import TensorProto, helper

        node = self._graph.nodes[index]
        if index not in self._half:
            yield node
            return
        for place in list(self._graph.floats(node)):
            name = node.input[place]
            if name + _HALF not in self._there:
                self._there.add(name + _HALF)
                if name in self._graph.constants:
                    self._add_weight(name)
                else:
                    yield helper.make_node("Cast", [name], [name + _HALF], to=TensorProto.FLOAT16)
            node.input[place] = name + _HALF
        outputs = {place: node.output[place] for place in self._graph.float_outputs(node)}
        for place, name in outputs.items():
            node.output[place] = name + _HALF
            self._there.add(name + _HALF)
        yield node
        for name in outputs.values():
            if name in self._wanted:
                yield helper.make_node("Cast", [name + _HALF], [name], to=TensorProto.FLOAT)

    def _add_weight(self, name: str) -> None:
        from onnx import numpy_helper

        values = self._graph.constants[name].astype(np.float16)
        self.weights.append(numpy_helper.from_array(values, name + _HALF))


def _drop_unused(graph: Any) -> None:
    """Remove the fp32 form of what is only needed in fp16."""
    used = {name for node in graph.node for name in node.input}
    used |= {value.name for value in graph.output}
    kept = [item for item in graph.initializer if item.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    nodes = [
        node for node in graph.node if node.op_type != "Constant" or used.intersection(node.output)
    ]
    del graph.node[:]
    graph.node.extend(nodes)
