"""The fused depth against the better camera alone, by the size of a disturbance."""

from __future__ import annotations

from collections.abc import Sequence

from rgbt_perception.evaluation.metrics import depth_metrics
from rgbt_perception.evaluation.suite.averages import OVERALL, ByCondition, averaged
from rgbt_perception.evaluation.suite.checks import Check
from rgbt_perception.evaluation.suite.scenes import SeenPair, same_pixels
from rgbt_perception.evaluation.suite.section import SectionResult
from rgbt_perception.evaluation.suite.tables import Table, number
from rgbt_perception.frames import Perception

WORST_RATIO = 1.05
_COMPARED = ("fused", "rgb", "thermal")
_COLUMNS = ("fused", "rgb", "thermal", "better", "ratio")


class DisturbedDepth:
    """Errors of the disturbed runs by level."""

    def __init__(self, levels: Sequence[str]) -> None:
        """Name the levels, undisturbed first."""
        self._errors = {level: ByCondition() for level in levels}

    def add(self, level: str, item: SeenPair, perception: Perception) -> None:
        """One disturbed result.

        Args:
            level: how it was disturbed.
            item: the pair whose thermal picture it was computed from, with its truth.
            perception: with every estimate.
        """
        depths = {"fused": perception.depth, **perception.estimates}
        mask = same_pixels(item.scored, [depths[name] for name in _COMPARED])
        if mask.any():
            truth = item.truth[mask]
            values = {
                name: depth_metrics(depths[name][mask], truth)["abs_rel"] for name in _COMPARED
            }
            self._errors[level].add(item.condition, values)

    def result(self, title: str, note: str) -> SectionResult:
        """The table by level and one check a level.

        Args:
            title: what was disturbed.
            note: how.
        """
        values, rows, checks = {}, [], []
        for level, errors in self._errors.items():
            means = averaged(
                {
                    key: {**found, "better": min(found["rgb"], found["thermal"])}
                    for key, found in errors.conditions().items()
                }
            )
            for group, mean in means.items():
                mean["ratio"] = mean["fused"] / mean["better"]
                cells = (number(mean[column]) for column in _COLUMNS)
                rows.append((f"{level}, mean of {group}", *cells))
            frames = sum(errors.frames().values())
            values[level] = {"frames": frames, "means": means}
            ratio = means[OVERALL]["ratio"] if means else float("nan")
            name = f"abs_rel of fused / better camera, {title}: {level}"
            checks.append(Check(name, ratio, WORST_RATIO))
        table = Table(title.capitalize(), ("level", *_COLUMNS), rows, note)
        return SectionResult(values, [table], checks)
