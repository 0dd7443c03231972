"""One worker thread around a session: receiving never waits for the engine.

Of the matches that wait while one is processed only the newest is kept, so the latency is at most
that of two results whatever the cameras send; what is replaced is counted. Two that come at once,
as at the start of the streams, are both kept when nothing is processed. An exception while a match
is processed or published is reported, and the next match is processed as if nothing had been.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rgbt_perception.config import Config
from rgbt_perception.frames import Modality, Mode
from rgbt_perception.geometry.rig import Rig
from rgbt_perception.hosting.pace import Pace
from rgbt_perception.hosting.rehearsal import rehearse
from rgbt_perception.hosting.streams import RateMeter, StreamWatch
from rgbt_perception.hosting.waiting import waiting_reasons
from rgbt_perception.hosting.watchdog import Watchdog
from rgbt_perception.outputs import Output
from rgbt_perception.sensing.match import Match
from rgbt_perception.session import IMAGES, Session, Stream

_log = logging.getLogger(__name__)
# How soon a silent camera is noticed beyond its timeout.
_TICK_S = 0.02
# A status tells of messages that could not be sent for so long after the last one.
_UNSENT_NS = 2_000_000_000
# Results that come slower than the status are results still, until so many are missing.
_MISSED = 3


@dataclass
class RunnerCounters:
    """Since the start.

    Attributes:
        matches: given to the worker.
        processed: taken up by it.
        overrun: replaced by a newer one before that.
        faults: exceptions.
        last_result_ns: steady time when the last result had been published; None before.
        busy_ms: time spent on results, from taking a match up to the last publish call.
        last_fault: the last exception in one line.
    """

    matches: int = 0
    processed: int = 0
    overrun: int = 0
    faults: int = 0
    last_result_ns: int | None = None
    busy_ms: float = 0.0
    last_fault: str = ""


class Runner:
    """Runs a session; see the text above.

    Attributes:
        session: what it runs; while the worker runs, the worker's own but for ``pair``, ``wait``,
            ``restart`` and ``statistics``.
        counters: what became of the matches.
        streams: what arrives, by input.
        watchdog: whether results come in time.
        pairing: held from pairing pictures to handing over what became of them, by whoever does
            both: several threads then keep the matches in order.
    """

    def __init__(
        self,
        session: Session,
        publish: Callable[[list[Output]], None],
        *,
        on_fault: Callable[[BaseException], None],
        clock: Callable[[], int] = time.monotonic_ns,
        stamp: Callable[[], int] = time.time_ns,
    ) -> None:
        """Prepare; ``start`` begins.

        Args:
            session: to run.
            publish: takes the messages of a result; called by the worker.
            on_fault: told of every exception; called where it happened.
            clock: steady, nanoseconds.
            stamp: ROS time for statuses that belong to no picture, nanoseconds.
        """
        self.session = session
        self.counters = RunnerCounters()
        self.streams = {stream: StreamWatch() for stream in Stream}
        self.watchdog = Watchdog(clock())
        self._publish, self._on_fault = publish, on_fault
        self._clock, self._stamp = clock, stamp
        self._pace = Pace()
        self._results = RateMeter()
        self.pairing = threading.Lock()
        self._wake = threading.Condition()
        self._asides: deque[tuple[Stream, Any]] = deque()
        self._waiting: deque[tuple[Match[Any], int]] = deque()
        self._busy = False
        self._config: Config | None = None
        self._replaced = 0
        self._rehearsed: Rig | None = None
        self._thread: threading.Thread | None = None
        self._told_ns = clock()
        self._unsent_ns = -_UNSENT_NS
        self.watchdog.configure(session.config.watchdog)

    def start(self) -> None:
        """Begin to process; nothing when it runs already."""
        with self._wake:
            if self._thread is not None:
                return
            self._thread = threading.Thread(target=self._run, name="perception", daemon=True)
            self._told_ns = self._clock()
            self.watchdog.restart(self._told_ns)
            self._thread.start()

    def stop(self) -> None:
        """End after the match in work; a waiting one is dropped. Can be started again."""
        with self._wake:
            thread, self._thread = self._thread, None
            self._discard(keep=0)
            self._wake.notify()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def offer(self, stream: Stream, message: Any) -> None:
        """Take a message, from any thread; pictures are paired here."""
        if stream not in IMAGES:
            self.arrived(stream, message)
            with self._wake:
                self._asides.append((stream, message))
                self._wake.notify()
            return
        try:
            self.arrived(stream, message)
            with self.pairing:
                for match in self.session.pair(IMAGES[stream], message, self._clock()):
                    self.offer_match(match)
        except Exception as error:
            self._fault(error)

    def arrived(self, stream: Stream, message: Any) -> None:
        """Note an arrival without taking it, for a host that pairs by itself."""
        self.streams[stream].note(message, self._clock())

    def offer_match(self, match: Match[Any]) -> None:
        """Take a match, in order of time (see ``pairing``); lost while the worker is stopped."""
        with self._wake:
            self.counters.matches += 1
            # An idle worker would have taken one of two by now, had it been woken a little sooner.
            replaced = self._discard(keep=0 if self._busy else 1)
            self.counters.overrun += replaced
            self._replaced += replaced
            self._waiting.append((match, self._clock()))
            if self._thread is None:
                self._discard(keep=0)
            self._wake.notify()

    def reconfigure(self, config: Config) -> None:
        """Use other parameters from the next match on."""
        with self._wake:
            self._config = config
            self._wake.notify()

    def reset(self) -> None:
        """Forget what waits: the host's ROS clock jumped backward."""
        with self.pairing:
            self.session.restart()
            with self._wake:
                self._discard(keep=0)

    def result_rate_hz(self) -> float:
        """Results a second over the last seconds."""
        return self._results.rate_hz(self._clock())

    def _discard(self, keep: int) -> int:
        """Drop what waits but for the newest; the pictures are counted. Returns how many."""
        count = max(0, len(self._waiting) - keep)
        for _ in range(count):
            match, _ = self._waiting.popleft()
            there = {Modality.RGB: match.rgb, Modality.THERMAL: match.thermal}
            self.session.statistics.replaced(*(m for m, item in there.items() if item is not None))
        return count

    def _fault(self, error: Exception) -> None:
        """Report an exception; it ends nothing."""
        self.counters.faults += 1
        self.counters.last_fault = " ".join(f"{type(error).__name__}: {error}".split())
        try:
            self._on_fault(error)
        except Exception:
            _log.exception("while reporting %s", self.counters.last_fault)

    # The worker

    def _run(self) -> None:
        me = threading.current_thread()
        self._guarded(self._announce)
        while True:
            with self._wake:
                work = self._waiting or self._asides or self._config
                if self._thread is me and not work:
                    self._wake.wait(_TICK_S)
                if self._thread is not me:
                    return
                config, self._config = self._config, None
                asides = list(self._asides)
                self._asides.clear()
                taken = self._waiting.popleft() if self._waiting else None
                self._busy = taken is not None
                replaced, self._replaced = self._replaced, 0
            if config is not None:
                self._guarded(self._apply, config)
            for stream, message in asides:
                self._guarded(self.session.take, stream, message)
            if taken is not None:
                self._pace.note(replaced, self._clock())
                self._process(*taken)
                self._busy = False
            else:
                self._guarded(self._rehearse)
            self._guarded(self._wait)
            self._guarded(self._tell_waiting)

    def _announce(self) -> None:
        """Publish what holds from the start."""
        announcements = self.session.announcements(self._stamp())
        if announcements:
            self._send(announcements)

    def _rehearse(self) -> None:
        """Be ready for the first pair as soon as the geometry is known."""
        if self.counters.processed:
            return
        rig, before = self.session.assembly.prepare(), self._rehearsed
        if rig is None:
            return
        if before is None or rig.rgb is not before.rgb or rig.thermal is not before.thermal:
            self._rehearsed = rig
            # Its own pictures need no maps, which are there by now.
            rehearse(self.session, rig.rectified())

    def _guarded(self, step: Callable[..., None], *arguments: Any) -> None:
        try:
            step(*arguments)
        except Exception as error:
            self._fault(error)

    def _apply(self, config: Config) -> None:
        self.session.reconfigure(config)
        self.watchdog.configure(config.watchdog)

    def _process(self, match: Match[Any], arrived_ns: int) -> None:
        """From a match to the return of the last publish call."""
        session, counters, started_ns = self.session, self.counters, self._clock()
        slow, late = self._pace.slow, self.watchdog.verdict(started_ns).late
        session.degraded_by = ("slow",) * slow + ("late",) * late
        session.remarks = ("unsent",) if started_ns - self._unsent_ns < _UNSENT_NS else ()
        counters.processed += 1
        before = session.statistics.outputs
        try:
            outputs = session.process(match)
            processed_ns = self._clock()
            if outputs:
                self._send(outputs)
                self._told_ns = self._clock()
        except Exception as error:
            self._fault(error)
            self._guarded(self._tell_fault, match)
            return
        now_ns = self._clock()
        self.watchdog.wanted(session.config.host.always_compute or not session.idle, now_ns)
        if session.statistics.outputs == before:
            return
        latency_ms = (now_ns - arrived_ns) / 1e6
        self.watchdog.result(latency_ms, now_ns)
        self._results.note(now_ns)
        counters.last_result_ns = now_ns
        counters.busy_ms += (now_ns - started_ns) / 1e6
        session.statistics.timed(
            {
                "queue": (started_ns - arrived_ns) / 1e6,
                "publish": (now_ns - processed_ns) / 1e6,
                "total": latency_ms,
            }
        )

    def _wait(self) -> None:
        """Let the pairer's time pass: a silent camera becomes a lost one."""
        with self.pairing:
            for match in self.session.wait(self._clock()):
                self.offer_match(match)

    def _tell_fault(self, match: Match[Any]) -> None:
        stamp_ns = match.rgb_stamp_ns if match.thermal_stamp_ns is None else match.thermal_stamp_ns
        assert stamp_ns is not None, "a match holds at least one picture"
        self._tell(Mode.FAULT, ("exception",), stamp_ns)

    def _tell_waiting(self) -> None:
        """While there are no results, say so once a period."""
        now_ns = self._clock()
        host = self.session.config.host
        if now_ns - self._told_ns < host.status_period_s * 1e9:
            return
        self.watchdog.wanted(host.always_compute or bool(self.session.wanted()), now_ns)
        last_ns, rate_hz = self.counters.last_result_ns, self._results.rate_hz(now_ns)
        if last_ns is not None and rate_hz > 0 and now_ns - last_ns < _MISSED * 1e9 / rate_hz:
            return
        reasons = waiting_reasons(self.session, self.streams, now_ns)
        self._tell(Mode.WAITING, reasons, self._stamp())

    def _tell(self, mode: Mode, reasons: tuple[str, ...], stamp_ns: int) -> None:
        """Publish a status without a result, if somebody takes it."""
        self._told_ns = self._clock()
        self.session.situation = (mode, reasons)
        if "status" in self.session.wanted():
            self._send([self.session.idle_status(mode, reasons, stamp_ns)])

    def _send(self, outputs: list[Output]) -> None:
        unsent = self.session.statistics.unsent
        before = unsent.total()
        self._publish(outputs)
        if unsent.total() != before:
            self._unsent_ns = self._clock()
