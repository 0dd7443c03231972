"""Random generators keyed by what they are for, so that nothing depends on drawing order."""

from __future__ import annotations

from zlib import crc32

import numpy as np


def generator(seed: int, *keys: str | int) -> np.random.Generator:
    """A generator that depends on the seed and the keys alone."""
    words = [crc32(key.encode()) if isinstance(key, str) else key for key in keys]
    return np.random.default_rng([seed, *words])
