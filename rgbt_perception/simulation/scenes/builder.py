"""Collects what is put into a scene."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rgbt_perception.simulation.parts import Body, Lamp, Motion, Part, Pose, SceneDescription
from rgbt_perception.simulation.scenes.item import Item, Rng, lamps_at, moving, standing
from rgbt_perception.simulation.scenes.occupancy import Occupancy
from rgbt_perception.simulation.scenes.rotations import rotate, upright

SAMPLING_S = 0.4
"""Interval at which trajectories are compared, seconds."""
_MOST_SAMPLES = 1500


class SceneBuilder:
    """Puts items into the world, on free ground and out of each other's way.

    Attributes:
        rng: random numbers of the scene.
        occupancy: which ground is taken.
    """

    def __init__(self, rng: Rng, duration_s: float, rig: Motion, corridor: float) -> None:
        """Start an empty scene.

        Args:
            rng: random numbers of the scene.
            duration_s: how long the recording lasts, seconds.
            rig: where the rig will be.
            corridor: metres round the rig that no object may enter.
        """
        self.rng = rng
        self.occupancy = Occupancy()
        self._static: list[Part] = []
        self._bodies: list[Body] = []
        self._lamps: list[Lamp] = []
        self._names: set[str] = set()
        count = min(_MOST_SAMPLES, max(2, math.ceil(duration_s / SAMPLING_S) + 1))
        self._times: list[float] = np.linspace(0.0, max(duration_s, SAMPLING_S), count).tolist()
        own = np.array([[rig(time)[0][:2]] for time in self._times])
        self._tracks: list[npt.NDArray[np.float64]] = [own]
        self._reaches: list[tuple[float, float]] = [(corridor, 0.0)]

    def add(self, *parts: Part) -> None:
        """Add parts that are given in the world and claim no ground."""
        self._static.extend(parts)

    def put(self, item: Item, pose: Pose) -> None:
        """Place an item that stays, whatever stands there."""
        seed = int(self.rng.integers(1 << 30))
        self._static.extend(standing(item, pose, seed))
        self._lamps.extend(lamps_at(item.lamps, pose))
        self._names.add(item.name)

    def try_put(
        self, item: Item, x: float, y: float, z: float, yaw: float, gap: float = 0.1
    ) -> bool:
        """Place an upright item that stays if its ground is free; says whether it was."""
        if not self.occupancy.try_take(x, y, yaw, item.footprint, gap, item.canopy):
            return False
        self.put(item, upright(x, y, z, yaw))
        return True

    def move(self, item: Item, motion: Motion) -> None:
        """Let an item follow a motion, whatever is in its way."""
        self._bodies.extend(moving(item, motion, int(self.rng.integers(1 << 30))))
        self._names.add(item.name)

    def try_move(self, item: Item, motion: Motion, gap: float) -> bool:
        """Let an item follow a motion if it stays clear of the rig and all other movers.

        Args:
            item: what moves.
            motion: where it will be.
            gap: metres to keep to other movers besides the corridor of the rig.
        """
        hx, hy = item.footprint
        # Three discs along the item stand for its outline.
        radius = max(hy, 0.4 * hx)
        reach = max(0.0, hx - radius)
        track = np.array([_outline(motion(time), reach) for time in self._times])
        for other, (other_radius, other_reach) in zip(self._tracks, self._reaches, strict=True):
            clearance = radius + other_radius + gap
            # Only moments at which the two are near at all need a close look.
            offset = track[:, 0] - other[:, 0]
            apart = np.hypot(offset[:, 0], offset[:, 1])
            near = apart < clearance + reach + other_reach
            if near.any():
                between = track[near, :, None, :] - other[near, None, :, :]
                if float((between**2).sum(axis=-1).min()) < clearance**2:
                    return False
        self._tracks.append(track)
        self._reaches.append((radius, reach))
        self.move(item, motion)
        return True

    def build(
        self,
        name: str,
        rig: Motion,
        indoor: bool,
        ego_lamps: tuple[Lamp, ...],
    ) -> SceneDescription:
        """Everything put in so far as a scene."""
        return SceneDescription(
            name=name,
            static=tuple(self._static),
            bodies=tuple(self._bodies),
            lamps=tuple(self._lamps),
            rig_motion=rig,
            indoor=indoor,
            catalogue=tuple(sorted(self._names)),
            ego_lamps=ego_lamps,
        )


def _outline(pose: Pose, reach: float) -> list[tuple[float, float]]:
    (x, y, _), turn = pose
    ahead = rotate(turn, (reach, 0.0, 0.0))
    return [(x, y), (x + ahead[0], y + ahead[1]), (x - ahead[0], y - ahead[1])]
