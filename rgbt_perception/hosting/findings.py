"""What is said about one part of a live host: for diagnostics and for the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rgbt_perception.hosting.watchdog import Level


@dataclass(frozen=True)
class Finding:
    """How one input, or the pipeline, is.

    Attributes:
        level: OK, WARN or ERROR.
        name: of the part: ``rgb/image``, ``pipeline``, ``watchdog``.
        message: one line; for a problem it names the topic, what is offered and what is wanted.
        values: facts by name, as text.
        since_ns: steady time when the problem began; None while there is none.
        problem: kind of the problem; empty while there is none.
        follows: it may follow from an input's problem, which then says more.
    """

    level: Level
    name: str
    message: str
    values: Mapping[str, str] = field(default_factory=dict)
    since_ns: int | None = None
    problem: str = ""
    follows: bool = False


class Onsets:
    """Remembers since when each problem lasts."""

    def __init__(self) -> None:
        self._began: dict[tuple[str, str], int] = {}

    def since(self, name: str, problem: str, now_ns: int, began_ns: int | None = None) -> int:
        """When a problem of a part began.

        Args:
            name: the part; it has one problem at a time.
            problem: kind; empty = none, which ends the one before.
            now_ns: steady clock, nanoseconds.
            began_ns: when it began, where that is known better than by asking regularly.
        """
        key = (name, problem)
        for other in [k for k in self._began if k[0] == name and k != key]:
            del self._began[other]
        if not problem:
            return now_ns
        return self._began.setdefault(key, now_ns if began_ns is None else began_ns)
