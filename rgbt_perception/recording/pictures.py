"""Videos and folders of images as sequences of pictures at a steady rate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.errors import InputError

FOLDER_RATE_HZ = 10.0
_LOSSY = (".jpg", ".jpeg")
SUFFIXES = (*_LOSSY, ".png", ".tif", ".tiff", ".bmp")

Picture = npt.NDArray[Any]


def read_picture(path: Path) -> Picture:
    """A picture as stored: (H, W) or (H, W, 3) in B G R order, uint8 or uint16.

    Raises:
        InputError: it cannot be read.
    """
    try:
        data = np.fromfile(path, dtype=np.uint8)
        # Decoding in memory: imread has trouble with some file names.
        picture = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except cv2.error:
        picture = None
    if picture is None:
        raise InputError(f"{path}: is not a readable image")
    return np.asarray(picture)


def pictures_by_name(folder: Path) -> dict[str, Path]:
    """The pictures of a folder by name without suffix, sorted.

    Raises:
        InputError: no such folder, no picture in it, or two of one name.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder, expected a folder of pictures")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
            continue
        if path.stem in found:
            raise InputError(
                f"{folder}: both {found[path.stem].name} and {path.name}, "
                "expected one picture of a name"
            )
        found[path.stem] = path
    if not found:
        raise InputError(f"{folder}: holds no picture, expected {', '.join(SUFFIXES)}")
    return found


class PictureSource(Protocol):
    """Pictures in the order of time.

    Attributes:
        rate_hz: pictures a second.
        length: number of pictures; for a video what its header says.
        is_lossy: the pictures were compressed with loss.
    """

    rate_hz: float
    length: int
    is_lossy: bool

    def __iter__(self) -> Iterator[tuple[str, Picture]]:
        """What to call each picture in errors, and the picture.

        A picture is (H, W) or (H, W, 3) in B G R order, uint8 or uint16.
        """


def open_pictures(path: Path, rate_hz: float | None) -> PictureSource:
    """A video file or a folder of images.

    Args:
        path: what to read.
        rate_hz: pictures a second; None means the video's own, 10 for a folder.

    Raises:
        InputError: nothing to read there.
    """
    if not path.exists():
        raise InputError(f"{path}: does not exist, expected a video or a folder of images")
    if path.is_dir():
        return _Folder(path, FOLDER_RATE_HZ if rate_hz is None else rate_hz)
    if path.suffix.lower() in SUFFIXES:
        raise InputError(f"{path}: is a single image, expected a video or a folder of images")
    return _Video(path, rate_hz)


class _Folder:
    def __init__(self, path: Path, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self._files = sorted(
            (
                file
                for file in path.iterdir()
                if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
            ),
            key=lambda file: _natural(file.name),
        )
        if not self._files:
            raise InputError(f"{path}: holds no image, expected {', '.join(SUFFIXES)}")
        self.length = len(self._files)
        self.is_lossy = all(file.suffix.lower() in _LOSSY for file in self._files)

    def __iter__(self) -> Iterator[tuple[str, Picture]]:
        for file in self._files:
            picture = read_picture(file)
            if picture.dtype not in (np.uint8, np.uint16):
                raise InputError(f"{file}: holds {picture.dtype}, expected 8 or 16 bit")
            yield str(file), picture[:, :, :3] if picture.ndim == 3 else picture


class _Video:
    def __init__(self, path: Path, rate_hz: float | None) -> None:
        self._path = path
        self.is_lossy = True
        capture = self._open()
        own_rate_hz = float(capture.get(cv2.CAP_PROP_FPS))
        self.length = max(int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), 1)
        capture.release()
        if rate_hz is None and not 0.0 < own_rate_hz < 10_000.0:
            raise InputError(f"{path}: its frame rate is {own_rate_hz:g}, give one with --rate")
        self.rate_hz = own_rate_hz if rate_hz is None else rate_hz

    def __iter__(self) -> Iterator[tuple[str, Picture]]:
        capture = self._open()
        try:
            number = 0
            while True:
                is_read, picture = capture.read()
                if not is_read:
                    break
                yield f"{self._path} frame {number}", picture
                number += 1
        finally:
            capture.release()
        if number == 0:
            raise InputError(f"{self._path}: no frame can be decoded")

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self._path))
        if not capture.isOpened():
            raise InputError(f"{self._path}: is not a readable video")
        return capture


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key by which ``frame10`` comes after ``frame9``."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(part), part) if part.isdigit() else (1, 0, part) for part in parts if part]
