"""The parts of a scene as arrays, and where they are at a given time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rgbt_perception.simulation.parts import MaterialName, Part, SceneDescription, Shape
from rgbt_perception.simulation.rendering.arrays import Array, Index

MATERIALS = tuple(MaterialName)
"""Material by the index used in ``Solids.material``."""
SHAPES = tuple(Shape)
"""Shape by the index used in ``Solids.shape``."""


def rotations(wxyz: npt.ArrayLike) -> Array:
    """Quaternions (w, x, y, z) to rotation matrices.

    Args:
        wxyz: (N, 4), of any positive length.

    Returns:
        (N, 3, 3) float64.
    """
    q = np.asarray(wxyz, dtype=np.float64).reshape(-1, 4)
    w, x, y, z = (q / np.linalg.norm(q, axis=1, keepdims=True)).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


@dataclass(frozen=True)
class Poses:
    """Where every part is at one moment.

    Attributes:
        position: (P, 3) float64, metres, world.
        rotation: (P, 3, 3) float64, world_R_part.
        quaternion: (P, 4) float64, the same as (w, x, y, z).
        body_position, body_rotation: the same of the B bodies (lamps ride on them).
    """

    position: Array
    rotation: Array
    quaternion: Array
    body_position: Array
    body_rotation: Array


class Solids:
    """All parts of a scene as arrays of length P; static parts first, then body by body.

    Attributes:
        parts: the records themselves, in the order of the arrays.
        body: (P,) int32, index of the body, -1 for static parts.
        shape, material: (P,) int32, indices into ``SHAPES`` and ``MATERIALS``.
        size: (P, 3) float64, as in ``Part.size``.
        half: (P, 3) float64, metres, half extents of the bounding box in the part's frame.
        radius: (P,) float64, metres, bounding sphere round the part's origin.
        thickness: (P,) float64, metres, the middle one of the three half extents: a rod's radius.
        label: (P,) uint8, FMB ids.
        color: (P, 3) float32, linear reflectance.
        texture_seed: (P,) int64.
    """

    def __init__(self, scene: SceneDescription) -> None:
        owners = [(-1, part) for part in scene.static]
        owners += [(i, part) for i, body in enumerate(scene.bodies) for part in body.parts]
        self.parts: tuple[Part, ...] = tuple(part for _, part in owners)
        self.body = np.array([owner for owner, _ in owners], dtype=np.int32)
        self.shape = np.array([SHAPES.index(p.shape) for p in self.parts], dtype=np.int32)
        self.material = np.array([MATERIALS.index(p.material) for p in self.parts], dtype=np.int32)
        self.size = np.array([p.size for p in self.parts], dtype=np.float64).reshape(-1, 3)
        self.half = _half_extents(self.shape, self.size)
        ball = np.isin(self.shape, [SHAPES.index(Shape.SPHERE), SHAPES.index(Shape.ELLIPSOID)])
        capsule = self.shape == SHAPES.index(Shape.CAPSULE)
        self.radius = np.linalg.norm(self.half, axis=1)
        self.radius[ball | capsule] = self.half[ball | capsule].max(axis=1)
        self.thickness = np.sort(self.half, axis=1)[:, 1]
        self.label = np.array([p.label for p in self.parts], dtype=np.uint8)
        self.color = np.array([p.color for p in self.parts], dtype=np.float32).reshape(-1, 3)
        self.texture_seed = np.array([p.texture_seed for p in self.parts], dtype=np.int64)
        self._local = np.array([p.position for p in self.parts], dtype=np.float64).reshape(-1, 3)
        self._turn = np.array([p.orientation for p in self.parts], dtype=np.float64).reshape(-1, 4)
        self._local_rotation = rotations(self._turn)
        self._motions = [body.motion for body in scene.bodies]

    def __len__(self) -> int:
        return len(self.parts)

    def poses(self, time_s: float) -> Poses:
        """Where everything is ``time_s`` seconds after the start."""
        moved = [motion(time_s) for motion in self._motions]
        body_position = np.array([p for p, _ in moved], dtype=np.float64).reshape(-1, 3)
        body_turn = np.array([q for _, q in moved], dtype=np.float64).reshape(-1, 4)
        body_rotation = rotations(body_turn)
        position, rotation = self._local.copy(), self._local_rotation.copy()
        quaternion = self._turn.copy()
        free = self.body >= 0
        if free.any():
            owner = self.body[free]
            turn = body_rotation[owner]
            position[free] = body_position[owner] + np.einsum("nij,nj->ni", turn, position[free])
            rotation[free] = turn @ rotation[free]
            quaternion[free] = _product(body_turn[owner], quaternion[free])
        return Poses(position, rotation, quaternion, body_position, body_rotation)

    def clearance(self, poses: Poses, point: Array) -> Array:
        """Distance from a point to each part's surface, a lower bound outside.

        Args:
            poses: of this moment.
            point: (3,) metres, world.

        Returns:
            (P,) float64, metres, negative inside. Exact for boxes, spheres, cylinders and
            capsules; ellipsoids use the gradient bound f / |grad f| (ours).
        """
        local = np.einsum("nji,nj->ni", poses.rotation, point - poses.position)
        q = np.abs(local) - self.half
        result: Array = np.linalg.norm(np.maximum(q, 0), axis=1) + np.minimum(q.max(axis=1), 0)
        names = [SHAPES[s] for s in self.shape]
        for i in np.flatnonzero(result < 1.0):
            x, y, z = local[i]
            first, second = self.size[i, 0], self.size[i, 1]
            if names[i] is Shape.SPHERE:
                result[i] = np.linalg.norm(local[i]) - first
            elif names[i] is Shape.CAPSULE:
                result[i] = np.linalg.norm([x, y, z - np.clip(z, -second, second)]) - first
            elif names[i] is Shape.CYLINDER:
                side, cap = np.hypot(x, y) - first, abs(z) - second
                result[i] = np.hypot(max(side, 0), max(cap, 0)) + min(max(side, cap), 0)
            elif names[i] is Shape.ELLIPSOID:
                k0 = np.linalg.norm(local[i] / self.size[i])
                k1 = np.linalg.norm(local[i] / self.size[i] ** 2)
                result[i] = k0 * (k0 - 1) / k1 if k1 > 1e-9 else -self.size[i].min()
        return result


def _product(a: Array, b: Array) -> Array:
    """Quaternion products (N, 4): the rotations ``b`` followed by ``a``."""
    aw, ax, ay, az = a.T
    bw, bx, by, bz = b.T
    return np.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        axis=1,
    )


def _half_extents(shape: Index, size: Array) -> Array:
    half: Array = size.copy()
    sphere = shape == SHAPES.index(Shape.SPHERE)
    half[sphere] = size[sphere, :1]
    cylinder = shape == SHAPES.index(Shape.CYLINDER)
    half[cylinder] = size[cylinder][:, [0, 0, 1]]
    capsule = shape == SHAPES.index(Shape.CAPSULE)
    half[capsule] = size[capsule][:, [0, 0, 1]]
    half[capsule, 2] += size[capsule, 0]
    return half
