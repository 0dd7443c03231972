"""Where the bones of a person are: forward kinematics from joint angles."""

from __future__ import annotations

import math
from functools import lru_cache

from rgbt_perception.simulation.parts import Motion, Pose, Quaternion, Vector
from rgbt_perception.simulation.scenes.posture import Gait, Posture
from rgbt_perception.simulation.scenes.proportions import (
    FOOT,
    HIP_HALF,
    SHIN,
    SHOULDER_HALF,
    SPINE,
    THIGH,
    UPPER_ARM,
)
from rgbt_perception.simulation.scenes.rotations import compose, multiply, turn_x, turn_y, turn_z

BONES = (
    "hips", "torso", "head",
    "left_upper_arm", "left_forearm", "right_upper_arm", "right_forearm",
    "left_thigh", "left_shin", "left_foot", "right_thigh", "right_shin", "right_foot",
)  # fmt: skip
"""Bone frames: origin at the upper joint (torso, head: the lower), x forward, z up when upright."""


def bone_motions(height: float, gait: Gait) -> dict[str, Motion]:
    """Motion of every bone in the frame of the person (origin on the ground below the hips)."""

    # All bones ask for the same moment one after the other.
    @lru_cache(maxsize=2)
    def poses(time: float) -> dict[str, Pose]:
        return bone_poses(height, gait(time))

    def motion_of(bone: str) -> Motion:
        def motion(time: float) -> Pose:
            return poses(time)[bone]

        return motion

    return {bone: motion_of(bone) for bone in BONES}


def bone_poses(height: float, posture: Posture) -> dict[str, Pose]:
    """Pose of every bone for one posture, metres, in the frame of the person."""
    hip_height = posture.hip_height
    if hip_height is None:
        hip_height = height * max(
            _leg_drop(posture.hip[side], posture.knee[side]) for side in (0, 1)
        )
    hips: Pose = ((0.0, 0.0, hip_height), (1.0, 0.0, 0.0, 0.0))
    trunk = multiply(turn_z(posture.twist), multiply(turn_y(posture.lean), turn_x(-posture.bend)))
    torso = compose(hips, ((0.0, 0.0, 0.03 * height), trunk))
    poses = {"hips": hips, "torso": torso}
    face = multiply(turn_z(posture.look), turn_y(posture.nod))
    poses["head"] = compose(torso, ((0.0, 0.0, SPINE * height), face))
    for side, name, sign in ((0, "left", 1.0), (1, "right", -1.0)):
        arm = multiply(turn_x(sign * posture.abduct[side]), turn_y(-posture.shoulder[side]))
        upper = compose(torso, ((0.0, sign * SHOULDER_HALF * height, 0.27 * height), arm))
        fore = _below(upper, UPPER_ARM * height, turn_y(-posture.elbow[side]))
        leg = multiply(turn_x(sign * posture.spread[side]), turn_y(-posture.hip[side]))
        thigh = compose(hips, ((0.0, sign * HIP_HALF * height, 0.0), leg))
        shin = _below(thigh, THIGH * height, turn_y(posture.knee[side]))
        foot = _below(shin, SHIN * height, turn_y(-posture.ankle[side]))
        poses |= {
            f"{name}_upper_arm": upper,
            f"{name}_forearm": fore,
            f"{name}_thigh": thigh,
            f"{name}_shin": shin,
            f"{name}_foot": foot,
        }
    return poses


def _below(joint: Pose, length: float, turn: Quaternion) -> Pose:
    down: Vector = (0.0, 0.0, -length)
    return compose(joint, (down, turn))


def _leg_drop(hip: float, knee: float) -> float:
    """How far below the hip the sole is, as a share of the height."""
    shin = hip - knee
    # When kneeling the knee, not the foot, is the lowest point.
    sole = THIGH * math.cos(hip) + SHIN * math.cos(shin) + FOOT * max(0.0, math.cos(shin))
    return max(sole, THIGH * math.cos(hip) + 0.04)
