"""An engine that computes nothing: what is measured with it is everything around the network."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

import numpy as np

from rgbt_perception.engines import scene_exchange
from rgbt_perception.engines.depth_exchange import OUTPUTS, input_shapes
from rgbt_perception.engines.engine import Tensors
from rgbt_perception.scene.classes import SCENE_CLASSES

DEPTH_M = 10.0
# The shipped network's size.
_WIDTH, _HEIGHT = 320, 256


class ConstantEngine:
    """See ``Engine``. A plane across the optical axis, ``DEPTH_M`` away, with confidence 1.

    Not perception: it is for measuring what a host costs, and says so in its name.
    """

    def __init__(self, width: int = _WIDTH, height: int = _HEIGHT) -> None:
        """Prepare the results.

        Args:
            width, height: of the network that it stands for, pixels.
        """
        self.name = "constant (computes nothing)"
        self.model = f"constant_{DEPTH_M:g}m"
        self.digest = hashlib.sha256(self.model.encode()).hexdigest()
        self.metadata: Mapping[str, str] = {}
        self.inputs: Mapping[str, tuple[int, ...]] = input_shapes(height, width)
        self.outputs: Collection[str] = OUTPUTS
        plane = np.full((1, 1, height, width), DEPTH_M, np.float32)
        self._results = {**dict.fromkeys(OUTPUTS, plane), "confidence": np.ones_like(plane)}

    def run(self, inputs: Tensors, outputs: Collection[str]) -> Tensors:
        """See ``Engine.run``."""
        return {name: self._results[name] for name in outputs}


class ConstantSceneEngine:
    """See ``Engine``. Grey and the first class everywhere; for measuring what a host costs."""

    def __init__(self, width: int = _WIDTH, height: int = _HEIGHT) -> None:
        """Prepare the results.

        Args:
            width, height: of the network that it stands for, pixels.
        """
        self.name = "constant (computes nothing)"
        self.model = "constant_scene"
        self.digest = hashlib.sha256(self.model.encode()).hexdigest()
        self.metadata: Mapping[str, str] = {}
        self.inputs: Mapping[str, tuple[int, ...]] = scene_exchange.input_shapes(height, width)
        self.outputs: Collection[str] = scene_exchange.OUTPUTS
        half = np.full((1, 1, height, width), 0.5, np.float32)
        logits = np.zeros((1, len(SCENE_CLASSES), height, width), np.float32)
        logits[:, 1] = 1.0
        self._results = {"fused": half, "weight": half, "logits": logits}

    def run(self, inputs: Tensors, outputs: Collection[str]) -> Tensors:
        """See ``Engine.run``."""
        return {name: self._results[name] for name in outputs}
