"""The work of a call, recorded once and launched as a whole ever after."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable

from rgbt_perception.engines.tensorrt.cuda import Recording, Stream
from rgbt_perception.errors import RgbtError

_log = logging.getLogger(__name__)
_MOST = 32


class Recordings:
    """CUDA graphs of one engine, one for each set of wanted outputs and places of the inputs.

    The first call is executed as it is: TensorRT may still prepare things that cannot be recorded.
    The second is recorded. Where that fails, nothing is recorded from then on.
    """

    def __init__(self, stream: Stream) -> None:
        """Begin with none."""
        self._stream = stream
        self._known: dict[Hashable, Recording | None] = {}
        self._possible = True

    @property
    def any(self) -> bool:
        """Whether there is one by now."""
        return any(recording is not None for recording in self._known.values())

    def forget(self) -> None:
        """Record anew: addresses have changed."""
        self._known.clear()

    def enqueue(self, key: Hashable, work: Callable[[], None]) -> None:
        """Enqueue a call's work.

        Args:
            key: calls of one key do the same with the same memory.
            work: enqueues it step by step.

        Raises:
            RgbtError: ``work`` fails when it is not recorded either.
        """
        if not self._possible or key not in self._known:
            work()
            if len(self._known) >= _MOST:
                # Arrays come and go where inputs are not filled in place.
                self._known.clear()
            self._known[key] = None
            return
        recording = self._known[key]
        if recording is None:
            recording = self._record(work)
            if recording is None:
                work()
                return
            self._known[key] = recording
        self._stream.launch(recording)

    def _record(self, work: Callable[[], None]) -> Recording | None:
        reason = ""
        try:
            self._stream.begin_recording()
            work()
        except RgbtError as error:
            reason = str(error)
        try:
            # Also after a failure: it takes the stream back to executing.
            recording = self._stream.end_recording()
        except RgbtError as error:
            reason = reason or str(error)
        if not reason:
            return recording
        self._possible = False
        _log.info("no CUDA graph, every call is enqueued step by step: %s", reason)
        return None
