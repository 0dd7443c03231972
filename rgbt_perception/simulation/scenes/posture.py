"""Joint angles of a person over time: standing, walking, working, sitting, lying."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from rgbt_perception.simulation.scenes.item import Rng
from rgbt_perception.simulation.scenes.proportions import SHIN, THIGH

Pair = tuple[float, float]


@dataclass(frozen=True)
class Posture:
    """Joint angles in radians; pairs are (left, right). All zero: upright, arms hanging.

    Attributes:
        lean: torso forward.
        bend: torso to the left.
        twist: torso and head to the left.
        nod, look: head forward; head to the left.
        hip: thighs forward.
        spread: thighs outward.
        knee: shins back.
        ankle: toes up.
        shoulder: upper arms forward.
        abduct: upper arms outward.
        elbow: forearms forward.
        hip_height: metres above the ground; None lets the lowest foot touch the ground.
    """

    lean: float = 0.0
    bend: float = 0.0
    twist: float = 0.0
    nod: float = 0.0
    look: float = 0.0
    hip: Pair = (0.0, 0.0)
    spread: Pair = (0.05, 0.05)
    knee: Pair = (0.0, 0.0)
    ankle: Pair = (0.0, 0.0)
    shoulder: Pair = (0.0, 0.0)
    abduct: Pair = (0.12, 0.12)
    elbow: Pair = (0.2, 0.2)
    hip_height: float | None = None


Gait = Callable[[float], Posture]
"""Time in seconds to a posture."""


def walking(rng: Rng, speed: float, height: float) -> Gait:
    """A walk, or above 2 m/s a run: the carrying foot stands still, the other swings forward.

    The feet follow given curves and two-link inverse kinematics bends hips and knees (ours).

    Args:
        rng: random numbers.
        speed: metres per second.
        height: of the person, metres; sets the length of the stride.
    """
    runs = speed > 2.0
    stride = (0.42 + 0.29 * speed) * height
    rate = speed / stride
    carry = 0.38 if runs else 0.6
    reach = speed * carry / rate / 2
    lift = (0.13 if runs else float(rng.uniform(0.04, 0.07))) * height
    phase = float(rng.random())
    arm = 0.5 * reach / (THIGH * height) * float(rng.uniform(0.5, 1.1))
    elbow = 1.4 if runs else float(rng.uniform(0.15, 0.5))
    holds = int(rng.integers(0, 5))  # 0: the left arm holds something, 1: the right one
    lean = 0.18 if runs else float(rng.uniform(0.0, 0.1))
    nod = float(rng.choice([0.0, 0.0, 0.1, 0.5]))
    leg_length = 0.995 * (THIGH + SHIN) * height
    lowest = math.sqrt(leg_length**2 - min(reach, 0.8 * leg_length) ** 2)

    def leg(cycle: float) -> tuple[float, float, float]:
        """Hip, knee and ankle at a share of the cycle; it starts when the foot touches down."""
        cycle %= 1.0
        # Hips are lowest while both feet are on the ground, twice in a cycle.
        hips = lowest + 0.3 * (leg_length - lowest) * (
            1 - math.cos(4 * math.pi * (cycle - (carry - 0.5) / 2))
        )
        if cycle < carry:
            return _bent(height, reach * (1 - 2 * cycle / carry), hips, 0.0)
        swing = (cycle - carry) / (1 - carry)
        ahead = reach * (2 * swing * swing * (3 - 2 * swing) - 1)
        raised = hips - lift * math.sin(math.pi * swing) ** 2
        return _bent(height, ahead, raised, -0.5 * math.sin(math.pi * swing) * (1 - swing))

    def gait(time: float) -> Posture:
        cycle = rate * time + phase
        left, right = leg(cycle), leg(cycle + 0.5)
        swinging = arm * math.cos(2 * math.pi * cycle)
        return Posture(
            lean=lean,
            bend=0.03 * math.sin(2 * math.pi * cycle),
            twist=-0.1 * math.cos(2 * math.pi * cycle),
            nod=nod,
            hip=(left[0], right[0]),
            knee=(left[1], right[1]),
            ankle=(left[2], right[2]),
            shoulder=(0.3 if holds == 0 else -swinging, 0.3 if holds == 1 else swinging),
            elbow=(1.3 if holds == 0 else elbow, 1.3 if holds == 1 else elbow),
        )

    return gait


def _bent(height: float, ahead: float, below: float, toes: float) -> tuple[float, float, float]:
    """Hip, knee and ankle that put the ankle ``ahead`` of and ``below`` the hip, toes raised."""
    thigh, shin = THIGH * height, SHIN * height
    span = min(math.hypot(ahead, below), 0.9999 * (thigh + shin))
    knee = math.pi - math.acos((thigh**2 + shin**2 - span**2) / (2 * thigh * shin))
    inner = math.acos((thigh**2 + span**2 - shin**2) / (2 * thigh * span))
    hip = math.atan2(ahead, below) + inner
    return hip, knee, knee - hip + toes


def idle(rng: Rng, kind: str) -> Gait:
    """Staying in place with small movements.

    Args:
        rng: random numbers.
        kind: ``standing``, ``phone``, ``carrying``, ``waving``, ``sitting`` (seat 0.45 m
            high), ``floor`` (sitting on the ground), ``kneeling``, ``bending``, ``lying``.
    """
    base = _BASES[kind]
    rate = 2 * math.pi * float(rng.uniform(0.1, 0.3))
    phase = float(rng.uniform(0, 2 * math.pi))
    spread = tuple(float(a) for a in rng.uniform(0.02, 0.2, 2))
    arms = tuple(float(a) for a in rng.uniform(-0.15, 0.15, 2))
    look = float(rng.uniform(-0.6, 0.6))
    limp = rng.uniform(-0.35, 0.7, 6) if kind == "lying" else [0.0] * 6
    loose = tuple(float(a) for a in limp)

    def gait(time: float) -> Posture:
        sway = math.sin(rate * time + phase)
        wave = 0.5 * math.sin(6.0 * time + phase) if kind == "waving" else 0.0
        return Posture(
            lean=base.lean + 0.02 * sway,
            bend=base.bend + 0.02 * sway,
            twist=base.twist + 0.04 * sway,
            nod=base.nod + 0.03 * sway,
            look=look + 0.15 * sway,
            hip=(base.hip[0] + max(0.0, loose[0]), base.hip[1] + max(0.0, loose[1])),
            spread=(base.spread[0] + spread[0], base.spread[1] + spread[1]),
            knee=(base.knee[0] + max(0.0, 1.6 * loose[0]), base.knee[1] + max(0.0, 1.6 * loose[1])),
            ankle=base.ankle,
            shoulder=(
                base.shoulder[0] + arms[0] + loose[2] + 0.04 * sway,
                base.shoulder[1] + arms[1] + loose[3],
            ),
            abduct=(
                base.abduct[0] + abs(loose[4]),
                base.abduct[1] + abs(loose[5]) + wave,
            ),
            elbow=base.elbow,
            hip_height=base.hip_height,
        )

    return gait


_BASES = {
    "standing": Posture(),
    "phone": Posture(nod=0.4, shoulder=(0.5, 0.1), elbow=(1.8, 0.3)),
    "carrying": Posture(shoulder=(0.5, 0.5), elbow=(1.6, 1.6), abduct=(0.0, 0.0)),
    "waving": Posture(shoulder=(0.0, 2.6), elbow=(0.2, 0.5), abduct=(0.1, 0.4)),
    "sitting": Posture(
        lean=-0.1, hip=(1.5, 1.45), knee=(1.5, 1.4), shoulder=(0.5, 0.4), elbow=(0.9, 0.9),
        hip_height=0.53,
    ),
    "floor": Posture(
        lean=-0.25, nod=0.35, hip=(1.9, 1.35), knee=(1.9, 0.15), shoulder=(0.3, 0.1),
        elbow=(0.6, 0.4), hip_height=0.13,
    ),
    "kneeling": Posture(
        lean=0.5, nod=0.2, hip=(1.45, 0.1), knee=(1.5, 1.65), ankle=(0.0, -1.2),
        shoulder=(1.0, 0.9), elbow=(0.5, 0.6),
    ),
    "bending": Posture(
        lean=1.0, nod=0.1, hip=(0.25, 0.1), knee=(0.4, 0.3), shoulder=(1.3, 1.2), elbow=(0.3, 0.4),
    ),
    "lying": Posture(hip_height=0.0, ankle=(-0.5, -0.5)),
}  # fmt: skip


IDLE_KINDS = tuple(_BASES)
"""What ``idle`` can be asked for."""


def cycling(rng: Rng, speed: float) -> Gait:
    """Pedalling on a bicycle with the saddle 0.95 m high."""
    rate = 2 * math.pi * max(speed, 0.5) / 5.0
    phase = float(rng.uniform(0, 2 * math.pi))
    lean = float(rng.uniform(0.25, 0.6))

    def gait(time: float) -> Posture:
        angle = rate * time + phase
        left, right = 1.0 + 0.4 * math.sin(angle), 1.0 - 0.4 * math.sin(angle)
        return Posture(
            lean=lean,
            nod=-0.5 * lean,
            hip=(left, right),
            knee=(1.35 * left - 0.2, 1.35 * right - 0.2),
            shoulder=(0.75 + lean * 0.6, 0.75 + lean * 0.6),
            elbow=(0.35, 0.35),
            hip_height=0.98,
        )

    return gait


def riding(_rng: Rng) -> Gait:
    """Sitting on a motorcycle with the saddle 0.8 m high."""
    posture = Posture(
        lean=0.3, nod=-0.2, hip=(1.25, 1.25), spread=(0.25, 0.25), knee=(1.6, 1.6),
        shoulder=(0.9, 0.9), elbow=(0.5, 0.5), hip_height=0.88,
    )  # fmt: skip

    def gait(_time: float) -> Posture:
        return posture

    return gait
