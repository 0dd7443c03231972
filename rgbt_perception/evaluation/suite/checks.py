"""One promise, what was measured of it, and whether it holds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """A measured number and its limit.

    Attributes:
        name: what is promised.
        measured: NaN when nothing could be measured, which never passes.
        limit: the last value that passes.
        at_most: the limit is an upper one, else a lower one.
        goal: what is aimed at beyond the limit; None without.
        where: the condition or case that the number comes from; empty for a mean.
    """

    name: str
    measured: float
    limit: float
    at_most: bool = True
    goal: float | None = None
    where: str = ""

    @property
    def passed(self) -> bool:
        """Whether the promise holds."""
        if self.at_most:
            return self.measured <= self.limit
        return self.measured >= self.limit

    @property
    def wanted(self) -> str:
        """The limit and the goal as text."""
        sign = "<=" if self.at_most else ">="
        goal = "" if self.goal is None else f" (goal {self.goal:.3f})"
        return f"{sign} {self.limit:.3f}{goal}"

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """Name, measured, wanted, PASS or FAIL."""
        where = f" ({self.where})" if self.where else ""
        verdict = "PASS" if self.passed else "FAIL"
        return self.name, f"{self.measured:.3f}{where}", self.wanted, verdict

    def tree(self) -> dict[str, Any]:
        """As written to JSON; a number that could not be measured is null."""
        measured = self.measured if math.isfinite(self.measured) else None
        return {
            "name": self.name,
            "measured": measured,
            "limit": self.limit,
            "at_most": self.at_most,
            "goal": self.goal,
            "where": self.where,
            "passed": self.passed,
        }


def worst(values: Mapping[str, float], at_most: bool = True) -> tuple[float, str]:
    """The value hardest to pass with and its key; NaN without any value or where one is NaN."""
    unknown = [key for key, value in values.items() if math.isnan(value)]
    if unknown or not values:
        return math.nan, unknown[0] if unknown else ""
    key = (max if at_most else min)(values, key=lambda key: values[key])
    return values[key], key


def all_passed(checks: Iterable[Check]) -> bool:
    """Whether every check passes and there is at least one."""
    results = [check.passed for check in checks]
    return bool(results) and all(results)
