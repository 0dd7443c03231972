"""Tells how a build goes: to whoever started it, and every few seconds in the log."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType

from rgbt_perception.engines.plan_builder import Progress

_log = logging.getLogger(__name__)
_EVERY_S = 5.0


def progress_line(what: str, share: float) -> str:
    """What a ``Progress`` was called with, in words."""
    return f"{what}: {share:.0%}" if share > 0 else what


class BuildReport:
    """A context manager around the work. Also tells while the builder itself says nothing."""

    def __init__(self, title: str, progress: Progress, every_s: float = _EVERY_S) -> None:
        """Prepare.

        Args:
            title: the whole work, e.g. ``building engine confidence_depth (fp16)``.
            progress: of whoever started it; called from several threads, one at a time.
            every_s: between two lines of the log, seconds.
        """
        self._title, self._progress, self._every_s = title, progress, every_s
        self._lock = threading.Lock()
        self._what, self._share = "", 0.0
        self._began_s = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name="build-report", daemon=True)

    def __enter__(self) -> BuildReport:
        """Begin to tell."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Tell no more."""
        self._ended.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began_s

    def part(self, first: float, last: float) -> Progress:
        """The progress of one part of the work.

        Args:
            first, last: the part's share of the whole, 0 to 1.
        """

        def tell(what: str, share: float) -> None:
            # NaN, of a builder that counts no steps, fails every comparison.
            within = min(1.0, share) if share > 0 else 0.0
            with self._lock:
                self._what = what
                # Builders begin anew in each of their phases; what is told does not go back.
                self._share = max(self._share, first + (last - first) * within)
                self._tell(self._title, self._share)

        return tell

    def waiting(self, line: str) -> None:
        """Tell for whom it is waited; called every few seconds."""
        _log.info("%s: %s", self._title, line)
        with self._lock:
            self._tell(line, 0.0)

    def _tell(self, what: str, share: float) -> None:
        """What fails here, as a closed terminal, must not end a compiler that calls from C++."""
        try:
            self._progress(what, share)
        except Exception as error:
            _log.debug("progress of %s is told no more: %r", self._title, error)
            self._progress = lambda what, share: None

    def _repeat(self) -> None:
        while not self._ended.wait(self._every_s):
            with self._lock:
                if not self._what:
                    continue
                self._tell(self._title, self._share)
                line = progress_line(self._title, self._share)
                _log.info("%s (%s), %.0f s so far", line, self._what, self.seconds)
