"""MSRS: 1,444 pairs of MFNet, registered better and with clearer thermal pictures.

Tang et al., "PIAFusion" (Information Fusion 2022). Published folders:
``{train,test}/{vi,ir,Segmentation_labels}/<name>.png``; ids and names are MFNet's. A copy
without the folder of labels, as for fusion alone, gives pairs without labels.
"""

from __future__ import annotations

from pathlib import Path

from rgbt_perception.errors import InputError
from rgbt_perception.training.label_datasets.aligned_pair import AlignedPairs, require_folders
from rgbt_perception.training.label_datasets.mfnet import CLASSES
from rgbt_perception.training.label_datasets.png_split import png_split

SPLITS = ("train", "test")


def open_msrs(root: Path, split: str) -> AlignedPairs:
    """The pairs of a split.

    Args:
        root: with ``train`` and ``test``.
        split: of ``SPLITS``.

    Raises:
        InputError: not the data set's folder, or no such split.
    """
    if split not in SPLITS:
        raise InputError(f"MSRS has no split {split!r}, expected one of {', '.join(SPLITS)}")
    visible, infrared = require_folders(root / split, ("vi", "ir"), "the MSRS data set")
    labels = root / split / "Segmentation_labels"
    return png_split(visible, infrared, labels if labels.is_dir() else None, CLASSES)
