"""Makes a recording from two videos or two folders of images.

The colour pictures are stored as JPEG if they had lost detail before (videos, JPEG files), else
as PNG; the thermal pictures always as PNG, 8 or 16 bit as they came.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from rgbt_perception.errors import InputError
from rgbt_perception.frames import Modality, Pinhole
from rgbt_perception.geometry.camera import CameraModel
from rgbt_perception.geometry.rig import Rig, load_rig
from rgbt_perception.recording.imported_recording import ImportedRecording
from rgbt_perception.recording.pictures import Picture, PictureSource, open_pictures
from rgbt_perception.recording.writer import RecordingWriter

ALIGNED = "aligned"
ALIGNED_VIEW_DEG = 60.0
# Files carry no time of day, so every import starts at this moment.
START_NS = 1_700_000_000 * 10**9


@dataclass(frozen=True)
class ImportSummary:
    """What an import wrote.

    Attributes:
        rgb, thermal: number of pictures.
        notes: what the user should know, one line each.
    """

    rgb: int
    thermal: int
    notes: tuple[str, ...]


def import_recording(
    rgb: Path,
    thermal: Path,
    rig: str,
    out: Path,
    rate_hz: float | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ImportSummary:
    """Write a recording.

    Each camera keeps its own rate; both start at ``START_NS``.

    Args:
        rgb, thermal: video or folder of images.
        rig: a rig file, or ``aligned`` for registered pictures of one size.
        out: the ``.mcap`` file to make.
        rate_hz: of both cameras; None means the video's own, 10 for a folder.
        progress: called with the pictures done and in all.

    Raises:
        InputError: a picture cannot be read, or contradicts the rig or the first picture. What
            was written before it is kept.
    """
    if rate_hz is not None and not 0.01 <= rate_hz <= 10_000.0:
        raise InputError(f"rate {rate_hz:g} Hz: expected 0.01 to 10000")
    sources = {
        Modality.RGB: open_pictures(rgb, rate_hz),
        Modality.THERMAL: open_pictures(thermal, rate_hz),
    }
    first = {modality: next(iter(source)) for modality, source in sources.items()}
    model, text = _aligned(first) if rig == ALIGNED else _from_file(Path(rig))
    cameras = {Modality.RGB: model.rgb, Modality.THERMAL: model.thermal}
    because = "the first picture" if rig == ALIGNED else rig
    for modality, camera in cameras.items():
        _check(*first[modality], camera, first[modality][1], because)
    total = sum(source.length for source in sources.values())
    done: Counter[Modality] = Counter()
    with RecordingWriter(out) as writer:
        recording = ImportedRecording(writer, model)
        recording.describe(START_NS, text)
        streams = [_stamped(modality, source) for modality, source in sources.items()]
        for item in heapq.merge(*streams, key=lambda item: item.stamp_ns):
            reference = first[item.modality][1]
            _check(item.name, item.picture, cameras[item.modality], reference, because)
            codec: Literal["jpeg", "png"] = (
                "jpeg"
                if item.modality is Modality.RGB and sources[item.modality].is_lossy
                else "png"
            )
            recording.add_picture(item.modality, item.picture, item.stamp_ns, codec)
            done[item.modality] += 1
            progress(min(sum(done.values()), total), total)
    return ImportSummary(done[Modality.RGB], done[Modality.THERMAL], tuple(_notes(sources, done)))


class _Item(NamedTuple):
    modality: Modality
    stamp_ns: int
    name: str
    picture: Picture


def _aligned(first: dict[Modality, tuple[str, Picture]]) -> tuple[Rig, None]:
    """One pinhole for both cameras, in the size of their first pictures."""
    (rgb_name, rgb), (name, thermal) = first[Modality.RGB], first[Modality.THERMAL]
    if rgb.shape[:2] != thermal.shape[:2]:
        raise InputError(
            f"{name}: is {_size(thermal)}, expected {_size(rgb)} as {rgb_name}, "
            f"because {ALIGNED} pictures have one size; otherwise give a rig file"
        )
    height, width = rgb.shape[:2]
    focal = 0.5 * width / math.tan(math.radians(0.5 * ALIGNED_VIEW_DEG))
    view = Pinhole(width, height, focal, focal, 0.5 * (width - 1), 0.5 * (height - 1))
    cameras = [
        CameraModel(view, "plumb_bob", (), np.eye(3), view, f"{modality.value}_optical_frame")
        for modality in (Modality.RGB, Modality.THERMAL)
    ]
    rig = Rig(cameras[0], cameras[1], np.eye(4))
    return rig, None


def _from_file(path: Path) -> tuple[Rig, str]:
    return load_rig(path), path.read_text(encoding="utf-8")


def _check(name: str, picture: Picture, camera: CameraModel, first: Picture, because: str) -> None:
    height, width = picture.shape[:2]
    if (width, height) != (camera.raw.width, camera.raw.height):
        raise InputError(
            f"{name}: is {_size(picture)}, expected {camera.raw.width}x{camera.raw.height} "
            f"as {because}"
        )
    if picture.dtype != first.dtype:
        raise InputError(
            f"{name}: holds {picture.dtype}, expected {first.dtype} as the first picture"
        )


def _stamped(modality: Modality, source: PictureSource) -> Iterator[_Item]:
    for number, (name, picture) in enumerate(source):
        yield _Item(modality, START_NS + round(number * 1e9 / source.rate_hz), name, picture)


def _notes(sources: dict[Modality, PictureSource], done: Counter[Modality]) -> Iterator[str]:
    for modality, source in sources.items():
        if done[modality] < source.length:
            yield (
                f"{modality.value}: only {done[modality]} of {source.length} frames "
                "could be decoded"
            )
    ends = {modality: done[modality] / source.rate_hz for modality, source in sources.items()}
    short = min(ends, key=lambda modality: ends[modality])
    longer = short.other
    if ends[longer] - ends[short] > 0.5 / sources[longer].rate_hz:
        yield (
            f"{short.value} ends after {ends[short]:.2f} s ({done[short]} pictures), "
            f"{longer.value} after {ends[longer]:.2f} s ({done[longer]} pictures)"
        )


def _size(picture: Picture) -> str:
    return f"{picture.shape[1]}x{picture.shape[0]}"
