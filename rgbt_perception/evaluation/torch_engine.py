"""The same network in plain (eager) torch: a peer for the benchmark, never used at run time."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch

from rgbt_perception.engines.depth_exchange import INPUTS, OUTPUTS, input_shapes
from rgbt_perception.engines.engine import Tensors
from rgbt_perception.models.confidence_depth import ConfidenceDepth, DeployedConfidenceDepth


class TorchEagerEngine:
    """See ``Engine``; the weights are random, which does not change the time."""

    def __init__(self, width: int, height: int) -> None:
        """Build the network for pictures of this size, pixels."""
        self._network = DeployedConfidenceDepth(ConfidenceDepth()).eval()
        self.name = f"torch {torch.__version__} eager (CPU)"
        self.model = "confidence_depth"
        self.digest = ""
        self.metadata: Mapping[str, str] = {}
        self.outputs: Collection[str] = OUTPUTS
        self.inputs: Mapping[str, tuple[int, ...]] = input_shapes(height, width)

    def run(self, inputs: Tensors, outputs: Collection[str]) -> Tensors:
        """See ``Engine.run``."""
        with torch.inference_mode():
            results = self._network(*(torch.from_numpy(inputs[name]) for name in INPUTS))
        return {name: results[OUTPUTS.index(name)].numpy() for name in outputs}
