"""The one entry: a scene by name and seed."""

from __future__ import annotations

from zlib import crc32

import numpy as np

from rgbt_perception.errors import InputError
from rgbt_perception.simulation.parts import SceneDescription
from rgbt_perception.simulation.scenes.rescue import compose_rescue
from rgbt_perception.simulation.scenes.street import compose_street

SCENES = {"street": compose_street, "rescue": compose_rescue}


def compose_scene(name: str, seed: int, dark: bool, duration_s: float) -> SceneDescription:
    """Compose a scene; equal arguments give equal scenes.

    Args:
        name: ``street`` or ``rescue``.
        seed: any integer from 0 on.
        dark: whether the rig carries its lamps switched on.
        duration_s: length of the recording in seconds; the world reaches at least 24 m
            (rescue) or 80 m (street) beyond the rig's last position.

    Raises:
        InputError: unknown name, negative seed, or a duration that is not positive.
    """
    if name not in SCENES:
        raise InputError(f"scene '{name}': expected one of {', '.join(SCENES)}")
    if seed < 0:
        raise InputError(f"seed {seed}: expected 0 or more")
    if not 0.0 < duration_s < float("inf"):
        raise InputError(f"duration {duration_s} s: expected more than 0 s")
    rng = np.random.default_rng([seed, crc32(name.encode())])
    return SCENES[name](rng, dark, duration_s)
