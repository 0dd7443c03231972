"""Why there is no result."""

from __future__ import annotations

from collections.abc import Mapping

from rgbt_perception.frames import Modality
from rgbt_perception.hosting.streams import SILENT_S, StreamWatch
from rgbt_perception.session import IMAGES, Session, Stream


def waiting_reasons(
    session: Session, streams: Mapping[Stream, StreamWatch], now_ns: int
) -> tuple[str, ...]:
    """Reason codes of a status without a result.

    Args:
        session: of the thread that asks.
        streams: what arrives.
        now_ns: steady clock, nanoseconds.

    Returns:
        ``no_rgb``, ``no_camera_info_rgb``, the same for thermal, ``no_extrinsics``; else
        ``no_subscriber`` or why the last match was of no use (``rgb_rejected``); ``unpaired`` when
        nothing else is known.
    """
    reasons: list[str] = []
    for stream, modality in IMAGES.items():
        age_s = streams[stream].state(now_ns).age_s
        if age_s is None or age_s > SILENT_S:
            reasons.append(f"no_{modality.value}")
        if not session.assembly.geometry_known(modality):
            reasons.append(f"no_camera_info_{modality.value}")
    known = all(session.assembly.geometry_known(modality) for modality in Modality)
    if known and not session.extrinsics_known:
        reasons.append("no_extrinsics")
    if session.idle and not reasons:
        return ("no_subscriber",)
    return tuple(reasons) or session.unused or ("unpaired",)
