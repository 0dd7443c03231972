"""Real aligned pairs without labels: folders ``rgb`` and ``thermal`` with the same file names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from rgbt_perception.errors import InputError
from rgbt_perception.geometry.letterbox import resample
from rgbt_perception.scene.classes import IGNORED
from rgbt_perception.training.scene_pair import ScenePair

_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
_LEAST_SPAN = 8.0
"""Grey levels of 8-bit pictures, as the run time has it."""


@dataclass(frozen=True)
class AlignedFolder:
    """Pairs of registered pictures; a ``SceneSource``. Decoded when asked for.

    Attributes:
        name: the folder's.
        files: RGB and thermal picture of each pair.
        width, height: pictures are shrunk to fit into this, one scale on both axes, centred.
    """

    name: str
    files: tuple[tuple[Path, Path], ...]
    width: int
    height: int
    condition: str = "unknown"
    least_span: float = _LEAST_SPAN

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.files)

    def pair(self, index: int, found: bool) -> ScenePair:
        """See ``SceneSource``; registered pictures need no warp, whatever ``found`` says."""
        rgb_path, thermal_path = self.files[index]
        color, thermal = _read(rgb_path), _read(thermal_path)
        if color.shape[:2] != thermal.shape[:2]:
            raise InputError(
                f"{rgb_path} and {thermal_path}: {color.shape[1]}x{color.shape[0]} and "
                f"{thermal.shape[1]}x{thermal.shape[0]} pixels, expected equal sizes"
            )
        grey = cv2.cvtColor(thermal, cv2.COLOR_BGR2GRAY)
        rows, columns = grey.shape
        scale = min(self.width / columns, self.height / rows)
        inner = min(self.width, round(columns * scale)), min(self.height, round(rows * scale))
        left, top = (self.width - inner[0]) // 2, (self.height - inner[1]) // 2
        area = (slice(top, top + inner[1]), slice(left, left + inner[0]))
        shape = (self.height, self.width)
        rgb_canvas = np.zeros((*shape, 3), np.float32)
        rgb_canvas[area] = resample(color[..., ::-1].copy(), *inner) / np.float32(255)
        thermal_canvas, mask = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        thermal_canvas[area] = resample(grey, *inner)
        mask[area] = 1.0
        return ScenePair(
            rgb_canvas,
            mask,
            thermal_canvas,
            mask.copy(),
            np.full(shape, np.nan, np.float32),
            np.full(shape, IGNORED, np.uint8),
        )


def aligned_folders(folder: Path, width: int, height: int) -> list[AlignedFolder]:
    """Every folder with ``rgb`` and ``thermal`` at or below a place.

    Raises:
        InputError: there is none, or a picture lacks its counterpart.
    """
    found = [
        path.parent
        for path in sorted(folder.rglob("rgb"))
        if path.is_dir() and (path.parent / "thermal").is_dir()
    ]
    if not found:
        raise InputError(f"{folder}: no folder with rgb and thermal in it or below")
    return [_opened(path, width, height) for path in found]


def _opened(folder: Path, width: int, height: int) -> AlignedFolder:
    pictures = {
        kind: {p.stem: p for p in (folder / kind).iterdir() if p.suffix.lower() in _SUFFIXES}
        for kind in ("rgb", "thermal")
    }
    alone = sorted(pictures["rgb"].keys() ^ pictures["thermal"].keys())
    if alone or not pictures["rgb"]:
        what = f"{alone[0]} is in one of them only" if alone else "no pictures"
        raise InputError(f"{folder}: expected the same names in rgb and thermal; {what}")
    files = tuple(
        (pictures["rgb"][stem], pictures["thermal"][stem]) for stem in sorted(pictures["rgb"])
    )
    return AlignedFolder(folder.name, files, width, height)


def _read(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise InputError(f"{path}: not a picture")
    return np.asarray(picture, np.uint8)
