"""One aligned pair on the network's canvas: what all sources of system D's training give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rgbt_perception.frames import FloatImage

Labels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class ScenePair:
    """Both pictures in the reference view.

    Attributes:
        rgb: (H, W, 3) float32, 0 to 1, 0 where not seen.
        rgb_mask: (H, W) float32, 1 where the RGB camera sees what stands here.
        thermal: (H, W) float32, counts.
        thermal_mask: (H, W) float32, 1 where there is a picture.
        depth: (H, W) float32, metres, NaN unknown, inf sky.
        labels: (H, W) uint8, ids of ``scene.classes``, 0 or 255 where nothing is known.
    """

    rgb: FloatImage
    rgb_mask: FloatImage
    thermal: FloatImage
    thermal_mask: FloatImage
    depth: FloatImage
    labels: Labels


class SceneSource(Protocol):
    """A recording or a data set.

    Attributes:
        name: for messages.
        condition: ``scene/light/weather``, ``unknown`` where not known.
        least_span: counts; thermal pictures with less between dark and bright are not stretched
            more.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def condition(self) -> str: ...  # noqa: D102

    @property
    def least_span(self) -> float: ...  # noqa: D102

    def __len__(self) -> int:
        """Number of pairs."""
        ...

    def pair(self, index: int, found: bool) -> ScenePair:
        """One pair.

        Args:
            index: which.
            found: RGB is warped by the depth that a network found; without, by the true one.
        """
        ...
