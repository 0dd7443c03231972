"""A file that is there whole or not at all, whenever the process or the machine stops."""

from __future__ import annotations

import errno
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def write_whole(path: Path, content: bytes) -> None:
    """Write beside it, then move it into place; what was there before stays until then.

    Raises:
        OSError: it cannot be written; nothing is left of it.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _keep_name(path.parent)


def is_temporary(name: str) -> bool:
    """Whether a file of this name is one that ``write_whole`` had not finished."""
    return _TEMPORARY.fullmatch(name) is not None


def reason(error: OSError) -> str:
    """Why something could not be written, in words."""
    return "disk full" if error.errno in _DISK_FULL else error.strerror or str(error)


def _keep_name(folder: Path) -> None:
    """Have the new name survive a loss of power, too."""
    # Not every file system can do that for folders.
    with suppress(OSError):
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)
