"""FMB: 1,500 registered pairs of streets with fifteen class ids (Liu et al., ICCV 2023).

Published folders: ``{train,test}/{Visible,Infrared,Label}/<name>.png``, beside ``color`` with
drawings of the labels. The test split shows no bicycle: ``FmbConvention`` of the evaluation says
which classes a mean is of.
"""

from __future__ import annotations

from pathlib import Path

from rgbt_perception.errors import InputError
from rgbt_perception.scene.classes import SCENE_CLASSES
from rgbt_perception.training.label_datasets.aligned_pair import AlignedPairs, require_folders
from rgbt_perception.training.label_datasets.png_split import png_split

CLASSES = tuple(item.name for item in SCENE_CLASSES)
"""The ids of ``scene.classes`` are FMB's."""

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
    return png_split(visible, infrared, label, CLASSES)
