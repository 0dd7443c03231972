"""A file with bytes put after it, without copying it: how a recovered file is read in place."""

from __future__ import annotations

import io
import os
from pathlib import Path, PurePath
from typing import Any, BinaryIO


class JoinedPath:
    """Looks like a path to ``rosbags``; what opens is a file's beginning and then a tail."""

    def __init__(self, path: Path, end: int, tail: bytes) -> None:
        """Name both parts.

        Args:
            path: the file.
            end: how many of its bytes to use.
            tail: what follows them.
        """
        self._path = path
        self._end = end
        self._tail = tail

    def open(self, *_: Any, **__: Any) -> BinaryIO:
        """The joined bytes, for reading."""
        return io.BufferedReader(_JoinedFile(self._path, self._end, self._tail))

    def exists(self) -> bool:
        """As of the file."""
        return self._path.exists()

    def is_dir(self) -> bool:
        """A file is never a folder."""
        return False

    def read_text(self, encoding: str | None = None) -> str:
        """As of the file."""
        return self._path.read_text(encoding)

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """As of the file."""
        return self._path.stat()

    def __truediv__(self, key: JoinedPath | PurePath | str) -> JoinedPath:
        raise NotADirectoryError(str(self._path))

    def __str__(self) -> str:
        return str(self._path)

    @property
    def stem(self) -> str:
        """As of the file."""
        return self._path.stem

    @property
    def suffix(self) -> str:
        """As of the file."""
        return self._path.suffix


class _JoinedFile(io.RawIOBase):
    def __init__(self, path: Path, end: int, tail: bytes) -> None:
        self._file = path.open("rb", buffering=0)
        self._end = end
        self._tail = tail
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = (0, self._position, self._end + len(self._tail))[whence]
        self._position = base + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        if self._position < self._end:
            self._file.seek(self._position)
            size = self._file.readinto(view[: self._end - self._position]) or 0
        else:
            start = self._position - self._end
            part = self._tail[start : start + len(view)]
            size = len(part)
            view[:size] = part
        self._position += size
        return size

    def close(self) -> None:
        self._file.close()
        super().close()
