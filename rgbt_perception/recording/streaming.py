"""A recording, or anything else with times, as messages that are due one after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rgbt_perception.errors import InputError
from rgbt_perception.geometry.rig import rig_from_yaml, rig_to_yaml
from rgbt_perception.recording.reader import RecordingReader

_NS_PER_S = 1_000_000_000
# A message later than this moves everything after it, so that stamps stay those of the present.
_SLACK_NS = 50_000_000


@dataclass(frozen=True)
class Timed:
    """A message and when it is due.

    Attributes:
        due_ns: nanoseconds since the stream began.
        time_ns: the time of the source (log time) that ``due_ns`` stands for.
        topic: with its leading slash.
        type_name: e.g. ``sensor_msgs/msg/Image``.
        message: of ``rosbags``; its header may be changed.
        latched: late subscribers need it too.
    """

    due_ns: int
    time_ns: int
    topic: str
    type_name: str
    message: Any
    latched: bool


def recorded_stream(
    path: Path, loop: bool, usable: Callable[[str, str], bool] = lambda topic, type_name: True
) -> Iterator[Timed]:
    """The messages of a recording; with ``loop`` over and over, one frame apart.

    Args:
        path: file or folder.
        loop: begin anew at the end.
        usable: whether a topic (name, type) is wanted; asked of each topic in every pass.

    Raises:
        InputError: it cannot be read, or no topic of it is wanted.
    """
    begin_ns = 0
    while True:
        first_ns, due_ns = -1, begin_ns
        with RecordingReader(path) as reader:
            topics = [name for name, info in reader.topics.items() if usable(name, info.type)]
            if not topics:
                raise InputError(f"{path}: no topic of a type that is known here")
            for message in reader.messages(topics):
                first_ns = message.time_ns if first_ns < 0 else first_ns
                due_ns = begin_ns + message.time_ns - first_ns
                latched = reader.topics[message.topic].latched
                yield Timed(
                    due_ns, message.time_ns, message.topic, message.type, message.value, latched
                )
            counts = [reader.topics[name].count for name in topics]
            gap_ns = _frame_period_ns(max(counts), due_ns - begin_ns)
        if not loop:
            return
        begin_ns = due_ns + gap_ns


def _frame_period_ns(count: int, length_ns: int) -> int:
    """Mean time between the messages of the busiest topic, which has ``count`` of them."""
    return max(length_ns // max(count - 1, 1), 1_000_000)


class Pace:
    """Waits until messages are due.

    Attributes:
        slipped_ns: by how much a source that was too slow has delayed everything so far.
    """

    def __init__(
        self,
        speed: float,
        stopped: threading.Event,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Start the clock at the first message.

        Args:
            speed: source seconds in a second.
            stopped: ends the waiting.
            clock: steady, nanoseconds.
        """
        self.slipped_ns = 0
        self._speed = speed
        self._stopped = stopped
        self._clock = clock
        self._start_ns: int | None = None
        self._last = (-1, 0)

    def wait(self, due_ns: int) -> int:
        """Wait until a message is due.

        Args:
            due_ns: nanoseconds of the source, as in ``Timed``.

        Returns:
            The nanoseconds since the start at which it counts as sent: equal ``due_ns`` stay equal,
            whatever the waiting was like.
        """
        if due_ns == self._last[0]:
            return self._last[1]
        now_ns = self._clock()
        if self._start_ns is None:
            self._start_ns = now_ns
        at_ns = round(due_ns / self._speed) + self.slipped_ns
        late_ns = now_ns - self._start_ns - at_ns
        if late_ns > _SLACK_NS:
            self.slipped_ns += late_ns
            at_ns += late_ns
        elif late_ns < 0:
            self._stopped.wait(-late_ns / 1e9)
        self._last = (due_ns, at_ns)
        return at_ns


def restamp(message: Any, shift_ns: int, frame_prefix: str = "") -> None:
    """Move the stamps of a message, and rename its frames, in place.

    Args:
        message: of ``rosbags``: with a header, a TFMessage, or without stamps.
        shift_ns: nanoseconds added.
        frame_prefix: put before every frame, so that two rigs of one kind stand side by side.
    """
    for stamped in getattr(message, "transforms", [message]):
        if hasattr(stamped, "header"):
            stamp = stamped.header.stamp
            total = stamp.sec * _NS_PER_S + stamp.nanosec + shift_ns
            stamp.sec, stamp.nanosec = divmod(total, _NS_PER_S)
            stamped.header.frame_id = frame_prefix + stamped.header.frame_id
        if hasattr(stamped, "child_frame_id"):
            stamped.child_frame_id = frame_prefix + stamped.child_frame_id


def rename_rig_frames(message: Any, frame_prefix: str) -> None:
    """Put a prefix before the frames in a rig file (std_msgs/String), in place."""
    try:
        rig = rig_from_yaml(message.data, "rig")
    except InputError:
        return  # somebody else's topic of that name
    rgb, thermal = (
        replace(camera, frame_id=frame_prefix + camera.frame_id)
        for camera in (rig.rgb, rig.thermal)
    )
    message.data = rig_to_yaml(replace(rig, rgb=rgb, thermal=thermal))
