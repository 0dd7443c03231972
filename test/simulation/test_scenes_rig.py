"""The carriers of the cameras: heights, speeds and shake."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rgbt_perception.simulation.scenes import compose_scene
from rgbt_perception.simulation.scenes.path import Path, steady
from rgbt_perception.simulation.scenes.rig import ROBOT, VEHICLE, Carrier, carry
from rgbt_perception.simulation.scenes.rotations import rotate


@pytest.mark.parametrize(
    ("name", "heights", "fastest"), [("street", (1.17, 2.23), 14.5), ("rescue", (0.27, 0.93), 1.5)]
)
def test_height_and_speed_stay_in_range(
    name: str, heights: tuple[float, float], fastest: float
) -> None:
    means = []
    for seed in range(12):
        rig = compose_scene(name, seed, False, 10.0).rig_motion
        track = np.array([rig(t)[0] for t in np.linspace(0.0, 10.0, 101).tolist()])
        assert heights[0] <= track[:, 2].min()
        assert track[:, 2].max() <= heights[1]
        speeds = np.linalg.norm(np.diff(track[:, :2], axis=0), axis=1) / 0.1
        assert speeds.max() < fastest
        means.append(speeds.mean())
    assert max(means) > 2.5 * (min(means) + 0.01)


@pytest.mark.parametrize("carrier", [VEHICLE, ROBOT])
def test_a_rig_looks_ahead_and_shakes_a_little(carrier: Carrier) -> None:
    rng = np.random.default_rng(3)
    motion = carry(rng, carrier, Path([(100.0, 0.0)]), steady(0.5 * carrier.height[1]))
    times = np.linspace(0.0, 20.0, 400).tolist()
    forward = np.array([rotate(motion(t)[1], (1.0, 0.0, 0.0)) for t in times])
    up = np.array([rotate(motion(t)[1], (0.0, 0.0, 1.0)) for t in times])
    assert np.abs(np.arctan2(forward[:, 1], forward[:, 0])).max() < 0.7
    assert np.abs(np.arcsin(forward[:, 2])).max() < 0.3
    assert up[:, 2].min() > math.cos(0.3)
    # Band-limited: no jumps between samples 1 ms apart.
    turn = [abs(rotate(motion(t + 1e-3)[1], (1, 0, 0))[2] - f[2])
            for t, f in zip(times, forward, strict=True)]  # fmt: skip
    assert 0.0 < max(turn) < 2e-3


def test_a_standing_rig_hardly_moves() -> None:
    motion = carry(np.random.default_rng(1), VEHICLE, Path([(50.0, 0.0)]), steady(0.0))
    track = np.array([motion(t)[0] for t in np.linspace(0.0, 10.0, 200).tolist()])
    assert np.ptp(track, axis=0).max() < 0.01
