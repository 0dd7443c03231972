"""A split of a data set as one folder for each kind of picture, pairs by the PNG files' names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rgbt_perception.errors import InputError
from rgbt_perception.training.label_datasets.aligned_pair import (
    AlignedPair,
    AlignedPairs,
    checked_pair,
    read_labels,
    read_rgb,
    read_thermal,
)


def png_split(
    visible: Path, infrared: Path, labels: Path | None, classes: Sequence[str]
) -> AlignedPairs:
    """The pairs of three folders, in the order of their names.

    Args:
        visible: colour pictures; they say which pairs there are.
        infrared: thermal pictures.
        labels: pictures of class ids; None = the data set has none.
        classes: names of the ids.

    Raises:
        InputError: ``visible`` holds no picture.
    """
    names = sorted(path.stem for path in visible.glob("*.png"))
    if not names:
        raise InputError(f"{visible}: holds no .png picture")

    def read(name: str) -> AlignedPair:
        file = f"{name}.png"
        return checked_pair(
            name,
            read_rgb(visible / file),
            read_thermal(infrared / file),
            None if labels is None else read_labels(labels / file, len(classes)),
        )

    return AlignedPairs(names, () if labels is None else classes, read)
