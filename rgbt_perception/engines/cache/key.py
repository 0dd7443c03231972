"""What a plan was compiled from and for: with anything else in it, it is another plan."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

import rgbt_perception
from rgbt_perception.engines.plan_builder import PlanTarget, Precision

FORMAT = 1
"""Of the folder's content; plans of another one are neither loaded nor touched."""

_LENGTH = 32


@dataclass(frozen=True)
class PlanKey:
    """Identity of a plan.

    The shapes are in the ONNX file, so that its hash covers them.

    Attributes:
        onnx_sha256: of the file before it is converted to the precision, hexadecimal.
        precision: of the arithmetic.
        target: runtime, GPU and compute capability.
        release: version of this package, which decides how the file is converted and compiled.
    """

    onnx_sha256: str
    precision: Precision
    target: PlanTarget
    release: str = rgbt_perception.__version__

    @property
    def name(self) -> str:
        """Of its files: hexadecimal, the same for equal keys only."""
        fields = asdict(self) | {"precision": self.precision.value, "format": FORMAT}
        text = json.dumps(fields, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]
