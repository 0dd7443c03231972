"""Lamps: where they are, what they light, and their shadows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rgbt_perception.simulation.environment import LAMP_RADIANCE
from rgbt_perception.simulation.parts import Lamp, SceneDescription
from rgbt_perception.simulation.rendering.arrays import Array, Float32, single
from rgbt_perception.simulation.rendering.shadows import Sampling, lit_share
from rgbt_perception.simulation.rendering.solids import Poses, rotations
from rgbt_perception.simulation.rendering.tracer import Tracer
from rgbt_perception.simulation.rendering.view import View

_SHADOWED = 3
_LIT = 7


@dataclass(frozen=True)
class PlacedLamp:
    """A burning lamp in the world.

    Attributes:
        position: (3,) metres. direction: (3,) unit beam axis.
        cosine: of the half angle of the beam, -1 for all round.
        strength: (3,) radiance that a white wall has at 1 m in the beam's axis.
    """

    position: Array
    direction: Array
    cosine: float
    strength: Float32


def burning(scene: SceneDescription, poses: Poses, time_s: float, dark: bool) -> list[PlacedLamp]:
    """All lamps that are on: fixed, on bodies and on the rig."""
    placed = [_place(lamp, np.zeros(3), np.eye(3)) for lamp in _on(scene.lamps, dark)]
    for i, body in enumerate(scene.bodies):
        for lamp in _on(body.lamps, dark):
            placed.append(_place(lamp, poses.body_position[i], poses.body_rotation[i]))
    if scene.ego_lamps:
        position, quaternion = scene.rig_motion(time_s)
        turn = rotations(quaternion)[0]
        placed += [_place(lamp, np.array(position), turn) for lamp in _on(scene.ego_lamps, dark)]
    return placed


def strongest(
    lamps: list[PlacedLamp], points: Float32, extinction: float
) -> list[tuple[PlacedLamp, bool]]:
    """The lamps that matter for some points, and which of them cast shadows."""
    if not lamps or len(points) == 0:
        return []
    some = points[:: max(1, len(points) // 400)]
    totals = [float(falloff(lamp, some, extinction).mean() * lamp.strength.sum()) for lamp in lamps]
    order = np.argsort(totals)[::-1][:_LIT]
    return [(lamps[i], rank < _SHADOWED) for rank, i in enumerate(order) if totals[i] > 1e-8]


def falloff(lamp: PlacedLamp, points: Float32, extinction: float, core_m2: float = 0.02) -> Float32:
    """Inverse square, beam profile and air on the way.

    Args:
        lamp: the source.
        points: (N, 3) metres, world.
        extinction: 1/m.
        core_m2: squared distance within which the light no longer grows.

    Returns:
        (N,) float32, to be multiplied with ``lamp.strength``.
    """
    offset = points - lamp.position.astype(np.float32)
    squared = np.maximum(np.einsum("ni,ni->n", offset, offset), core_m2)
    away = np.sqrt(squared)
    result = np.exp(-extinction * away) / squared
    if lamp.cosine > -1:
        inside = (offset @ lamp.direction.astype(np.float32)) / away
        edge = np.clip((inside - lamp.cosine) / (1 - lamp.cosine), 0, 1)
        result *= edge * edge * (3 - 2 * edge)
    return np.asarray(result, dtype=np.float32)


def lamp_light(
    tracer: Tracer, view: View, lamps: list[tuple[PlacedLamp, bool]], extinction: float
) -> Float32:
    """Radiance that white surfaces get from lamps.

    Args:
        tracer: the scene, for shadows.
        view: the picture.
        lamps: from ``strongest``.
        extinction: 1/m.

    Returns:
        (M, 3) float32, in the order of ``view.where``.
    """
    points, normals = view.hits.point[view.where], view.hits.normal[view.where]
    total = np.zeros((len(points), 3), np.float32)
    for lamp, shadowed in lamps:
        offset = lamp.position.astype(np.float32) - points
        away = np.maximum(np.linalg.norm(offset, axis=1), 0.05)
        cosine = np.einsum("ni,ni->n", offset, normals) / away
        level = np.clip(cosine, 0, 1) * falloff(lamp, points, extinction)
        # What adds less than a fiftieth of the mean is not worth a shadow ray.
        index = np.flatnonzero(level > 0.02 * level.mean())
        if shadowed and len(index):
            level[index] *= lit_share(
                tracer, view, lamp.position, view.where[index], Sampling.CHECKER
            )
        total += level[:, None] * lamp.strength
    return total


def _on(lamps: Iterable[Lamp], dark: bool) -> list[Lamp]:
    return [lamp for lamp in lamps if dark or lamp.always]


def _place(lamp: Lamp, position: Array, turn: Array) -> PlacedLamp:
    axis = np.array(lamp.direction, dtype=np.float64)
    return PlacedLamp(
        position + turn @ np.array(lamp.position),
        turn @ (axis / max(float(np.linalg.norm(axis)), 1e-9)),
        float(np.cos(lamp.half_angle)) if lamp.half_angle < np.pi else -1.0,
        (single(lamp.color) * np.float32(lamp.power * LAMP_RADIANCE)).astype(np.float32),
    )
