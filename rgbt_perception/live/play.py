"""Publishes a recording over DDS, at the pace at which it was recorded."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.live.configuration import Network
from rgbt_perception.live.endpoints import Writer
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.recording.reader import RawMessage, RecordingReader
from rgbt_perception.recording.types import RosbagsFactory

NODE = "rgbt_play"
_CLOCK_PERIOD_S = 0.01
_CLOCK = "rosgraph_msgs/msg/Clock"
_CLOCK_QOS = Qos(reliable=True, transient_local=False, depth=1)
# For the last messages to reach reliable subscribers.
_FLUSH_NS = 2_000_000_000


@dataclass(frozen=True)
class PlayOptions:
    """How to play.

    Attributes:
        rate: 2 is twice as fast as recorded.
        loop: start again at the end; the stamps then jump back, as with ``ros2 bag play``.
        clock: publish the recording's time on /clock, 100 times a second.
        delay_s: before the first message, for subscribers to find the topics.
    """

    rate: float = 1.0
    loop: bool = False
    clock: bool = False
    delay_s: float = 1.0


@dataclass
class PlayReport:
    """What was played so far.

    Attributes:
        sent: messages.
        passes: how often the recording was begun.
        late_s: the longest that a message was published after its time, seconds.
        notes: what was left out, one line each.
    """

    sent: int = 0
    passes: int = 0
    late_s: float = 0.0
    notes: list[str] = field(default_factory=list)


class _Pace:
    """Waits for the moment of each message, telling the time meanwhile if asked to."""

    def __init__(self, rate: float, clock: Writer | None) -> None:
        self._rate = rate
        self._clock = clock
        self._factory = RosbagsFactory()
        self._start_s = 0.0
        self._first_ns = 0
        self._tick_s = 0.0

    def start(self, first_ns: int) -> None:
        """The message of this log time is due now."""
        self._first_ns = first_ns
        self._start_s = self._tick_s = time.monotonic()

    def wait(self, time_ns: int) -> float:
        """Return when a log time has come; how much later than that, seconds."""
        due_s = self._start_s + (time_ns - self._first_ns) / 1e9 / self._rate
        while (now_s := time.monotonic()) < due_s:
            wake_s = due_s
            if self._clock is not None:
                self._tell(now_s, due_s)
                wake_s = min(due_s, self._tick_s)
            time.sleep(max(wake_s - now_s, 0.0))
        # Whoever plays too slowly still tells the time, but not one past what is yet to be sent.
        self._tell(now_s, due_s)
        return now_s - due_s

    def _tell(self, now_s: float, due_s: float) -> None:
        if self._clock is None or now_s < self._tick_s:
            return
        self._tick_s = max(self._tick_s + _CLOCK_PERIOD_S, now_s)
        time_ns = self._first_ns + int((min(now_s, due_s) - self._start_s) * self._rate * 1e9)
        seconds, nanoseconds = divmod(time_ns, 1_000_000_000)
        stamp = self._factory.make("builtin_interfaces/msg/Time", sec=seconds, nanosec=nanoseconds)
        self._clock.publish(self._factory.make(_CLOCK, clock=stamp))


def play(
    path: Path,
    network: Network,
    options: PlayOptions,
    report: PlayReport,
    show: Callable[[int, int], None],
) -> None:
    """Publish every topic of a recording under its name, with the QoS it was recorded with.

    Args:
        path: the recording.
        network: where.
        options: how.
        report: filled while playing, so that it holds after Ctrl-C too.
        show: given the messages sent in this pass and those of the recording.

    Raises:
        InputError: not a recording, or a damaged one.
        RgbtError: DDS refuses.
    """
    with RecordingReader(path) as reader, DdsNode(NODE, network=network) as node:
        if reader.truncated:
            report.notes.append(reader.truncated)
        writers = _writers(node, reader, options, report)
        clock = None
        if options.clock:
            clock = node.writer("/clock", _CLOCK, _CLOCK_QOS)
        try:
            time.sleep(options.delay_s)
            pace = _Pace(options.rate, clock)
            while options.loop or not report.passes:
                report.passes += 1
                _pass(reader, writers, pace, report, show)
        finally:
            end_ns = time.monotonic_ns() + _FLUSH_NS
            for topic, writer in writers.items():
                if writer.qos.reliable and writer.subscribers:
                    writer.flush(max(end_ns - time.monotonic_ns(), 0))
                if writer.lost:
                    report.notes.append(f"{topic}: {writer.lost} messages could not be sent")


def _pass(
    reader: RecordingReader,
    writers: dict[str, Writer],
    pace: _Pace,
    report: PlayReport,
    show: Callable[[int, int], None],
) -> None:
    total = reader.count(writers)
    for sent, message in enumerate(reader.raw_messages(writers.keys())):
        if sent == 0:
            pace.start(message.time_ns)
        late_s = pace.wait(message.time_ns)
        report.late_s = max(report.late_s, late_s)
        _send(writers[message.topic], message, report)
        show(sent + 1, total)


def _send(writer: Writer, message: RawMessage, report: PlayReport) -> None:
    try:
        if message.type != writer.type_name:
            raise InputError(f"{message.topic}: is {message.type} besides {writer.type_name}")
        report.sent += writer.publish_cdr(message.data)
    except InputError as error:
        note = f"{error}; left out"
        if note not in report.notes:
            report.notes.append(note)


def _writers(
    node: DdsNode, reader: RecordingReader, options: PlayOptions, report: PlayReport
) -> dict[str, Writer]:
    writers = {}
    for topic, info in reader.topics.items():
        if not info.count or (topic == "/clock" and options.clock):
            continue
        qos = Qos(info.reliable, info.latched, info.depth)
        definitions = reader.definitions(topic)
        if definitions is None:
            report.notes.append(f"{topic}: no definition of {info.type}; sent as it is")
        try:
            writers[topic] = node.writer(topic, info.type, qos, definitions)
        except RgbtError as error:
            report.notes.append(f"{error}; left out")
    if not writers:
        why = report.notes[-1] if report.notes else "it holds none but /clock"
        raise InputError(f"no topic of the recording can be published ({why})")
    return writers
