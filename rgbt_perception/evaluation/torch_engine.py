"""The networks in plain torch: a peer for the benchmark, never used at run time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch

from rgbt_perception.engines import depth_exchange, scene_exchange
from rgbt_perception.engines.engine import Tensors
from rgbt_perception.models.confidence_depth import ConfidenceDepth, DeployedConfidenceDepth
from rgbt_perception.models.scene import DeployedScene, Scene


class TorchEngine:
    """See ``Engine``. Runs on the GPU where torch has one, else on the CPU."""

    def __init__(
        self, network: ConfidenceDepth | Scene, width: int, height: int, compiled: bool = False
    ) -> None:
        """Take a network.

        Args:
            network: for inference.
            width, height: of its pictures, pixels.
            compiled: through ``torch.compile``, which the first run waits for; else eager.
        """
        exchange = scene_exchange if isinstance(network, Scene) else depth_exchange
        deployed: torch.nn.Module
        if isinstance(network, Scene):
            deployed, self.model = DeployedScene(network), "scene"
        else:
            deployed, self.model = DeployedConfidenceDepth(network), "confidence_depth"
        self._device = torch_device()
        self._order = exchange.INPUTS
        self._network: Callable[..., Any] = deployed.eval().to(self._device)
        if compiled:
            self._network = torch.compile(self._network)
        how = "compiled" if compiled else "eager"
        self.name = f"torch {torch.__version__} {how} ({device_name(self._device)})"
        self.digest = ""
        self.metadata: Mapping[str, str] = {}
        self.outputs: Collection[str] = exchange.OUTPUTS
        self.inputs: Mapping[str, tuple[int, ...]] = exchange.input_shapes(height, width)

    def run(self, inputs: Tensors, outputs: Collection[str]) -> Tensors:
        """See ``Engine.run``."""
        names = tuple(self.outputs)
        with torch.inference_mode():
            tensors = {n: torch.from_numpy(inputs[n]).to(self._device) for n in self._order}
            results = self.forward(tensors)
            return {name: results[names.index(name)].cpu().numpy() for name in outputs}

    def forward(self, tensors: Mapping[str, torch.Tensor]) -> Any:
        """The outputs in their order, for inputs that are on the device already."""
        return self._network(*(tensors[name] for name in self._order))


def torch_device() -> torch.device:
    """The GPU where torch has one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """In words."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
