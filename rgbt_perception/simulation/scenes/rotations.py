"""Quaternions (w, x, y, z) and poses in plain Python: a scene needs thousands of small ones."""

from __future__ import annotations

import math

from rgbt_perception.simulation.parts import IDENTITY, Pose, Quaternion, Vector


def multiply(a: Quaternion, b: Quaternion) -> Quaternion:
    """The rotation ``b`` followed by ``a``."""
    aw, ax, ay, az = a
    bw, bx, by, bz = b
    return (
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    )


def rotate(q: Quaternion, v: Vector) -> Vector:
    """The vector ``v`` turned by the unit quaternion ``q``."""
    w, x, y, z = q
    vx, vy, vz = v
    tx = 2.0 * (y * vz - z * vy)
    ty = 2.0 * (z * vx - x * vz)
    tz = 2.0 * (x * vy - y * vx)
    return (
        vx + w * tx + y * tz - z * ty,
        vy + w * ty + z * tx - x * tz,
        vz + w * tz + x * ty - y * tx,
    )


def turn_x(angle: float) -> Quaternion:
    """Rotation about x (roll), radians."""
    return (math.cos(angle / 2), math.sin(angle / 2), 0.0, 0.0)


def turn_y(angle: float) -> Quaternion:
    """Rotation about y (pitch), radians; positive lowers what points along +x."""
    return (math.cos(angle / 2), 0.0, math.sin(angle / 2), 0.0)


def turn_z(angle: float) -> Quaternion:
    """Rotation about z (yaw), radians, counter-clockwise from above."""
    return (math.cos(angle / 2), 0.0, 0.0, math.sin(angle / 2))


def euler(yaw: float, pitch: float, roll: float) -> Quaternion:
    """Roll about x, then pitch about y, then yaw about z, radians."""
    return multiply(turn_z(yaw), multiply(turn_y(pitch), turn_x(roll)))


def z_towards(direction: Vector) -> Quaternion:
    """The shortest turn that takes +z to ``direction`` (any length but zero)."""
    x, y, z = direction
    length = math.sqrt(x * x + y * y + z * z)
    w = 1.0 + z / length
    if w < 1e-9:
        return (0.0, 1.0, 0.0, 0.0)
    norm = math.sqrt(w * w + (x * x + y * y) / length**2)
    return (w / norm, -y / length / norm, x / length / norm, 0.0)


def compose(a: Pose, b: Pose) -> Pose:
    """The pose ``b``, given in the frame of ``a``, in the frame that ``a`` is given in."""
    (ax, ay, az), qa = a
    x, y, z = rotate(qa, b[0])
    return (ax + x, ay + y, az + z), multiply(qa, b[1])


def upright(x: float, y: float, z: float = 0.0, yaw: float = 0.0) -> Pose:
    """The pose of something that stands at (x, y, z) and faces ``yaw``."""
    return (x, y, z), turn_z(yaw) if yaw else IDENTITY
