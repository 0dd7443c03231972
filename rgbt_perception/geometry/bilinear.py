"""Between which pixels of a small picture those of a larger one lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Axis = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Places:
    """Along one axis, for every pixel of the larger picture.

    Attributes:
        before, after: (N,) indices of the small pixels on either side; the same at the borders.
        share: (N,) float32, weight of the second, 0 to 1.
    """

    before: npt.NDArray[np.intp]
    after: npt.NDArray[np.intp]
    share: npt.NDArray[np.float32]

    @property
    def arrays(self) -> Axis:
        """All three, as compiled loops take them."""
        return self.before, self.after, self.share


@lru_cache(maxsize=32)
def bilinear_places(small: int, large: int) -> Places:
    """Where ``cv2.resize`` with INTER_LINEAR looks, for two sizes along one axis, pixels."""
    exact = (np.arange(large) + 0.5) * (small / large) - 0.5
    before = np.floor(exact)
    share = (exact - before).astype(np.float32)
    share[(before < 0) | (before >= small - 1)] = 0.0
    first = before.astype(np.intp)
    return Places(np.maximum(first, 0), np.clip(first + 1, 0, small - 1), share)
