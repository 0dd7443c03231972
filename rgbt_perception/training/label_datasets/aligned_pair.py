"""One registered pair of pictures with its labels, and how the files of data sets are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.errors import InputError
from rgbt_perception.frames import ColorImage
from rgbt_perception.recording.pictures import Picture, read_picture
from rgbt_perception.scene.classes import IGNORED

Labels = npt.NDArray[np.uint8]
ThermalCounts = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


@dataclass(frozen=True)
class AlignedPair:
    """Both pictures of one moment in one view.

    Attributes:
        name: of the pair within its data set.
        rgb: (H, W, 3) uint8, R G B.
        thermal: (H, W) uint8 or uint16, counts as stored, warm is bright.
        labels: (H, W) uint8 class ids of the data set, 255 where not labelled; None when the data
            set has no labels.
    """

    name: str
    rgb: ColorImage
    thermal: ThermalCounts
    labels: Labels | None


class AlignedPairs(Sequence[AlignedPair]):
    """Pairs that are read when they are asked for; serves as a map-style data set of torch.

    Attributes:
        names: of the pairs, in their order.
        classes: names of the class ids; empty without labels.
    """

    def __init__(
        self, names: Sequence[str], classes: Sequence[str], read: Callable[[str], AlignedPair]
    ) -> None:
        self.names = tuple(names)
        self.classes = tuple(classes)
        self._read = read

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> AlignedPair: ...
    @overload
    def __getitem__(self, index: slice) -> AlignedPairs: ...
    def __getitem__(self, index: int | slice) -> AlignedPair | AlignedPairs:
        """A pair, or a part of the data set.

        Raises:
            InputError: a file is missing or not what it should be.
        """
        if isinstance(index, slice):
            return AlignedPairs(self.names[index], self.classes, self._read)
        return self._read(self.names[index])

    def __iter__(self) -> Iterator[AlignedPair]:
        return map(self._read, self.names)


def checked_pair(
    name: str, rgb: ColorImage, thermal: ThermalCounts, labels: Labels | None
) -> AlignedPair:
    """A pair whose pictures have one size.

    Raises:
        InputError: they have not.
    """
    height, width = rgb.shape[:2]
    for what, picture in (("thermal picture", thermal), ("labels", labels)):
        if picture is not None and picture.shape != (height, width):
            raise InputError(
                f"{name}: {what} of {picture.shape[1]}x{picture.shape[0]}, "
                f"expected the RGB picture's {width}x{height}"
            )
    return AlignedPair(name, rgb, thermal, labels)


def read_rgb(path: Path) -> ColorImage:
    """A colour picture, (H, W, 3) uint8 R G B.

    Raises:
        InputError: it cannot be read, or is no colour picture of 8 bits.
    """
    picture = _read(path)
    if picture.ndim != 3 or picture.shape[2] not in (3, 4) or picture.dtype != np.uint8:
        raise InputError(f"{path}: {_told(picture)}, expected a colour picture of 8 bits")
    return np.ascontiguousarray(picture[..., 2::-1])


def read_thermal(path: Path) -> ThermalCounts:
    """A thermal picture, (H, W) uint8 or uint16; one stored as grey in three channels too.

    Raises:
        InputError: it cannot be read, or is no grey picture of 8 or 16 bits.
    """
    picture = _read(path)
    if picture.dtype not in (np.uint8, np.uint16):
        raise InputError(f"{path}: {_told(picture)}, expected 8 or 16 bits")
    if picture.ndim == 3 and picture.shape[2] >= 3:
        # Lossy files hold grey that is off by a step or two.
        return np.asarray(cv2.cvtColor(picture[..., :3], cv2.COLOR_BGR2GRAY))
    return picture if picture.ndim == 2 else np.ascontiguousarray(picture[..., 0])


def read_labels(path: Path, classes: int) -> Labels:
    """Class ids, (H, W) uint8; 255 where not labelled.

    Args:
        path: a picture whose grey values are ids.
        classes: number of ids.

    Raises:
        InputError: it cannot be read, is a coloured drawing of the labels, or has other ids.
    """
    picture = _read(path)
    if picture.ndim == 3 and (picture[..., :3] == picture[..., :1]).all():
        picture = np.ascontiguousarray(picture[..., 0])
    if picture.ndim != 2 or picture.dtype != np.uint8:
        raise InputError(f"{path}: {_told(picture)}, expected one channel of class ids of 8 bits")
    wrong = picture[(picture >= classes) & (picture != IGNORED)]
    if wrong.size:
        raise InputError(
            f"{path}: holds class id {int(wrong[0])}, expected 0 to {classes - 1} or {IGNORED}"
        )
    return picture


def require_folders(root: Path, parts: Sequence[str], data_set: str) -> list[Path]:
    """Folders that a data set must have.

    Raises:
        InputError: one is missing.
    """
    folders = [root / part for part in parts]
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder, expected {data_set} as it is published")
    return folders


def _read(path: Path) -> Picture:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    return read_picture(path)


def _told(picture: Picture) -> str:
    channels = 1 if picture.ndim == 2 else picture.shape[2]
    return f"holds {channels} channel{'s' * (channels > 1)} of {picture.dtype}"
