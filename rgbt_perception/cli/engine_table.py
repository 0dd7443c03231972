"""What the engine cache holds, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rgbt_perception.engines.cache.record import PlanRecord
from rgbt_perception.evaluation.table import in_columns

_COLUMNS = ("model", "precision", "runtime", "GPU", "built", "took", "MB", "differs from fp32 by")


def engines_text(entries: Sequence[tuple[PlanRecord, bool]]) -> str:
    """One line for each engine.

    Args:
        entries: as ``PlanStore.records`` gives them.
    """
    return in_columns([_COLUMNS, *(_cells(record, usable) for record, usable in entries)])


def engines_json(entries: Sequence[tuple[PlanRecord, bool]]) -> list[dict[str, Any]]:
    """The same with everything that is known, for ``json.dumps``."""
    return [record.as_json() | {"usable": usable} for record, usable in entries]


def _cells(record: PlanRecord, usable: bool) -> tuple[str, ...]:
    target = record.key.target
    worst = max(record.parity.items(), key=lambda item: item[1].excess, default=None)
    difference = "" if worst is None else f"{worst[1].mean:.1g} ({worst[0]}, {worst[1].measure})"
    return (
        record.model,
        record.key.precision.value,
        target.runtime,
        f"{target.gpu} ({target.compute_capability})",
        record.built[:16].replace("T", " "),
        f"{record.build_s:.0f} s",
        f"{record.size / 1e6:.1f}" if usable else "refused",
        difference,
    )
