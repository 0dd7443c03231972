"""The array types of rendering; single precision, because speed matters more than digits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Float32 = npt.NDArray[np.float32]
Index = npt.NDArray[np.int32]
Int = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


def single(values: npt.ArrayLike) -> Float32:
    """As float32 array; nothing is copied that already is one."""
    return np.asarray(values, dtype=np.float32)
