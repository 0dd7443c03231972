"""What rays met."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from rgbt_perception.simulation.rendering.arrays import Float32, Index


@dataclass(frozen=True)
class Hits:
    """What N rays met; N is the number of rays.

    Attributes:
        part: (N,) int32, index into ``Solids``; -1 where the ray left the scene.
        distance: (N,) float32, metres along the unit ray; inf where nothing was met.
        point: (N, 3) float32, metres, world (0 where nothing was met).
        normal: (N, 3) float32, unit, world, towards the ray's origin.
        local: (N, 3) float32, the point in the part's frame, metres.
        local_normal: (N, 3) float32, the normal in the part's frame.
    """

    part: Index
    distance: Float32
    point: Float32
    normal: Float32
    local: Float32
    local_normal: Float32

    @property
    def found(self) -> npt.NDArray[np.bool_]:
        """(N,) where a part was met."""
        return self.part >= 0


def joined(first: Hits, second: Hits) -> Hits:
    """The hits of two bundles, one after the other."""
    return Hits(
        *(
            np.concatenate([getattr(first, item.name), getattr(second, item.name)])
            for item in fields(Hits)
        )
    )


def replaced(hits: Hits, index: Index, others: Hits) -> Hits:
    """The hits with those at ``index`` exchanged for others, in that order."""
    changed = []
    for item in fields(Hits):
        values = getattr(hits, item.name).copy()
        values[index] = getattr(others, item.name)
        changed.append(values)
    return Hits(*changed)
