"""FMB: 1,500 registered pairs of streets with fifteen class ids (Liu et al., ICCV 2023).

Published folders: ``{train,test}/{Visible,Infrared,Label}/<name>.png``, beside ``color`` with
drawings of the labels. The test split shows no bicycle: ``FmbConvention`` of the evaluation says
which classes a mean is of.
"""

from __future__ import annotations

from pathlib import Path

from rgbt_perception.errors import InputError
from rgbt_perception.training.label_datasets.aligned_pair import (
    AlignedPair,
    AlignedPairs,
    checked_pair,
    read_labels,
    read_rgb,
    read_thermal,
    require_folders,
)

CLASSES = (
    "unlabelled",
    "road",
    "sidewalk",
    "building",
    "traffic light",
    "traffic sign",
    "vegetation",
    "sky",
    "person",
    "car",
    "truck",
    "bus",
    "motorcycle",
    "bicycle",
    "pole",
)
SPLITS = ("train", "test")


def open_fmb(root: Path, split: str) -> AlignedPairs:
    """The pairs of a split.

    Args:
        root: with ``train`` and ``test``.
        split: of ``SPLITS``.

    Raises:
        InputError: not the data set's folder, or no such split.
    """
    if split not in SPLITS:
        raise InputError(f"FMB has no split {split!r}, expected one of {', '.join(SPLITS)}")
    visible, infrared, label = require_folders(
        root / split, ("Visible", "Infrared", "Label"), "the FMB data set"
    )
    names = sorted(path.stem for path in visible.glob("*.png"))
    if not names:
        raise InputError(f"{visible}: holds no .png picture")

    def read(name: str) -> AlignedPair:
        file = f"{name}.png"
        return checked_pair(
            name,
            read_rgb(visible / file),
            read_thermal(infrared / file),
            read_labels(label / file, len(CLASSES)),
        )

    return AlignedPairs(names, CLASSES, read)
