"""One sequence in the published folders of the MS2 data set: which files make a pair.

``sync_data/<sequence>/{rgb,thr}/img_left/*.png``, ``img_left_timestamp.txt`` beside ``img_left``,
``sync_data/<sequence>/calib.npy`` and ``proj_depth/<sequence>/{rgb,thr}/{depth,depth_filtered}``.
Files of one name belong to one moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from rgbt_perception.errors import InputError
from rgbt_perception.frames import FloatImage, Modality
from rgbt_perception.recording.pictures import read_picture

_CAMERA_FOLDERS = {Modality.RGB: "rgb", Modality.THERMAL: "thr"}
_STEPS_PER_METRE = 256.0
RATE_HZ = 10.0
"""Nominal rate of all cameras, used where the time stamps are missing."""


class Ms2Truth(str, Enum):
    """Which of the two published ground truths; figures on one do not compare with the other."""

    RAW = "raw"
    FILTERED = "filtered"

    @property
    def folder(self) -> str:
        """Name of its folder."""
        return "depth" if self is Ms2Truth.RAW else "depth_filtered"


@dataclass(frozen=True)
class Ms2Frame:
    """One moment.

    Attributes:
        stamp_ns: of the thermal picture, nanoseconds.
        pictures, depths: files by camera.
    """

    stamp_ns: int
    pictures: dict[Modality, Path]
    depths: dict[Modality, Path]


@dataclass(frozen=True)
class Ms2Sequence:
    """A sequence as it lies on the disk.

    Attributes:
        name: of its folder.
        calibration: path of ``calib.npy``.
        frames: in the order of time; every one has both pictures and both truths.
        notes: what the user should know, one line each.
    """

    name: str
    calibration: Path
    frames: tuple[Ms2Frame, ...]
    notes: tuple[str, ...]


def present_sequences(folder: Path) -> list[str]:
    """Names of the sequences in a data set's folder.

    Raises:
        InputError: it is not the data set's folder.
    """
    sync = folder / "sync_data"
    if not sync.is_dir():
        raise InputError(
            f"{folder}: no folder sync_data, expected the MS2 data set as it is published "
            "(sync_data/ and proj_depth/)"
        )
    return sorted(path.name for path in sync.iterdir() if path.is_dir())


def open_sequence(
    folder: Path, name: str, truth: Ms2Truth, every: int, start_ns: int
) -> Ms2Sequence:
    """List a sequence's pairs.

    Args:
        folder: with ``sync_data`` and ``proj_depth``.
        name: of the sequence.
        truth: which ground truth.
        every: take the first and then every n-th pair.
        start_ns: stamp of the first pair where the time stamps are missing.

    Raises:
        InputError: something is missing; the line names it.
    """
    sequences = present_sequences(folder)
    if name not in sequences:
        found = ", ".join(sequences[:3]) + (", ..." if len(sequences) > 3 else "")
        raise InputError(f"{folder}/sync_data: no sequence {name}; there are {found or 'none'}")
    sync, projected = folder / "sync_data" / name, folder / "proj_depth" / name
    pictures = {
        camera: _files(sync / part / "img_left") for camera, part in _CAMERA_FOLDERS.items()
    }
    depths = {
        camera: _files(projected / part / truth.folder) for camera, part in _CAMERA_FOLDERS.items()
    }
    notes = []
    thermal = sorted(pictures[Modality.THERMAL])
    stamps, note = _stamps(sync / "thr" / "img_left_timestamp.txt", len(thermal), start_ns)
    notes += note
    pairs = [i for i, key in enumerate(thermal) if key in pictures[Modality.RGB]]
    if len(pairs) < len(thermal):
        notes.append(f"{len(thermal) - len(pairs)} thermal pictures without a colour picture")
    chosen = pairs[::every]
    known = [i for i in chosen if all(thermal[i] in depths[camera] for camera in Modality)]
    if len(known) < len(chosen):
        notes.append(f"{len(chosen) - len(known)} of {len(chosen)} pairs left out: no true depth")
    if not known:
        raise InputError(f"{projected}: no {truth.folder} of a pair of pictures in {sync}")
    frames = tuple(
        Ms2Frame(
            stamps[i],
            {camera: pictures[camera][thermal[i]] for camera in Modality},
            {camera: depths[camera][thermal[i]] for camera in Modality},
        )
        for i in known
    )
    return Ms2Sequence(name, sync / "calib.npy", frames, tuple(notes))


def read_depth(path: Path) -> FloatImage:
    """True depth.

    Returns:
        (H, W) float32, metres, NaN where unknown. Stored are 16 bits, metres times 256, 0 unknown.

    Raises:
        InputError: it cannot be read or is no such picture.
    """
    steps = read_picture(path)
    if steps.ndim != 2 or steps.dtype != np.uint16:
        raise InputError(
            f"{path}: holds {steps.dtype} of shape {steps.shape}, expected one "
            "channel of 16 bits (metres times 256)"
        )
    depth: FloatImage = steps.astype(np.float32) / np.float32(_STEPS_PER_METRE)
    depth[steps == 0] = np.nan
    return depth


def _files(folder: Path) -> dict[str, Path]:
    """Pictures by their name without suffix."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder, expected the MS2 data set as it is published")
    files = {path.stem: path for path in folder.glob("*.png") if not path.name.startswith(".")}
    if not files:
        raise InputError(f"{folder}: holds no .png picture")
    return files


def _stamps(path: Path, count: int, start_ns: int) -> tuple[list[int], list[str]]:
    """Nanoseconds, one a line, and what is to be told of them."""
    if not path.exists():
        period = 1e9 / RATE_HZ
        stamps = [start_ns + round(i * period) for i in range(count)]
        return stamps, [f"no {path.name}: stamped at {RATE_HZ:g} Hz"]
    try:
        stamps = [int(line) for line in path.read_text(encoding="utf-8").split()]
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise InputError(f"{path}: expected one number of nanoseconds a line") from None
    if len(stamps) != count:
        raise InputError(f"{path}: {len(stamps)} stamps, expected {count}, one a thermal picture")
    late = next((i for i in range(1, count) if stamps[i] <= stamps[i - 1]), None)
    if late is not None or stamps[0] < 0:
        raise InputError(f"{path}: line {(late or 0) + 1}: stamps must rise, from 0 or later")
    return stamps, []
