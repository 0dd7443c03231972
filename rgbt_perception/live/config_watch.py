"""Follows a parameter file while the program runs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rgbt_perception.config import Config, parameters, value_of
from rgbt_perception.errors import InputError

_log = logging.getLogger(__name__)


class ConfigWatch:
    """Puts a file's parameters in force whenever it has been written.

    What cannot be used is one line in the log; then everything stays as it was.
    """

    def __init__(
        self,
        path: Path,
        read: Callable[[], Config],
        change: Callable[[dict[str, Any]], None],
    ) -> None:
        """Begin with the file as it is, which is in force already.

        Args:
            path: to watch.
            read: gives the parameters that it stands for now.
            change: takes the value of every parameter, by full name.
        """
        self._path, self._read, self._change = path, read, change
        self._seen = self._state()

    def look(self) -> bool:
        """Read the file if it is another one; whether its parameters are in force now."""
        state = self._state()
        # Editors take a file away and put another one there: wait for that.
        if state is None or state == self._seen:
            return False
        self._seen = state
        try:
            config = self._read()
            self._change({spec.name: value_of(config, spec.name) for spec in parameters()})
        except InputError as error:
            _log.warning("%s; the parameters stay as they were", error)
            return False
        _log.info("%s: read again, its parameters are in force", self._path)
        return True

    def _state(self) -> tuple[int, ...] | None:
        """What differs when the file has been written; None without one."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
