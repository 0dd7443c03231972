"""What the labels must hold: both cameras against the same network with one of them masked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from rgbt_perception.evaluation.ground_truth import Condition
from rgbt_perception.evaluation.scores import CLASS_NAMES
from rgbt_perception.evaluation.segmentation_scores import (
    SEGMENTATION_ESTIMATES,
    SegmentationScore,
)
from rgbt_perception.evaluation.suite.checks import Check, worst
from rgbt_perception.evaluation.suite.labelled import LabelledPair
from rgbt_perception.evaluation.suite.section import SectionResult
from rgbt_perception.evaluation.suite.tables import Table
from rgbt_perception.scene.classes import PERSON, SCENE_CLASSES

HARD_WEATHERS = ("fog", "smoke")
HARD_GROUPS = ("night", *HARD_WEATHERS)
MOST_LOST_POINTS = 1.0
PERSON_RATIO = 1.3
_ALL = "all"
_PERSON = SCENE_CLASSES[PERSON].name
_NOTE = (
    "Per cent, against simulated truth. fused: both cameras; rgb, thermal: the same network with "
    "the other camera masked, all on the same pixels. mIoU is the mean over the classes that the "
    "truth of the row has; person is the IoU of that class, a dash where nobody is in sight. lead: "
    "fused less the better of rgb and thermal, points of mIoU. Rows of groups count the pixels of "
    "all their recordings together."
)
_CLASS_NOTE = "IoU by class over all recordings, per cent; share: of the truth's labelled pixels."

Scores = Mapping[str, Mapping[str, Any]]
"""By estimate: ``miou``, ``accuracy`` and ``iou`` by class."""


class SegmentationSection:
    """Counts pixels by condition and by group."""

    def __init__(self) -> None:
        self._conditions: dict[str, SegmentationScore] = {}
        self._groups: dict[str, SegmentationScore] = {}
        self._lights: dict[str, str] = {}
        self._hard: set[str] = set()

    def add(self, pairs: Iterable[LabelledPair]) -> None:
        """Count the pairs of one recording."""
        for pair in pairs:
            condition = pair.condition
            self._lights[condition.key] = condition.light
            if condition.light == "night" or condition.weather in HARD_WEATHERS:
                self._hard.add(condition.key)
            _score(self._conditions, condition.key).add(pair.truth, pair.found)
            for group in _groups(condition):
                _score(self._groups, group).add(pair.truth, pair.found)

    def result(self) -> SectionResult:
        """Tables and checks."""
        conditions = _metrics(self._conditions)
        groups = _metrics(self._groups)
        frames = {
            name: score.frames for name, score in (*self._conditions.items(), *self._groups.items())
        }
        rows = [_row(name, frames[name], scores) for name, scores in conditions.items()]
        rows += [_row(_title(name), frames[name], scores) for name, scores in groups.items()]
        return SectionResult(
            {"conditions": conditions, "groups": groups, "frames": frames},
            [
                Table("Labels by condition", _COLUMNS, rows, _NOTE),
                *([_classes(groups[_ALL], self._groups[_ALL])] if _ALL in groups else []),
            ],
            self._checks(conditions, groups),
        )

    def _checks(
        self, conditions: Mapping[str, Scores], groups: Mapping[str, Scores]
    ) -> list[Check]:
        checks = []
        hard = {key: _lead(conditions[key]) for key in conditions if key in self._hard}
        for name in HARD_GROUPS:
            if name in groups:
                lead = _lead(groups[name])
                checks.append(Check(f"{_LEAD}, all of {name}", lead, 0.0, at_most=False))
        lead, where = worst(hard, at_most=False)
        checks.append(
            Check(f"{_LEAD}, every condition of these", lead, 0.0, at_most=False, where=where)
        )
        day = {key: _over_rgb(conditions[key]) for key in conditions if self._lights[key] == "day"}
        if "day" in groups:
            gained = _over_rgb(groups["day"])
            checks.append(Check(f"{_GAIN}, all of day", gained, -MOST_LOST_POINTS, at_most=False))
        gained, where = worst(day, at_most=False)
        checks.append(
            Check(f"{_GAIN}, every condition by day", gained, -MOST_LOST_POINTS, False, where=where)
        )
        if "night" in groups:
            ratio = _person_ratio(groups["night"])
            checks.append(Check(_PEOPLE, ratio, PERSON_RATIO, at_most=False))
        return checks


_LEAD = "mIoU of fused above the better camera's, points"
_GAIN = "mIoU of fused above rgb's, points"
_PEOPLE = "IoU of people of fused / rgb, all of night"
_COLUMNS = (
    "condition",
    "frames",
    *(f"mIoU {name}" for name in SEGMENTATION_ESTIMATES),
    "lead",
    *(f"person {name}" for name in SEGMENTATION_ESTIMATES),
    *(f"accuracy {name}" for name in SEGMENTATION_ESTIMATES),
)


def _groups(condition: Condition) -> list[str]:
    names = [condition.scene, condition.light, condition.weather, _ALL]
    return [name for name in names if name != "unknown"]


def _title(group: str) -> str:
    return group if group == _ALL else f"all of {group}"


def _score(scores: dict[str, SegmentationScore], name: str) -> SegmentationScore:
    return scores.setdefault(name, SegmentationScore(CLASS_NAMES))


def _metrics(scores: Mapping[str, SegmentationScore]) -> dict[str, Scores]:
    """By name, in order, the group of all last; without those that have no labelled pixel."""
    found = {name: scores[name].metrics() for name in sorted(scores, key=lambda n: (n == _ALL, n))}
    return {name: metrics for name, metrics in found.items() if metrics}


def _lead(scores: Scores) -> float:
    better = max(scores[name]["miou"] for name in ("rgb", "thermal"))
    return 100.0 * float(scores["fused"]["miou"] - better)


def _over_rgb(scores: Scores) -> float:
    return 100.0 * float(scores["fused"]["miou"] - scores["rgb"]["miou"])


def _person_ratio(scores: Scores) -> float:
    fused, rgb = (scores[name]["iou"].get(_PERSON, math.nan) for name in ("fused", "rgb"))
    if rgb > 0.0:
        return float(fused / rgb)
    return math.inf if fused > 0.0 else math.nan


def _row(name: str, frames: int, scores: Scores) -> tuple[str, ...]:
    found = [scores[estimate] for estimate in SEGMENTATION_ESTIMATES]
    return (
        name,
        str(frames),
        *(_percent(score["miou"]) for score in found),
        f"{_lead(scores):+.1f}",
        *(_percent(score["iou"].get(_PERSON, math.nan)) for score in found),
        *(_percent(score["accuracy"]) for score in found),
    )


def _classes(scores: Scores, counted: SegmentationScore) -> Table:
    shares = counted.shares()
    rows = [
        (
            name,
            _percent(shares[name]),
            *(_percent(scores[e]["iou"][name]) for e in SEGMENTATION_ESTIMATES),
        )
        for name in scores["fused"]["iou"]
    ]
    return Table("Labels by class", ("class", "share", *SEGMENTATION_ESTIMATES), rows, _CLASS_NOTE)


def _percent(value: float) -> str:
    return "-" if value != value else f"{100.0 * value:.1f}"
