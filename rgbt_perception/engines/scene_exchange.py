"""Names and shapes by which the scene network is exchanged: training writes, engines read."""

from __future__ import annotations

from collections.abc import Mapping

OUTPUTS = ("fused", "weight", "logits")
"""``fused``: (1, 1, H, W), luminance, 0 to 1. ``weight``: (1, 1, H, W), share of the visible
picture, 0 = the thermal one's, 1 = the visible one's. ``logits``: (1, classes, H, W), by the ids of
``scene.classes``."""


def input_shapes(height: int, width: int) -> Mapping[str, tuple[int, ...]]:
    """Inputs in their order; all float32, reference view.

    * ``rgb``: 0 to 1, warped into the reference view;
    * ``rgb_mask``: 1 where the warp is seen, all 0 when the camera is absent;
    * ``thermal``: 0 to 1;
    * ``thermal_mask``: 1 where there is a picture, all 0 when the camera is absent.
    """
    return {
        "rgb": (1, 3, height, width),
        "rgb_mask": (1, 1, height, width),
        "thermal": (1, 1, height, width),
        "thermal_mask": (1, 1, height, width),
    }


INPUTS = tuple(input_shapes(0, 0))
