"""Room for the cold part of a thermal picture where fires or hot pipes would take it all.

What is far hotter becomes nearly white, hotter still brighter.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rgbt_perception.frames import FloatImage
from rgbt_perception.sensing.thermal_range import Range

# Ordinary scenes stay below: the span of all is at most 2.7 times that of the colder 90 % in the
# real pictures at hand (streets, yards, rooms, people).
_LARGEST_RATIO = 3.0
_SHOULDER = 0.75


def linear_range(found: Range) -> tuple[float, float]:
    """Counts that become 0 and 1 below the shoulder.

    They are the range itself, unless it is wider than ``_LARGEST_RATIO`` times what the colder
    90 % of the picture span: then the second lies there.
    """
    widest = max(_LARGEST_RATIO * (found.knee - found.low), found.least)
    return found.low, min(found.high, found.low + widest)


def with_shoulder(picture: FloatImage, warmest: float) -> FloatImage:
    """Bend what is beyond 0.75 so that ``warmest`` becomes 1.

    ``y = min(x, s) + v / (1 + c v)`` with ``v = max(x - s, 0)`` and ``c`` such that ``warmest``
    becomes 1 (ours): it grows everywhere, has no corner, and is ``y = x`` for ``warmest = 1``.

    Args:
        picture: (H, W) float32, linear in counts, 0 at the range's low end; changed in place.
        warmest: at least 1.

    Returns:
        (H, W) float32, clipped to 0 to 1.
    """
    beyond = picture - np.float32(_SHOULDER)
    np.clip(beyond, 0, np.float32(warmest - _SHOULDER), out=beyond)
    np.clip(picture, 0, np.float32(_SHOULDER), out=picture)
    bend = (warmest - 1) / ((1 - _SHOULDER) * (warmest - _SHOULDER))
    divisor: npt.NDArray[np.float32] = beyond * np.float32(bend)
    divisor += np.float32(1)
    beyond /= divisor
    picture += beyond
    # Rounding may leave a few values a bit above.
    np.minimum(picture, np.float32(1), out=picture)
    return picture
