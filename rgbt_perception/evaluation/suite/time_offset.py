"""Section ``time_offset``: RGB pictures that are older than the thermal ones beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rgbt_perception.evaluation.suite.disturbance import DisturbedDepth
from rgbt_perception.evaluation.suite.scenes import ESTIMATES_WANTED, SeenPair
from rgbt_perception.evaluation.suite.section import SectionResult
from rgbt_perception.frames import FramePair
from rgbt_perception.pipeline import DepthPipeline

PERIOD_MS = 50
LAGS = (0, 1, 2)
"""In pictures; a recording for this section has one each ``PERIOD_MS``."""

_JITTER_NS = 12_000_000
_NOTE = (
    "Recordings at 20 Hz; each thermal picture is paired with the RGB picture of its own time, of "
    "the one before and of the one before that (plus the cameras' own offset of up to 18 ms). "
    "Truth at the thermal stamp; abs_rel, all estimates of the run on the same pixels."
)


class TimeOffsetSection:
    """See the module."""

    def __init__(self) -> None:
        self._depth = DisturbedDepth([_level(lag) for lag in LAGS])

    def add(self, seen: Sequence[SeenPair], pipeline: DepthPipeline) -> None:
        """See ``Section.add``; the same thermal pictures are scored at every lag."""
        for index in range(max(LAGS), len(seen)):
            item = seen[index]
            pairs = {lag: lagging(seen, index, lag) for lag in LAGS}
            known = {lag: pair for lag, pair in pairs.items() if pair is not None}
            if len(known) < len(LAGS):
                continue
            for lag, pair in known.items():
                perception = pipeline.process(pair, ESTIMATES_WANTED) if lag else item.perception
                self._depth.add(_level(lag), item, perception)

    def result(self) -> SectionResult:
        """See ``Section.result``."""
        return self._depth.result("time offset", _NOTE)


def lagging(seen: Sequence[SeenPair], index: int, lag: int) -> FramePair | None:
    """The pair at ``index`` with the RGB picture of ``lag`` pairs before.

    None when pictures are missing in between: the RGB picture is not as old as it should be.
    """
    now, before = seen[index].pair, seen[index - lag].pair
    assert now.rgb is not None, "seen pairs hold both pictures"
    assert before.rgb is not None, "seen pairs hold both pictures"
    age_ns = now.rgb.stamp_ns - before.rgb.stamp_ns
    if abs(age_ns - lag * PERIOD_MS * 1_000_000) > _JITTER_NS:
        return None
    return replace(now, rgb=before.rgb)


def _level(lag: int) -> str:
    return f"{lag * PERIOD_MS} ms"
