"""Opens whatever a user calls a recording as readers of ``rosbags``, recovering cut files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rgbt_perception.errors import InputError
from rgbt_perception.recording.joined import JoinedPath
from rgbt_perception.recording.mcap import MAGIC
from rgbt_perception.recording.recovery import salvage

if TYPE_CHECKING:
    from rosbags.rosbag2 import Reader

SUFFIXES = (".mcap", ".db3")
_EXPECTED = "expected an .mcap or .db3 file or a rosbag2 folder"


@dataclass(frozen=True)
class Storage:
    """An open part of a recording.

    Attributes:
        reader: to be closed by the owner.
        truncated: one line if the file was cut, else empty.
    """

    reader: Reader
    truncated: str = ""


def open_recording(path: Path) -> list[Storage]:
    """Open a file or a bag folder.

    A folder without ``metadata.yaml`` (a killed recorder leaves one), or with a cut file, is read
    file by file.

    Raises:
        InputError: missing, or not a recording.
    """
    if not path.exists():
        raise InputError(f"{path}: does not exist, {_EXPECTED}")
    if not path.is_dir():
        return [_open_file(path)]
    files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
    try:
        return [Storage(_open_reader(path))]
    except InputError:
        if not files:
            raise
    opened: list[Storage] = []
    try:
        for file in files:
            opened.append(_open_file(file))
    except BaseException:
        for storage in opened:
            storage.reader.close()
        raise
    return opened


def _open_file(path: Path) -> Storage:
    if path.suffix not in SUFFIXES:
        raise InputError(f"{path}: not a recording, {_EXPECTED}")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            magic = file.read(len(MAGIC))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if not size:
        raise InputError(f"{path}: the file is empty, {_EXPECTED}")
    if path.suffix == ".mcap" and magic != MAGIC:
        raise InputError(f"{path}: does not begin like an MCAP file, {_EXPECTED}")
    try:
        return Storage(_open_reader(path))
    except InputError:
        if path.suffix != ".mcap":
            raise
    found = salvage(path)
    until = f" until {found.last_ns / 1e9:.3f} s" if found.messages else ""
    line = f"{path}: was cut off; recovered {found.messages} messages{until}"
    return Storage(_open_reader(JoinedPath(path, found.end, found.tail)), line)


def _open_reader(path: Path | JoinedPath) -> Reader:
    from rosbags.rosbag2 import Reader

    try:
        reader = Reader(path)
        reader.open()
    # rosbags lets errors of every kind through from damaged files.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: not a readable recording ({reason}), {_EXPECTED}") from None
    return reader
