"""What every section of the suite takes and gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rgbt_perception.evaluation.suite.checks import Check
from rgbt_perception.evaluation.suite.scenes import SeenPair
from rgbt_perception.evaluation.suite.tables import Table
from rgbt_perception.pipeline import DepthPipeline


@dataclass(frozen=True)
class SectionResult:
    """One section's outcome.

    Attributes:
        values: what the tables show, for JSON.
        tables: for people.
        checks: what must hold.
    """

    values: Mapping[str, Any]
    tables: Sequence[Table]
    checks: Sequence[Check] = field(default=())


class Section(Protocol):
    """A measurement over recordings, fed one recording at a time."""

    def add(self, seen: Sequence[SeenPair], pipeline: DepthPipeline) -> None:
        """Measure one recording's pairs; further runs of the pipeline are the section's own."""
        ...

    def result(self) -> SectionResult:
        """Sum up."""
        ...
