"""MFNet: 1,569 registered pairs of streets with nine class ids (Ha et al., IROS 2017).

Published folders: ``images/<name>.png`` with four channels, red, green, blue and thermal,
``labels/<name>.png``, and the names of each split in ``<split>.txt``. Names end in D by day and N
at night.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from rgbt_perception.errors import InputError
from rgbt_perception.recording.pictures import read_picture
from rgbt_perception.training.label_datasets.aligned_pair import (
    AlignedPair,
    AlignedPairs,
    checked_pair,
    read_labels,
    require_folders,
)

CLASSES = (
    "unlabelled",
    "car",
    "person",
    "bike",
    "curve",
    "car stop",
    "guardrail",
    "color cone",
    "bump",
)
SPLITS = ("train", "val", "test", "test_day", "test_night")


def open_mfnet(root: Path, split: str) -> AlignedPairs:
    """The pairs of a split.

    Args:
        root: with ``images``, ``labels`` and the lists of names.
        split: of ``SPLITS``; the lists by day and night came later and may be missing.

    Raises:
        InputError: not the data set's folder, or no such split.
    """
    if split not in SPLITS:
        raise InputError(f"MFNet has no split {split!r}, expected one of {', '.join(SPLITS)}")
    images, labels = require_folders(root, ("images", "labels"), "the MFNet data set")
    names = _names(root / f"{split}.txt")

    def read(name: str) -> AlignedPair:
        path = images / f"{name}.png"
        if not path.is_file():
            raise InputError(f"{path}: no such file, but {split}.txt names it")
        picture = _four_channels(path)
        return checked_pair(
            name,
            np.ascontiguousarray(picture[..., 2::-1]),
            np.ascontiguousarray(picture[..., 3]),
            read_labels(labels / f"{name}.png", len(CLASSES)),
        )

    return AlignedPairs(names, CLASSES, read)


def _names(path: Path) -> list[str]:
    try:
        names = path.read_text(encoding="utf-8").split()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; expected one name a line") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not text, expected one name a line") from None
    if not names:
        raise InputError(f"{path}: names no picture")
    return names


def _four_channels(path: Path) -> npt.NDArray[np.uint8]:
    """B G R and thermal; as a picture the thermal channel would be its transparency."""
    picture = read_picture(path)
    if picture.ndim != 3 or picture.shape[2] != 4 or picture.dtype != np.uint8:
        raise InputError(
            f"{path}: holds {picture.dtype} of shape {picture.shape}, expected four channels of "
            "8 bits (red, green, blue, thermal)"
        )
    return picture
