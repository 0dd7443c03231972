"""What the host reports of itself as rgbt_perception/msg/PerceptionStatus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rgbt_perception.frames import Mode
from rgbt_perception.sensing.encode import NS_PER_S, MessageFactory, header


def status_message(
    factory: MessageFactory,
    *,
    stamp_ns: int,
    frame_id: str,
    mode: Mode,
    reasons: Sequence[str],
    offset_ns: int,
    stages: Mapping[str, float],
    pairs: int,
    dropped_rgb: int,
    dropped_thermal: int,
    rejected: int,
    mean_confidence: float,
    depth_model: str,
    scene_model: str,
    engine: str,
) -> Any:
    """rgbt_perception/PerceptionStatus.

    Args:
        factory: makes the messages.
        stamp_ns, frame_id: those of the output that the status belongs to.
        mode: what the output is computed from.
        reasons: codes such as ``thermal_lost``.
        offset_ns: thermal minus RGB stamp, nanoseconds; may be negative.
        stages: milliseconds by stage name.
        pairs, dropped_rgb, dropped_thermal, rejected: counters since the start.
        mean_confidence: 0 to 1.
        depth_model, scene_model, engine: names; empty when there is none.
    """
    # builtin_interfaces/Duration: seconds round down, so -1 ns is -1 s + 999999999 ns.
    sec, nanosec = divmod(int(offset_ns), NS_PER_S)
    return factory.make(
        "rgbt_perception/msg/PerceptionStatus",
        header=header(factory, stamp_ns, frame_id),
        mode=int(mode),
        reasons=list(reasons),
        pair_offset=factory.make("builtin_interfaces/msg/Duration", sec=sec, nanosec=nanosec),
        stages=[
            factory.make(
                "rgbt_perception/msg/StageLatency", stage=stage, milliseconds=float(milliseconds)
            )
            for stage, milliseconds in stages.items()
        ],
        pairs=int(pairs),
        dropped_rgb=int(dropped_rgb),
        dropped_thermal=int(dropped_thermal),
        rejected=int(rejected),
        mean_confidence=float(mean_confidence),
        depth_model=depth_model,
        scene_model=scene_model,
        engine=engine,
    )
