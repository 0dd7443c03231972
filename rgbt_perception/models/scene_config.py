"""Which variant of system D is built. Free of torch: recipes are read where torch is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rgbt_perception.models.network_config import BackboneName

AttentionKind = Literal["own", "shared", "none"]


@dataclass(frozen=True)
class SceneConfig:
    """The networks of system D. Everything but the defaults is for comparison.

    Attributes:
        attention: hierarchical interactive attention in the fusion network: ``own`` = each of its
            two stages has its own parameters; ``shared`` = both use the same, as the original's
            code does; ``none`` = without, and nothing of the segmentation network reaches the
            fusion.
        thermal_input: the segmentation network also gets the thermal picture and both masks;
            without, only the fused picture with the RGB picture's chroma, as in the original.
        backbone: encoder of the segmentation network; empty = our own.
        backbone_weights: folder with trained weights of that encoder (``config.json`` and
            ``model.safetensors``, as ``transformers`` saves them); empty = random. Nothing is
            downloaded.
    """

    attention: AttentionKind = "own"
    thermal_input: bool = True
    backbone: BackboneName = ""
    backbone_weights: str = ""
