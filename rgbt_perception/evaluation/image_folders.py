"""Folders of pictures that belong together by name: sources, and what a method made of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.fusion_metrics import MINIMUM_SIDE, Luminance
from rgbt_perception.recording.pictures import pictures_by_name, read_picture

_SHOWN = 3


@dataclass(frozen=True)
class ImageSet:
    """Files of one name, one from each folder, in the order in which the folders were given."""

    name: str
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class MatchedFolders:
    """What several folders share.

    Attributes:
        sets: by name, sorted.
        unused: files of the source folders whose name the last folder does not have.
    """

    sets: tuple[ImageSet, ...]
    unused: int


def match_folders(sources: Sequence[Path], made: Path) -> MatchedFolders:
    """Pair what a method made with the sources of the same name; suffixes may differ.

    A method may have been run on a part of the sources only, so its folder decides.

    Args:
        sources: folders of sources.
        made: folder of the pictures made of them.

    Returns:
        Sets of files, ``sources`` first.

    Raises:
        InputError: a folder is no folder of pictures, or a picture lacks a source.
    """
    folders = [pictures_by_name(folder) for folder in (*sources, made)]
    for folder, files in zip(sources, folders, strict=False):
        _require(folders[-1], folder, files, f"pictures of {made}")
    return _sets(folders, folders[-1])


def match_sources(sources: Sequence[Path], names: Collection[str] | None) -> MatchedFolders:
    """Pair sources of the same name.

    Args:
        sources: folders of pictures.
        names: which to take; None takes all, and then every folder must have the same.

    Raises:
        InputError: a folder is no folder of pictures, or lacks a name.
    """
    folders = [pictures_by_name(folder) for folder in sources]
    wanted = sorted(set().union(*folders) if names is None else set(names))
    for folder, files in zip(sources, folders, strict=True):
        _require(wanted, folder, files, "names")
    return _sets(folders, wanted)


def read_luminance(images: ImageSet) -> tuple[Luminance, ...]:
    """The pictures of a set as the fusion metrics take them.

    Returns:
        (H, W) uint8 each; colour becomes 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded.

    Raises:
        InputError: a picture cannot be read, is not of 8 bits, is too small, or sizes differ.
    """
    pictures = tuple(_luminance(path) for path in images.paths)
    shape = pictures[0].shape
    for path, picture in zip(images.paths, pictures, strict=True):
        if picture.shape != shape:
            raise InputError(
                f"{path}: is {picture.shape[1]}x{picture.shape[0]}, "
                f"expected {shape[1]}x{shape[0]} as {images.paths[0]}"
            )
    if min(shape) < MINIMUM_SIDE:
        raise InputError(
            f"{images.paths[0]}: is {shape[1]}x{shape[0]}, "
            f"expected at least {MINIMUM_SIDE} pixels each way"
        )
    return pictures


def _luminance(path: Path) -> Luminance:
    picture = read_picture(path)
    if picture.dtype != np.uint8:
        raise InputError(f"{path}: holds {picture.dtype}, expected pixels of 8 bits")
    if picture.ndim == 2:
        return picture
    if picture.shape[2] == 2:  # grey and transparency
        return np.ascontiguousarray(picture[..., 0])
    return np.asarray(cv2.cvtColor(picture[..., :3], cv2.COLOR_BGR2GRAY))


def _require(names: Collection[str], folder: Path, files: Mapping[str, Path], whose: str) -> None:
    missing = [name for name in names if name not in files]
    if missing:
        shown = ", ".join(missing[:_SHOWN]) + (", ..." if len(missing) > _SHOWN else "")
        raise InputError(
            f"{folder}: no picture for {len(missing)} of {len(names)} {whose}: {shown}"
        )


def _sets(folders: Sequence[Mapping[str, Path]], names: Collection[str]) -> MatchedFolders:
    sets = tuple(ImageSet(name, tuple(files[name] for files in folders)) for name in sorted(names))
    return MatchedFolders(sets, len(set().union(*folders) - set(names)))
