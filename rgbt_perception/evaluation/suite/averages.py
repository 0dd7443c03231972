"""Means by condition and over conditions, every condition counting alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from rgbt_perception.evaluation.scores import Mean

OVERALL = "all"


class ByCondition:
    """Sums named values of frames by condition.

    Frames of a condition count alike, and so do the conditions of a mean over conditions.
    """

    def __init__(self) -> None:
        self._means: defaultdict[str, Mean] = defaultdict(Mean)

    def add(self, condition: str, values: Mapping[str, float]) -> None:
        """One frame."""
        self._means[condition].add(values)

    def conditions(self) -> dict[str, dict[str, float]]:
        """The means of each condition, by name, in order."""
        return {key: self._means[key].values() for key in sorted(self._means)}

    def frames(self) -> dict[str, int]:
        """Frames of each condition."""
        return {key: self._means[key].frames for key in sorted(self._means)}


def averaged(conditions: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Means over the conditions of each scene and over all.

    Args:
        conditions: values by ``<scene>/<light>/<weather>``; all have the same names.

    Returns:
        By scene, and ``all``; empty without conditions.
    """
    groups: dict[str, list[Mapping[str, float]]] = {}
    for key, values in conditions.items():
        groups.setdefault(key.split("/")[0], []).append(values)
    if groups:
        groups[OVERALL] = list(conditions.values())
    return {key: _mean(members) for key, members in groups.items()}


def _mean(members: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total = Mean()
    for values in members:
        total.add(values)
    return total.values()
