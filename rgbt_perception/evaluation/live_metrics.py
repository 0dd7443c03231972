"""Depth and labels scored while they and their truth arrive: both meet by their stamps.

Nothing here waits, and nothing grows: what has not met its truth after a while is counted and let
go. Clock jumps do no harm, since stamps are only compared with stamps.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from typing import Any

from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.comparison import (
    SINGLE,
    Compared,
    compare,
    score_frame,
    truth_tolerance_ns,
)
from rgbt_perception.evaluation.ground_truth import Condition, Truth, condition_of
from rgbt_perception.evaluation.kept_truths import KeptTruths
from rgbt_perception.evaluation.run_folder import OutputFrame
from rgbt_perception.evaluation.scores import ESTIMATES, ConditionScore, RunScore
from rgbt_perception.frames import Mode
from rgbt_perception.latency import StageLatencies
from rgbt_perception.sensing.decode import depth_picture, label_picture, stamp_of

WAIT_NS = 1_000_000_000
"""How long an output waits for its truth and for the rest of itself, nanoseconds of host time."""

_PENDING = 32
_NEEDED = ("depth", "confidence", "status")


@dataclass
class _Pending:
    frame: OutputFrame
    since_ns: int
    # The labels of a later frame came: those of this one will not.
    labels_passed: bool = False


class LiveMetrics:
    """Scores of a running perception.

    Attributes:
        score: everything since the start, as ``rgbt evaluate`` has it, without baselines.
        modes: outputs by mode.
        problems: first line and count of what could not be read, by output name.
        stages: the perception's own milliseconds by stage.
        last_output_ns: host time of the last output; None before the first.
    """

    def __init__(self, window: int = 30, estimates: bool = True) -> None:
        """Start without frames.

        Args:
            window: frames that ``recent`` is the mean of.
            estimates: compare with the estimates of each camera too, on the same pixels.
        """
        self.score = RunScore()
        self.modes: Counter[str] = Counter()
        self.problems: dict[str, tuple[str, int]] = {}
        self.stages = StageLatencies()
        self.last_output_ns: int | None = None
        self._estimates = ESTIMATES if estimates else ("fused",)
        self._condition = Condition()
        self._truths, self._label_truths = KeptTruths(), KeptTruths()
        # Whether the perception has labels shows with the first.
        self._labels_seen = False
        self._pending: OrderedDict[int, _Pending] = OrderedDict()
        self._window: deque[ConditionScore] = deque(maxlen=window)

    def take_scene(self, message: Any) -> None:
        """What the truths that follow show (std_msgs/String, JSON)."""
        try:
            self._condition = condition_of(message)
        except InputError as error:
            self._problem("scene", str(error))

    def take_truth(self, message: Any) -> None:
        """True depth of the reference camera (Image or CompressedImage)."""
        self.score.ground_truth = True
        self._truths.take(message, self._condition)

    def take_label_truth(self, message: Any) -> None:
        """True labels of the reference camera (Image or CompressedImage)."""
        self._label_truths.take(message, self._condition)

    def take_output(self, name: str, message: Any, now_ns: int) -> None:
        """One output of the perception.

        Args:
            name: of ``run_folder.OUTPUT_TOPICS``: depth, confidence, rgb, thermal, ungated, status,
                labels.
            message: with the stamp of the picture it was computed from.
            now_ns: host time, nanoseconds.
        """
        stamp_ns = stamp_of(message)
        if name == "status" and message.mode in (Mode.WAITING, Mode.FAULT):
            return  # belongs to no depth
        self.last_output_ns = now_ns
        if name == "labels":
            self._labels_seen = True
            for earlier_ns, waiting in self._pending.items():
                waiting.labels_passed |= earlier_ns < stamp_ns
        pending = self._pending.get(stamp_ns)
        if pending is None or name in pending.frame.messages:
            if pending is not None:  # the same moment once more: a recording that loops
                self._settle(self._pending.pop(stamp_ns).frame)
            pending = self._pending[stamp_ns] = _Pending(OutputFrame(stamp_ns), now_ns)
        pending.frame.messages[name] = message
        while len(self._pending) > _PENDING:
            self._settle(self._pending.popitem(last=False)[1].frame)

    def settle(self, now_ns: int) -> bool:
        """Score the oldest output that is complete, or that has waited long enough.

        Returns:
            Whether there was one; more may be ready then.
        """
        for stamp_ns, pending in self._pending.items():
            if now_ns - pending.since_ns >= WAIT_NS or self._complete(pending):
                self._settle(self._pending.pop(stamp_ns).frame)
                return True
        return False

    def finish(self) -> None:
        """Score what is left, complete or not."""
        while self._pending:
            self._settle(self._pending.popitem(last=False)[1].frame)

    def recent(self) -> ConditionScore:
        """The last scored frames of every condition and mode as one."""
        total = ConditionScore()
        for frame in self._window:
            total.merge(frame)
        return total

    @property
    def scored(self) -> int:
        """Frames that were compared with their truth."""
        groups = (*self.score.conditions.values(), *self.score.single_camera.values())
        return sum(group.depth["fused"].frames for group in groups)

    @property
    def truths(self) -> int:
        """True depth pictures received."""
        return self._truths.received

    @property
    def label_truths(self) -> int:
        """True label pictures received."""
        return self._label_truths.received

    def report(self) -> dict[str, Any]:
        """As ``metrics.json``, and what only a live run knows."""
        return {
            **self.score.metrics(),
            "truths": self.truths,
            "modes": dict(self.modes),
            "latency_ms": self.stages.summary(),
            "problems": [
                {"name": name, "count": count, "first": line}
                for name, (line, count) in self.problems.items()
            ],
        }

    def _complete(self, pending: _Pending) -> bool:
        frame = pending.frame
        names = _NEEDED if frame.mode in SINGLE else (*_NEEDED, *self._estimates[1:])
        if self._labels_seen and not pending.labels_passed:
            names = (*names, "labels")
            known = not self.label_truths or self._found(self._label_truths, frame) is not None
            # True labels may be fewer than pictures, or get lost: they are sent unreliably.
            if not known and not self._label_truths.has_passed(frame.stamp_ns):
                return False
        return (
            all(name in frame.messages for name in names)
            and self._found(self._truths, frame) is not None
        )

    def _found(self, truths: KeptTruths, frame: OutputFrame) -> tuple[Any, Condition] | None:
        """The truth of a frame, and what it shows."""
        found = truths.at(frame.stamp_ns, truth_tolerance_ns(frame.mode))
        if found is None or found[1] != Condition():
            return found
        # Told at the start as well, but over another connection.
        return found[0], self._condition

    def _settle(self, frame: OutputFrame) -> None:
        if (status := frame.messages.get("status")) is not None:
            self.modes[frame.mode.name] += 1
            self.stages.add({item.stage: item.milliseconds for item in status.stages})
        if "depth" not in frame.messages:
            return
        self.score.frames += 1
        try:
            compared = self._compared(frame)
        except InputError as error:
            self._problem("picture", str(error))
            self.score.unscored["unreadable"] += 1
            return
        if compared is not None:
            self._score(compared, frame)

    def _compared(self, frame: OutputFrame) -> Compared | None:
        found = self._found(self._truths, frame)
        if found is None:
            reason = "no_truth_at_stamp" if self.truths else "no_ground_truth"
            self.score.unscored[reason] += 1
            return None
        message, condition = found
        compared = compare(frame, Truth(depth_picture(message), condition), self._estimates)
        if compared is None:
            self.score.unscored["estimates_missing"] += 1
        return compared

    def _score(self, compared: Compared, frame: OutputFrame) -> None:
        alone = ConditionScore()
        self._score_labels(alone, frame)
        if score_frame(alone, compared, compared.common()):
            self._window.append(alone)
        else:
            self.score.unscored["no_common_pixels"] += 1
        if compared.mode in SINGLE:
            target = self.score.single_camera[compared.condition, compared.mode.name]
        else:
            target = self.score.conditions[compared.condition]
        target.merge(alone)

    def _score_labels(self, target: ConditionScore, frame: OutputFrame) -> None:
        found = self._found(self._label_truths, frame)
        if found is None or "labels" not in frame.messages:
            return
        try:
            labels = {"fused": label_picture(frame.messages["labels"])}
            target.scene(labels).add(label_picture(found[0]), labels)
        except InputError as error:
            self._problem("labels", str(error))

    def _problem(self, name: str, line: str) -> None:
        first, count = self.problems.get(name, (line, 0))
        self.problems[name] = (first, count + 1)
