"""Names and shapes by which every depth network is exchanged: training writes, engines read."""

from __future__ import annotations

from collections.abc import Mapping

OUTPUTS = ("depth", "confidence", "depth_thermal", "depth_rgb")


def input_shapes(height: int, width: int) -> Mapping[str, tuple[int, ...]]:
    """Inputs in their order; all float32.

    * ``rgb``, ``thermal``: pictures, 0 to 1;
    * ``rgb_mask``, ``thermal_mask``: 1 where there is a picture, all 0 when the camera is absent;
    * ``rgb_intrinsics``, ``thermal_intrinsics``: pixels at this size;
    * ``thermal_T_rgb``: metres;
    * ``gate``: 1 = confidences as predicted, 0 = both held at 0.5.
    """
    return {
        "rgb": (1, 3, height, width),
        "thermal": (1, 1, height, width),
        "rgb_mask": (1, 1, height, width),
        "thermal_mask": (1, 1, height, width),
        "rgb_intrinsics": (1, 3, 3),
        "thermal_intrinsics": (1, 3, 3),
        "thermal_T_rgb": (1, 4, 4),
        "gate": (1,),
    }


INPUTS = tuple(input_shapes(0, 0))
