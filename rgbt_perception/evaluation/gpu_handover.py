"""Both networks one after the other, the second reading what the first one has on the GPU."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from rgbt_perception.engines import depth_exchange, scene_exchange
from rgbt_perception.engines.aligned_scene import TAKEN, with_alignment
from rgbt_perception.engines.engine import Tensors
from rgbt_perception.engines.plan_builder import Precision
from rgbt_perception.engines.precision import converted
from rgbt_perception.engines.tensorrt.builder import TensorRtBuilder
from rgbt_perception.engines.tensorrt.cuda import Cuda
from rgbt_perception.engines.tensorrt.engine import ModelCard, TensorRtEngine
from rgbt_perception.engines.tensorrt.versions import load_tensorrt


class HandedOver:
    """See ``Engine``: the inputs of the depth network, the outputs of the scene network.

    The depth comes back as well: the host needs it for the cloud.
    """

    def __init__(self, depth: Path, scene: Path, precision: Precision) -> None:
        """Build both.

        Args:
            depth, scene: ONNX files of one size.
            precision: of both.

        Raises:
            RgbtError: as a build and a load do.
        """
        trt, cuda = load_tensorrt(), Cuda()
        builder = TensorRtBuilder(trt, cuda)

        def load(path: Path, content: bytes, beside: TensorRtEngine | None) -> TensorRtEngine:
            network = converted(content, precision)
            plan = builder.build(network, precision, lambda what, share: None)
            card = ModelCard(path.stem, "", {}, precision.value)
            return TensorRtEngine(plan, card, trt, cuda, beside=beside)

        self._depth = load(depth, depth.read_bytes(), None)
        self._scene = load(scene, with_alignment(scene.read_bytes()), self._depth)
        for name in TAKEN:
            self._scene.take(name, self._depth.device_tensor(name))
        self.name = f"{self._depth.name}, scene handed over"
        self.model, self.digest = f"{depth.stem} + {scene.stem}", ""
        self.metadata: Mapping[str, str] = {}
        self.inputs = self._depth.inputs
        self.outputs: Collection[str] = ("depth", *self._scene.outputs)

    def host_inputs(self) -> dict[str, npt.NDArray[Any]]:
        """See ``OwnInputs``."""
        return self._depth.host_inputs()

    def run(self, inputs: Tensors, outputs: Collection[str]) -> Tensors:
        """See ``Engine.run``."""
        depth = self._depth.run(inputs, [name for name in outputs if name == "depth"])
        wanted = [name for name in outputs if name != "depth"]
        return {**depth, **self._scene.run({}, wanted)}


def is_depth(inputs: Collection[str]) -> bool:
    """Whether a network is of the depth exchange."""
    return set(depth_exchange.INPUTS) <= set(inputs)


def is_scene(inputs: Collection[str]) -> bool:
    """Whether a network is of the scene exchange and of no other."""
    return set(scene_exchange.INPUTS) == set(inputs)
