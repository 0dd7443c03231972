"""What a session counts, readable from other threads while it runs."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from rgbt_perception.frames import Modality, Mode
from rgbt_perception.latency import StageLatencies


@dataclass
class Statistics:
    """Counters since the start.

    The receiving and the processing thread both count: what either changes goes through the
    methods. ``snapshot`` is for any other thread.

    Attributes:
        frames_in: pictures received, by camera.
        pairs: matches of both cameras.
        outputs: results given.
        modes: results by mode.
        rejected: pictures refused, by camera.
        used: pictures decoded without complaint, by camera.
        unprocessed: pictures of matches that a newer one replaced before they were processed.
        unsent: messages that the middleware did not take, by output.
        unsent_line: why, the last time.
        problems: first error line and count, by a short name.
        recent: last error line, by the same name.
        latencies: milliseconds by stage.
        last_stages: milliseconds by stage of the last result.
    """

    frames_in: Counter[str] = field(default_factory=Counter)
    pairs: int = 0
    outputs: int = 0
    modes: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)
    unprocessed: Counter[str] = field(default_factory=Counter)
    unsent: Counter[str] = field(default_factory=Counter)
    unsent_line: str = ""
    problems: dict[str, tuple[str, int]] = field(default_factory=dict)
    recent: dict[str, str] = field(default_factory=dict)
    latencies: StageLatencies = field(default_factory=StageLatencies)
    last_stages: dict[str, float] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)

    def received(self, modality: Modality) -> None:
        """Count a picture that came in."""
        with self._lock:
            self.frames_in[modality.value] += 1

    def problem(self, name: str, line: str) -> None:
        """Count a problem; the first and the last line of each name are kept."""
        with self._lock:
            first, count = self.problems.get(name, (line, 0))
            self.problems[name] = (first, count + 1)
            self.recent[name] = line

    def reject(self, modality: Modality, name: str, line: str) -> None:
        """Count a picture that cannot be used.

        Args:
            modality: its camera.
            name: what is wrong, one word; becomes ``rgb_<name>`` in ``problems``.
            line: says it in full.
        """
        topic = f"{modality.value}/image"
        with self._lock:
            self.rejected[modality.value] += 1
            line = line if line.startswith(topic) else f"{topic}: {line}"
            self.problem(f"{modality.value}_{name}", line)

    def replaced(self, *modalities: Modality) -> None:
        """Count the pictures of a match that is not going to be processed."""
        with self._lock:
            self.unprocessed.update(modality.value for modality in modalities)

    def not_sent(self, topic: str, line: str) -> None:
        """Count an output that the middleware did not take.

        Args:
            topic: key of ``offered_topics``.
            line: says why.
        """
        with self._lock:
            self.unsent[topic] += 1
            self.unsent_line = line

    def finished(self, mode: Mode, stages: Mapping[str, float]) -> None:
        """Count a result, with milliseconds by stage."""
        with self._lock:
            self.outputs += 1
            self.modes[mode.name] += 1
            self.latencies.add(stages)
            self.last_stages = dict(stages)

    def timed(self, stages: Mapping[str, float]) -> None:
        """Count what the host did to a result, milliseconds by stage."""
        with self._lock:
            self.latencies.add(stages)
            self.last_stages |= stages

    def snapshot(self) -> Snapshot:
        """A copy that no longer changes."""
        with self._lock:
            return Snapshot(
                frames_in=dict(self.frames_in),
                pairs=self.pairs,
                outputs=self.outputs,
                modes=dict(self.modes),
                rejected=dict(self.rejected),
                unprocessed=dict(self.unprocessed),
                unsent=dict(self.unsent),
                unsent_line=self.unsent_line,
                problems={
                    name: (self.recent.get(name, first), count)
                    for name, (first, count) in self.problems.items()
                },
                latencies=self.latencies.summary(),
                last_stages=dict(self.last_stages),
            )


@dataclass(frozen=True)
class Snapshot:
    """``Statistics`` at one moment; ``problems`` holds the last line and the count."""

    frames_in: Mapping[str, int]
    pairs: int
    outputs: int
    modes: Mapping[str, int]
    rejected: Mapping[str, int]
    unprocessed: Mapping[str, int]
    unsent: Mapping[str, int]
    unsent_line: str
    problems: Mapping[str, tuple[str, int]]
    latencies: Mapping[str, Mapping[str, float]]
    last_stages: Mapping[str, float]
