"""What a plan was compiled from and for: with anything else in it, it is another plan."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

import rgbt_perception
from rgbt_perception.engines.plan_builder import PlanTarget, Precision

FORMAT = 2
"""Of the folder's content; plans of another one are neither loaded nor touched."""

_LENGTH = 32
_ENGINES = Path(__file__).resolve().parent.parent
_CONVERTER = (
    "half_precision.py",
    "precision.py",
    "tensorrt/builder.py",
    "tensorrt/versions.py",
)


@cache
def converter_digest() -> str:
    """Of the code that decides what of a file is compiled, hexadecimal.

    Within a release it changes while somebody works on it; plans of before would hide that. Where
    the source is not installed it is that of nothing, and the release alone counts.
    """
    digest = hashlib.sha256()
    for name in _CONVERTER:
        try:
            digest.update((_ENGINES / name).read_bytes())
        except OSError:
            digest.update(b"-")
    return digest.hexdigest()[:_LENGTH]


@dataclass(frozen=True)
class PlanKey:
    """Identity of a plan.

    The shapes are in the ONNX file, so that its hash covers them.

    Attributes:
        onnx_sha256: of the file before it is converted to the precision, hexadecimal.
        precision: of the arithmetic.
        target: runtime, GPU and compute capability.
        release: version of this package, which decides how the file is converted and compiled.
        converter: of the code that does so; see ``converter_digest``.
    """

    onnx_sha256: str
    precision: Precision
    target: PlanTarget
    release: str = rgbt_perception.__version__
    converter: str = field(default_factory=converter_digest)

    @property
    def name(self) -> str:
        """Of its files: hexadecimal, the same for equal keys only."""
        fields = asdict(self) | {"precision": self.precision.value, "format": FORMAT}
        text = json.dumps(fields, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]
