"""Pairing of the two cameras' frames in time.

Which frames are a pair, and when that is certain, is in ``nearest.py``. What is here: streams
that stop, lag or jump.

**Lost cameras.** A camera of which nothing usable came for longer than the timeout while the other
went on is lost: the other's newest waiting frame is released alone, and so is each frame after
it, until the lost camera sends again. Frames so late that their partners cannot be waiting any
more (the queue is shorter than the delay, or the clocks disagree) are no sign of life: a
camera that cannot be paired never silences the other. Silence is measured in host time.

**Clock jumps.** When a stream's stamps jump back by more than the tolerance (a bag loop, a seek,
a corrected clock), what can still be settled of the old time is released, the rest of that stream
is dropped, and both streams wait for the other camera to follow: until it jumps too, or the
first one is back where the other is, at most for the timeout. Jumps forward need no care.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Generic, TypeVar

from rgbt_perception.config import PairingConfig
from rgbt_perception.frames import Modality
from rgbt_perception.sensing.match import Match, PairingCounters
from rgbt_perception.sensing.nearest import settle
from rgbt_perception.sensing.paired_stream import Drop, PairedStream

__all__ = ["Match", "Pairer", "PairingCounters"]

T = TypeVar("T")


class Pairer(Generic[T]):
    """Pairs the frames of the two cameras; the rules are in the text above.

    It has no clock, lock or thread: time is what the caller says, and results are returned, so an
    exception in whatever consumes them cannot leave it in a broken state.
    """

    def __init__(self, config: PairingConfig) -> None:
        self._tolerance_ns = round(config.tolerance_s * 1e9)
        self._queue_size = config.queue_size
        timeout_ns = round(config.timeout_s * 1e9)
        offsets = {
            Modality.RGB: round(config.rgb_offset_s * 1e9),
            Modality.THERMAL: round(config.thermal_offset_s * 1e9),
        }
        self._streams: dict[Modality, PairedStream[T]] = {
            modality: PairedStream(offset_ns, self._tolerance_ns, timeout_ns)
            for modality, offset_ns in offsets.items()
        }
        # The camera whose clock jumped back while the other has not followed, and since when.
        self._jumped: Modality | None = None
        self._jumped_ns = 0

    def add(self, modality: Modality, stamp_ns: int, item: T, now_ns: int) -> list[Match[T]]:
        """Take a frame.

        Args:
            modality: the camera.
            stamp_ns: acquisition time in the message, nanoseconds.
            item: the frame.
            now_ns: the host's monotone clock (for recordings: the log time), nanoseconds.

        Returns:
            What is settled now, in time order.
        """
        stream, other = self._streams[modality], self._streams[modality.other]
        stream.received += 1
        frame = stream.frame(stamp_ns, item)
        fault = stream.fault(frame.time_ns)
        if fault in (Drop.DUPLICATE, Drop.LATE):
            stream.dropped[fault] += 1
            return self.advance(now_ns)
        stream.arrive(now_ns, other.alive_ns)
        matches: list[Match[T]] = []
        if fault is Drop.CLOCK_JUMP:
            matches = self._jump_back(modality, frame.time_ns, now_ns)
        stream.take(frame.time_ns)
        if self._is_pairable(stream, other, frame.time_ns, now_ns):
            stream.alive_ns = now_ns
            stream.lost = False
            stream.queue.append(frame)
        elif self._jumped is modality:
            stream.queue.append(frame)
        else:
            stream.dropped[Drop.LATE] += 1
        return matches + self.advance(now_ns)

    def advance(self, now_ns: int) -> list[Match[T]]:
        """Let time pass without a frame; returns what is settled now."""
        matches: list[Match[T]] = []
        for modality in self.lost:
            matches += self._release_alone(modality.other)
        self._end_jump(now_ns)
        if self._jumped is None:
            matches += self._settle()
        for modality in Modality:
            if self._is_silent(modality, now_ns):
                matches += self._lose(modality)
        for stream in self._streams.values():
            while len(stream.queue) > self._queue_size:
                stream.drop(Drop.OVERFLOW)
        return matches

    def flush(self) -> list[Match[T]]:
        """Settle everything that waits: the streams are at their end.

        A frame whose camera was the only one that ever sent is released alone.
        """
        self._jumped = None
        for modality, stream in self._streams.items():
            if stream.newest_ns is None and self._streams[modality.other].queue:
                return self._lose(modality)
        matches = self._settle(ended=tuple(self._streams.values()))
        for stream in self._streams.values():
            stream.drop_all(Drop.UNMATCHED)
        return matches

    @property
    def lost(self) -> tuple[Modality, ...]:
        """The camera that counts as lost, if any."""
        return tuple(modality for modality, stream in self._streams.items() if stream.lost)

    @property
    def counters(self) -> PairingCounters:
        """A snapshot of the counters."""
        streams = self._streams
        return PairingCounters(
            MappingProxyType({m: s.received for m, s in streams.items()}),
            streams[Modality.RGB].matched,
            MappingProxyType({m: s.singles for m, s in streams.items()}),
            MappingProxyType(
                {
                    m: MappingProxyType({reason.value: n for reason, n in s.dropped.items()})
                    for m, s in streams.items()
                }
            ),
            MappingProxyType({m: len(s.queue) for m, s in streams.items()}),
        )

    def _settle(self, ended: tuple[PairedStream[T], ...] = ()) -> list[Match[T]]:
        """Release the pairs that no later frame can change."""
        rgb, thermal = self._streams[Modality.RGB], self._streams[Modality.THERMAL]
        return [
            Match(a.item, a.stamp_ns, b.item, b.stamp_ns)
            for a, b in settle(rgb, thermal, self._tolerance_ns, ended)
        ]

    # Lost cameras

    def _is_pairable(
        self, stream: PairedStream[T], other: PairedStream[T], time_ns: int, now_ns: int
    ) -> bool:
        """Whether a new frame has or may get partners.

        It may lie behind the other camera by what that camera's queue can hold. For a lost camera
        to return it must not lie far ahead either. A camera that does not go on itself is no
        measure.
        """
        if other.lost or other.newest_ns is None or not other.goes_on(now_ns):
            return True
        if not other.period.is_known:
            return True
        usual_ns = other.period.usual_ns
        behind_ns = other.newest_ns - time_ns
        if behind_ns <= (self._queue_size - 1) * usual_ns + self._tolerance_ns:
            return not stream.lost or -behind_ns <= (self._queue_size + 1) * usual_ns
        return any(abs(w.time_ns - time_ns) <= self._tolerance_ns for w in other.queue)

    def _is_silent(self, modality: Modality, now_ns: int) -> bool:
        """Whether a camera is to be declared lost now, the other being on time."""
        stream, other = self._streams[modality], self._streams[modality.other]
        if stream.lost or other.resumed_ns is None or other.is_overdue(now_ns):
            return False
        since_ns = other.resumed_ns
        if stream.alive_ns is not None:
            since_ns = max(since_ns, stream.alive_ns)
        return now_ns - since_ns > stream.patience_ns

    def _lose(self, modality: Modality) -> list[Match[T]]:
        """Declare a camera lost and settle what waits; the other's newest frame goes alone."""
        stream, other = self._streams[modality], self._streams[modality.other]
        stream.lost, other.lost = True, False
        self._jumped = None
        if other.queue:
            # Without them the other's newest frame survives the settling unless it finds a pair.
            last_ns = other.queue[-1].time_ns + self._tolerance_ns
            while stream.queue and stream.queue[-1].time_ns > last_ns:
                stream.queue.pop()
                stream.dropped[Drop.UNMATCHED] += 1
        matches = self._settle(ended=tuple(self._streams.values()))
        stream.drop_all(Drop.UNMATCHED)
        while len(other.queue) > 1:
            other.drop(Drop.UNMATCHED)
        return matches + self._release_alone(modality.other)

    def _release_alone(self, modality: Modality) -> list[Match[T]]:
        """Release what waits of the camera that is left."""
        stream = self._streams[modality]
        matches: list[Match[T]] = []
        while stream.queue:
            frame = stream.queue.popleft()
            stream.singles += 1
            lost = (modality.other,)
            if modality is Modality.RGB:
                matches.append(Match(frame.item, frame.stamp_ns, None, None, lost))
            else:
                matches.append(Match(None, None, frame.item, frame.stamp_ns, lost))
        return matches

    # Clock jumps

    def _jump_back(self, modality: Modality, time_ns: int, now_ns: int) -> list[Match[T]]:
        """Leave a camera's old time; ``time_ns`` is where its clock is now."""
        stream, other = self._streams[modality], self._streams[modality.other]
        matches = self._settle(ended=(stream,)) if self._jumped is None else []
        stream.drop_all(Drop.CLOCK_JUMP)
        if self._jumped is modality.other:
            self._jumped = None
        elif not (stream.lost or other.lost or other.newest_ns is None) and (
            time_ns < other.newest_ns - self._tolerance_ns
        ):
            self._jumped = modality
            # A sign of life: the frames to come lag far behind until the other follows.
            self._jumped_ns = stream.alive_ns = now_ns
        return matches

    def _end_jump(self, now_ns: int) -> None:
        """Stop waiting for the other camera to follow a jump."""
        if self._jumped is None:
            return
        stream, other = self._streams[self._jumped], self._streams[self._jumped.other]
        assert stream.newest_ns is not None
        assert other.newest_ns is not None
        caught_up = stream.newest_ns >= other.newest_ns - self._tolerance_ns
        if caught_up or now_ns - self._jumped_ns > other.patience_ns:
            self._jumped = None
