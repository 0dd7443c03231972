"""Rigid transforms as (4, 4) float64 matrices, metres."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rgbt_perception.errors import InputError
from rgbt_perception.frames import Matrix


def rotation_from_quaternion(xyzw: Sequence[float]) -> Matrix:
    """Unit quaternion (x, y, z, w), the order of geometry_msgs, to a (3, 3) rotation.

    Raises:
        InputError: not finite or of zero length.
    """
    q = np.asarray(xyzw, dtype=np.float64)
    norm = float(np.linalg.norm(q))
    if q.shape != (4,) or not np.isfinite(norm) or norm < 1e-6:
        raise InputError(f"quaternion {list(xyzw)}: expected four numbers of unit length")
    x, y, z, w = q / norm
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def quaternion_from_rotation(rotation: Matrix) -> tuple[float, float, float, float]:
    """(3, 3) rotation to a unit quaternion (x, y, z, w) with w >= 0."""
    m = rotation
    # The symmetric 4x4 form: its dominant eigenvector is the quaternion, stable for every angle.
    k = np.array(
        [
            [m[0, 0] - m[1, 1] - m[2, 2], 0, 0, 0],
            [m[0, 1] + m[1, 0], m[1, 1] - m[0, 0] - m[2, 2], 0, 0],
            [m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], m[2, 2] - m[0, 0] - m[1, 1], 0],
            [
                m[2, 1] - m[1, 2],
                m[0, 2] - m[2, 0],
                m[1, 0] - m[0, 1],
                m[0, 0] + m[1, 1] + m[2, 2],
            ],
        ]
    )
    _, vectors = np.linalg.eigh(k)
    q = vectors[:, -1]
    if q[3] < 0:
        q = -q
    return float(q[0]), float(q[1]), float(q[2]), float(q[3])


def transform(rotation: Matrix, translation: Sequence[float]) -> Matrix:
    """(4, 4) from a (3, 3) rotation and a translation in metres."""
    result = np.eye(4)
    result[:3, :3] = rotation
    result[:3, 3] = translation
    return result


def inverse(target_T_source: Matrix) -> Matrix:
    """source_T_target of a rigid transform."""
    rotation = target_T_source[:3, :3].T
    return transform(rotation, -rotation @ target_T_source[:3, 3])
