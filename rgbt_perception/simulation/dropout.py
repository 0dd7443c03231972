"""Times at which a camera sends no pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rgbt_perception.errors import UsageError
from rgbt_perception.frames import Modality


@dataclass(frozen=True)
class Dropout:
    """A camera is silent from ``start_s`` until ``end_s``, seconds since the start.

    Its truth and camera_info go on, so that what the other camera makes of it can be scored.
    """

    modality: Modality
    start_s: float
    end_s: float

    def covers(self, modality: Modality, time_s: float) -> bool:
        """Whether a picture taken at this time is not sent."""
        return modality is self.modality and self.start_s <= time_s < self.end_s


def parse_dropout(text: str) -> Dropout:
    """Read ``CAMERA:FROM-TO``, e.g. ``rgb:2.5-3.5``.

    Raises:
        UsageError: the text is not of that form, or the time is empty.
    """
    match = re.fullmatch(r"(rgb|thermal):(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)", text)
    if match is None or float(match[2]) >= float(match[3]):
        raise UsageError(
            f"dropout {text!r}: expected CAMERA:FROM-TO in seconds, e.g. rgb:2.5-3.5 or thermal:4-5"
        )
    return Dropout(Modality(match[1]), float(match[2]), float(match[3]))
