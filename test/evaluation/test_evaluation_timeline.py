from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

from rgbt_perception.evaluation.run_folder import open_run
from rgbt_perception.evaluation.timeline import Span, Timeline, chosen_frames, read_timeline
from rgbt_perception.frames import Mode

FULL, RGB_ONLY = Mode.FULL, Mode.RGB_ONLY


def timeline_of(*lengths: int) -> Timeline:
    """Alternating modes of these lengths in frames, ten frames a second."""
    spans, first = [], 0
    for i, length in enumerate(lengths):
        mode = FULL if i % 2 == 0 else RGB_ONLY
        spans.append(Span(mode, first / 10, (first + length) / 10, first, length))
        first += length
    return Timeline(tuple(spans))


def test_spans_of_a_run(synthetic: ModuleType, tmp_path: Path) -> None:
    plan = synthetic.Plan(modes=(FULL, FULL, RGB_ONLY, RGB_ONLY, RGB_ONLY, FULL))
    timeline = read_timeline(open_run(synthetic.write_run(tmp_path, plan)))
    assert [(s.mode, s.first_frame, s.frames) for s in timeline.spans] == [
        (FULL, 0, 2),
        (RGB_ONLY, 2, 3),
        (FULL, 5, 1),
    ]
    # The RGB picture was taken 7 ms before the thermal one.
    assert timeline.spans[1].start_s == pytest.approx(0.193)
    assert timeline.spans[0].end_s == timeline.spans[1].start_s
    assert timeline.frames == 6


def test_clock_that_jumps_back(synthetic: ModuleType, tmp_path: Path) -> None:
    once = [synthetic.START_NS + 500_000_000 * i for i in range(4)]
    plan = synthetic.Plan(modes=(FULL,) * 8, stamps=tuple(once * 2))
    timeline = read_timeline(open_run(synthetic.write_run(tmp_path, plan)))
    assert timeline.seconds == pytest.approx(3.0)


@pytest.mark.parametrize("lengths", [(100,), (50, 3, 47), (10, 1, 1, 1, 87), (3,), (1,)])
def test_every_change_of_mode_is_shown(lengths: tuple[int, ...]) -> None:
    timeline = timeline_of(*lengths)
    frames = chosen_frames(timeline, 8)
    assert set(frames) >= {span.first_frame for span in timeline.spans}
    assert len(frames) == len(set(frames)) == min(8, sum(lengths))
    assert frames == sorted(frames)
    assert max(frames) < sum(lengths)


def test_moments_are_spread() -> None:
    frames = chosen_frames(timeline_of(1000), 8)
    assert frames[0] == 0
    assert max(b - a for a, b in pairwise(frames)) < 300


def test_many_changes_are_thinned() -> None:
    frames = chosen_frames(timeline_of(*[5] * 60), 8)
    assert len(frames) == 8
    assert frames[0] == 0


def test_no_frames() -> None:
    assert chosen_frames(Timeline(()), 8) == []
