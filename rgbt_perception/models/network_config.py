"""Which variant of system A is built. Free of torch: recipes are read where torch is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BackboneName = Literal[
    "", "segformer-b0", "segformer-b1", "swin-tiny", "efficientnet-b0", "mobilenet-v2"
]
"""Encoder of the coarse networks; empty = our own."""

ConfidenceKind = Literal["pixel", "image", "none"]


@dataclass(frozen=True)
class NetworkConfig:
    """The network of system A. Everything but the defaults is for comparison.

    Attributes:
        backbone: encoder of both coarse networks; empty = our own.
        backbone_weights: folder with trained weights of that encoder (``config.json`` and
            ``model.safetensors``, as ``transformers`` saves them), for both coarse networks;
            empty = random. Nothing is downloaded.
        warp: RGB depth and features are carried into the thermal view before confidence and
            fusion; without, both pictures are taken as if they came from one camera.
        attention: the branches ask each other; without, their tokens only lie side by side.
        confidence: ``pixel`` = a map for each camera; ``image`` = one number for each camera and
            picture; ``none`` = one half everywhere, in training too.
    """

    backbone: BackboneName = ""
    backbone_weights: str = ""
    warp: bool = True
    attention: bool = True
    confidence: ConfidenceKind = "pixel"
