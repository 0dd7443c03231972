"""What a run was computed from over time, and which of its moments to show."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rgbt_perception.evaluation.run_folder import RunFolder, output_frames
from rgbt_perception.frames import Mode


@dataclass(frozen=True)
class Span:
    """A stretch of one mode.

    Attributes:
        mode: the mode.
        start_s, end_s: since the first output, seconds.
        first_frame: number of its first output with a depth picture, from 0.
        frames: outputs with a depth picture.
        reasons: codes such as ``rgb_lost``, each once, in the order they came up.
    """

    mode: Mode
    start_s: float
    end_s: float
    first_frame: int
    frames: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """All spans in order; each ends where the next begins."""

    spans: tuple[Span, ...]

    @property
    def frames(self) -> int:
        """Outputs with a depth picture."""
        return sum(span.frames for span in self.spans)

    @property
    def seconds(self) -> float:
        """From the first output to the last."""
        return self.spans[-1].end_s if self.spans else 0.0


def read_timeline(run: RunFolder) -> Timeline:
    """Go through a run once. A clock that jumps back counts as standing still."""
    spans: list[Span] = []
    previous_ns = None
    seconds, frames = 0.0, 0
    for output in output_frames(run, ("depth", "status")):
        if previous_ns is not None:
            seconds += max(0, output.stamp_ns - previous_ns) * 1e-9
        previous_ns = output.stamp_ns
        answered = int("depth" in output.messages)
        last = spans[-1] if spans else None
        if last is not None and (last.mode is output.mode or "status" not in output.messages):
            spans[-1] = replace(
                last,
                end_s=seconds,
                frames=last.frames + answered,
                reasons=_joined(last.reasons, output.reasons),
            )
        else:
            if last is not None:
                spans[-1] = replace(last, end_s=seconds)
            reasons = _joined((), output.reasons)
            spans.append(Span(output.mode, seconds, seconds, frames, answered, reasons))
        frames += answered
    return Timeline(tuple(spans))


def _joined(known: tuple[str, ...], further: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *further))) if further else known


def chosen_frames(timeline: Timeline, count: int) -> list[int]:
    """Numbers of the frames to show: the first of every mode, then an even spread.

    Args:
        timeline: of the run.
        count: how many at most. With more changes of mode than that, an even choice of them.
    """
    firsts = [span.first_frame for span in timeline.spans if span.frames]
    if len(firsts) > count:
        picks = np.linspace(0, len(firsts) - 1, count).round().astype(int)
        return sorted(firsts[i] for i in picks)
    chosen = set(firsts)
    candidates = np.unique(np.linspace(0, max(timeline.frames - 1, 0), 16 * count).astype(int))
    while chosen and len(chosen) < count:
        gaps = np.abs(candidates[:, None] - np.array(sorted(chosen))[None, :]).min(axis=1)
        if gaps.max() == 0:
            break
        chosen.add(int(candidates[gaps.argmax()]))
    return sorted(chosen)
