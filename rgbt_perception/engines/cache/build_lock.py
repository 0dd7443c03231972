"""One build at a time in a folder, whatever becomes of the processes that build.

A builder times kernels on the GPU, and a second one beside it would falsify what both measure: the
lock is the folder's, not the engine's. The system frees it when its owner ends, killed or not.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

_FILE = ".lock"
_POLL_S = 0.05
_TELL_S = 3.0


class BuildLock:
    """A context manager that holds the lock of a folder inside its block."""

    def __init__(self, folder: Path, what: str, waiting: Callable[[str], None]) -> None:
        """Prepare; nothing is locked yet.

        Args:
            folder: created if need be.
            what: is being done under the lock, for those who wait for it.
            waiting: told every few seconds for whom it is waited.
        """
        self._folder, self._what, self._waiting = folder, what, waiting
        self._file = -1

    def __enter__(self) -> BuildLock:
        """Wait until nobody else holds it.

        Raises:
            OSError: the folder cannot be made or written, or there are no locks in it.
        """
        next_s = time.monotonic()
        while not self.take():
            if time.monotonic() >= next_s:
                next_s = time.monotonic() + _TELL_S
                self._waiting(f"waiting for {holder(self._folder)}")
            time.sleep(_POLL_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the next one have it."""
        self.release()

    def take(self) -> bool:
        """Take it if it is free; whether it was.

        Raises:
            OSError: as when entering.
        """
        try:
            import fcntl
        except ModuleNotFoundError:
            raise OSError(errno.ENOSYS, "this system has no file locks") from None
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / _FILE
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Somebody may have removed the folder in the meantime: another file is the lock then.
            if not _same(file, path):
                os.close(file)
                return False
            self._sign(file)
        except BlockingIOError:
            os.close(file)
            return False
        except BaseException:
            os.close(file)
            raise
        self._file = file
        return True

    def _sign(self, file: int) -> None:
        """Say who holds it, for those who wait."""
        who = {"pid": os.getpid(), "host": socket.gethostname(), "what": self._what}
        # A full disk is no reason to go without the lock.
        with suppress(OSError):
            os.ftruncate(file, 0)
            os.write(file, json.dumps({**who, "since": time.time()}).encode())

    def release(self) -> None:
        """Let the next one have it; nothing while it is not held."""
        if self._file >= 0:
            # The file stays: to remove it would take it from those who have it open to wait.
            os.close(self._file)
            self._file = -1


def holder(folder: Path) -> str:
    """Who holds the lock, in words; asked while somebody does."""
    try:
        values = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        pid, host, what, since = (values[name] for name in ("pid", "host", "what", "since"))
        seconds = max(0.0, time.time() - float(since))
        return f"process {pid} on {host} ({what}, for {seconds:.0f} s)"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"  # it is just writing


def _same(file: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    own = os.fstat(file)
    return (own.st_dev, own.st_ino) == (there.st_dev, there.st_ino)
