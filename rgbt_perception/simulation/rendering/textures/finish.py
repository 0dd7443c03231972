"""What a texture says about a surface point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rgbt_perception.simulation.rendering.arrays import Float32
from rgbt_perception.simulation.rendering.sites import Sites


@dataclass
class Finish:
    """Looks of N surface points.

    Attributes:
        albedo: (N, 3) float32, linear diffuse reflectance.
        gloss: (N,) float32, mirror reflectance at normal incidence times smoothness, 0 to 1.
        glass: (N,) float32, share of window pane: reflects the sky in both cameras.
        glow: (N, 3) float32, own radiance when it is dark, in the unit of the environment.
        relief: (N,) float32, brightness of small bumps and hollows, about 1.
    """

    albedo: Float32
    gloss: Float32
    glass: Float32
    glow: Float32
    relief: Float32


def plain(sites: Sites, gloss: float = 0.0) -> Finish:
    """The part's colour without any texture."""
    n = len(sites)
    return Finish(
        sites.color.copy(),
        np.full(n, gloss, np.float32),
        np.zeros(n, np.float32),
        np.zeros((n, 3), np.float32),
        np.ones(n, np.float32),
    )


def blend(first: Float32, second: Float32 | tuple[float, float, float], share: Float32) -> Float32:
    """Colours mixed row by row: 0 gives the first, 1 the second."""
    weight = share[:, None]
    result: Float32 = first * (1 - weight) + np.asarray(second, np.float32) * weight
    return result
