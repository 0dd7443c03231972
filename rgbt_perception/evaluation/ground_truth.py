"""True depth and labels in a recording, found by stamp while both recordings are read once."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

from rgbt_perception.errors import InputError
from rgbt_perception.frames import FloatImage, LabelImage, Modality
from rgbt_perception.recording.reader import Message, RecordingReader
from rgbt_perception.sensing.decode import depth_picture, label_picture, stamp_of

SCENE_TOPIC = "/ground_truth/scene"
MS2_PREFIX = "ms2-"
"""Begins the scene's name in recordings of the MS2 data set; which ground truth ends it."""

_MS2_RANGE_M = (1e-3, 80.0)  # as published figures on this data set are computed
_RANGES_M = {
    "street": (0.5, 80.0),
    "rescue": (0.3, 40.0),
    f"{MS2_PREFIX}raw": _MS2_RANGE_M,
    f"{MS2_PREFIX}filtered": _MS2_RANGE_M,
}
_DEFAULT_RANGE_M = (0.5, 80.0)
_KEPT = 16
_JUMP_NS = 1_000_000_000


class Condition(NamedTuple):
    """What a recording shows; ``unknown`` where it does not say."""

    scene: str = "unknown"
    light: str = "unknown"
    weather: str = "unknown"

    @property
    def key(self) -> str:
        """``<scene>/<light>/<weather>``."""
        return "/".join(self)

    @property
    def range_m(self) -> tuple[float, float]:
        """Nearest and farthest true depth that is scored, metres."""
        return _RANGES_M.get(self.scene, _DEFAULT_RANGE_M)


@dataclass(frozen=True)
class Truth:
    """True depth of one picture.

    Attributes:
        depth: (H, W) float32, metres, NaN where unknown, in the camera's rectified view.
        condition: what the recording shows at that time.
    """

    depth: FloatImage
    condition: Condition


@dataclass(frozen=True)
class LabelTruth:
    """True classes of one picture.

    Attributes:
        labels: (H, W) uint8, ids of ``scene.classes``, in the camera's rectified view.
        condition: what the recording shows at that time.
    """

    labels: LabelImage
    condition: Condition


class _Kept(NamedTuple):
    epoch: int
    stamp_ns: int
    condition: Condition
    message: Any


def depth_topic(reader: RecordingReader, camera: Modality) -> str | None:
    """The topic with the camera's true depth, raw or compressed; None without any."""
    raw = f"/ground_truth/{camera.value}/depth/image"
    return _there(reader, raw, f"{raw}/compressedDepth")


def label_topic(reader: RecordingReader, camera: Modality) -> str | None:
    """The topic with the camera's true classes, raw or compressed; None without any."""
    raw = f"/ground_truth/{camera.value}/labels/image"
    return _there(reader, raw, f"{raw}/compressed")


def _there(reader: RecordingReader, *topics: str) -> str | None:
    found = (t for t in topics if t in reader.topics and reader.topics[t].count)
    return next(found, None)


def condition_of(message: Any) -> Condition:
    """What a scene message (std_msgs/String, JSON) says.

    Raises:
        InputError: not a JSON object.
    """
    try:
        tree = json.loads(message.data)
    except ValueError:
        tree = None
    if not isinstance(tree, dict):
        raise InputError(f"{SCENE_TOPIC}: expected a JSON object with scene, light and weather")
    known = {name: str(tree[name]) for name in Condition._fields if tree.get(name)}
    return Condition(**known)


def recorded_condition(source: Path) -> Condition | None:
    """What a recording says of itself at its beginning; None when it does not."""
    with RecordingReader(source) as reader:
        if not reader.count([SCENE_TOPIC]):
            return None
        return condition_of(next(reader.messages([SCENE_TOPIC])).value)


_Self = TypeVar("_Self", bound="_TruthMessages")


class _TruthMessages:
    """Messages with the truth of one camera, asked for in the order of time.

    Only the last few messages are kept, so memory does not depend on the recording's length. Both
    sides may jump backwards in time (a looped recording): a jump of a second or more begins a new
    epoch, and stamps are compared within an epoch.
    """

    def __init__(self, source: Path, topic: Callable[[RecordingReader], str | None]) -> None:
        self._reader = RecordingReader(source)
        self._topic = topic
        self._kept: deque[_Kept] = deque(maxlen=_KEPT)
        self._messages: Iterator[Message] = iter(())
        self._condition = Condition()
        self._read = (0, -1)
        self._asked = (0, -1)
        self.available = False

    def __enter__(self: _Self) -> _Self:
        self._reader.__enter__()
        topic = self._topic(self._reader)
        if topic is not None:
            self.available = True
            wanted = [name for name in (topic, SCENE_TOPIC) if name in self._reader.topics]
            self._messages = self._reader.messages(wanted)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._reader.__exit__(kind, error, trace)

    def _nearest(self, stamp_ns: int, tolerance_ns: int) -> _Kept | None:
        self._asked = _moved(self._asked, stamp_ns)
        epoch = self._asked[0]
        while self._read < (epoch, stamp_ns + tolerance_ns) and self._read_next():
            pass
        near = [
            kept
            for kept in self._kept
            if kept.epoch == epoch and abs(kept.stamp_ns - stamp_ns) <= tolerance_ns
        ]
        return min(near, key=lambda kept: abs(kept.stamp_ns - stamp_ns), default=None)

    def _read_next(self) -> bool:
        for message in self._messages:
            if message.topic == SCENE_TOPIC:
                self._condition = condition_of(message.value)
                continue
            stamp_ns = stamp_of(message.value)
            self._read = _moved(self._read, stamp_ns)
            self._kept.append(_Kept(self._read[0], stamp_ns, self._condition, message.value))
            return True
        return False


class TruthStream(_TruthMessages):
    """True depth of one camera."""

    def __init__(self, source: Path, camera: Modality) -> None:
        super().__init__(source, lambda reader: depth_topic(reader, camera))

    def at(self, stamp_ns: int, tolerance_ns: int = 0) -> Truth | None:
        """The truth nearest to a stamp, None when there is none within the tolerance."""
        best = self._nearest(stamp_ns, tolerance_ns)
        return None if best is None else Truth(depth_picture(best.message), best.condition)


class LabelStream(_TruthMessages):
    """True classes of one camera."""

    def __init__(self, source: Path, camera: Modality) -> None:
        super().__init__(source, lambda reader: label_topic(reader, camera))

    def at(self, stamp_ns: int, tolerance_ns: int = 0) -> LabelTruth | None:
        """The truth nearest to a stamp, None when there is none within the tolerance."""
        best = self._nearest(stamp_ns, tolerance_ns)
        return None if best is None else LabelTruth(label_picture(best.message), best.condition)


def _moved(last: tuple[int, int], stamp_ns: int) -> tuple[int, int]:
    """Epoch and newest stamp after one more stamp."""
    epoch, newest = last
    if stamp_ns < newest - _JUMP_NS:
        return epoch + 1, stamp_ns
    return epoch, max(newest, stamp_ns)
