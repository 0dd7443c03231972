"""The classes that the scene network knows: ids of the FMB data set, names and colours.

Id = channel of the logits. The simulator labels its truth with the same ids.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

UNLABELLED = 0
"""Truth that says nothing; never learned, never scored."""

IGNORED = 255
"""As ``UNLABELLED``, where a data set is not sure."""

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class SceneClass:
    """One class.

    Attributes:
        name: as in ``label_info`` and in ``metrics.json``.
        colour: red, green, blue of the coloured mask, 0 to 255.
    """

    name: str
    colour: Colour


SCENE_CLASSES = (
    SceneClass("unlabelled", (0, 0, 0)),
    SceneClass("road", (120, 100, 140)),
    SceneClass("sidewalk", (215, 125, 205)),
    SceneClass("building", (125, 125, 120)),
    SceneClass("traffic_light", (250, 165, 45)),
    SceneClass("traffic_sign", (245, 230, 70)),
    SceneClass("vegetation", (95, 155, 50)),
    SceneClass("sky", (120, 180, 225)),
    SceneClass("person", (235, 30, 60)),
    SceneClass("car", (25, 60, 200)),
    SceneClass("truck", (20, 130, 150)),
    SceneClass("bus", (0, 190, 190)),
    SceneClass("motorcycle", (150, 50, 230)),
    SceneClass("bicycle", (170, 110, 60)),
    SceneClass("pole", (205, 205, 195)),
)
"""By id. Walls, stairs and rubble count as building, pipes as pole, grass as vegetation."""

PERSON = 8

COLOURS: npt.NDArray[np.uint8] = np.zeros((256, 3), np.uint8)
"""(256, 3), red, green, blue by id; black where there is no class."""
COLOURS[: len(SCENE_CLASSES)] = [item.colour for item in SCENE_CLASSES]
COLOURS.flags.writeable = False
