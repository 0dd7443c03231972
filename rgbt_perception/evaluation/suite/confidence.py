"""Section ``confidence``: whether the depth is better where it says so."""

from __future__ import annotations

from collections.abc import Sequence

from rgbt_perception.evaluation.comparison import KEPT_SHARE
from rgbt_perception.evaluation.metrics import most_confident_abs_rel
from rgbt_perception.evaluation.suite.averages import ByCondition, averaged
from rgbt_perception.evaluation.suite.checks import Check, worst
from rgbt_perception.evaluation.suite.scenes import SeenPair, same_pixels
from rgbt_perception.evaluation.suite.section import SectionResult
from rgbt_perception.evaluation.suite.tables import Table, number, share
from rgbt_perception.pipeline import DepthPipeline

SHARES = (1.0, 0.9, 0.8, KEPT_SHARE, 0.5)
LEAST_LOWERED = 0.20
_NOTE = (
    "abs_rel of the fused depth over the most confident share of each frame's pixels (the same "
    "pixels as in the section conditions). lowered: 1 - (70 %) / (100 %)."
)


class ConfidenceSection:
    """See the module."""

    def __init__(self) -> None:
        self._errors = ByCondition()

    def add(self, seen: Sequence[SeenPair], pipeline: DepthPipeline) -> None:
        """See ``Section.add``; the pairs' own results are enough."""
        for item in seen:
            mask = same_pixels(item.scored, list(item.estimates.values()))
            if not mask.any():
                continue
            fused, confidence = item.perception.depth[mask], item.perception.confidence[mask]
            truth = item.truth[mask]
            self._errors.add(
                item.condition,
                {
                    _name(kept): most_confident_abs_rel(fused, truth, confidence, kept)
                    for kept in SHARES
                },
            )

    def result(self) -> SectionResult:
        """See ``Section.result``."""
        conditions, frames = self._errors.conditions(), self._errors.frames()
        means = averaged(conditions)
        for values in (*conditions.values(), *means.values()):
            values["lowered"] = 1.0 - values[_name(KEPT_SHARE)] / values[_name(1.0)]
        rows = [_row(key, str(frames[key]), values) for key, values in conditions.items()]
        rows += [_row(f"mean, {key}", "", values) for key, values in means.items()]
        least, where = worst({key: values["lowered"] for key, values in conditions.items()}, False)
        title = "abs_rel lowered by keeping the 70 % most confident pixels"
        checks = [Check(f"{title}, every condition", least, LEAST_LOWERED, False, where=where)]
        checks += [
            Check(f"{title}, mean of {key}", values["lowered"], LEAST_LOWERED, at_most=False)
            for key, values in means.items()
        ]
        columns = ("condition", "frames", *(f"{kept:.0%}" for kept in SHARES), "lowered")
        return SectionResult(
            {"conditions": conditions, "means": means, "frames": frames},
            [Table("Risk and coverage", columns, rows, _NOTE)],
            checks,
        )


def _name(kept: float) -> str:
    return f"abs_rel/{kept:.0%}"


def _row(name: str, frames: str, values: dict[str, float]) -> tuple[str, ...]:
    errors = (number(values[_name(kept)]) for kept in SHARES)
    return (name, frames, *errors, share(values["lowered"]))
