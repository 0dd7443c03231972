"""What every inference runtime offers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

Tensors = Mapping[str, npt.NDArray[np.float32]]


class Engine(Protocol):
    """A loaded network.

    Attributes:
        name: runtime and its version, e.g. ``onnxruntime 1.31.1 (CPU)``.
        model: name of the network.
        digest: SHA-256 of the model file, hexadecimal.
        metadata: text properties stored in the model file.
        inputs: shape of each input by name.
        outputs: names of the outputs.
    """

    name: str
    model: str
    digest: str
    metadata: Mapping[str, str]
    inputs: Mapping[str, tuple[int, ...]]
    outputs: Collection[str]

    def run(self, inputs: Tensors, outputs: Collection[str]) -> Tensors:
        """Execute the network.

        Args:
            inputs: float32 arrays of exactly the shapes in ``inputs``.
            outputs: names of the outputs wanted.

        Returns:
            float32 arrays by output name; valid until the next call.
        """
        ...
