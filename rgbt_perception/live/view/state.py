"""What the page tells besides pictures; the host fills it, the page reads it as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rgbt_perception.frames import Mode


@dataclass(frozen=True)
class StreamState:
    """One input.

    Attributes:
        name: relative, e.g. ``rgb/image``.
        topic: full name of what is subscribed to.
        received: messages since the start.
        rate_hz: over the last seconds; 0 when silent.
        age_s: since the last message; None before the first.
        detail: encoding and size, or what is missing.
    """

    name: str
    topic: str
    received: int
    rate_hz: float
    age_s: float | None
    detail: str = ""


@dataclass(frozen=True)
class Problem:
    """Something that a person should look at.

    Attributes:
        level: ``warn`` or ``error``.
        text: one line: what is wrong and what was expected.
    """

    level: str
    text: str


@dataclass(frozen=True)
class ViewState:
    """Everything the page shows at one moment.

    Attributes:
        title: node and DDS domain.
        mode, reasons: of the last result or of the waiting.
        result_hz: results of the last seconds a second.
        streams: the inputs.
        stages: milliseconds by stage: of the last result, the median and the 99th percentile.
        counters: since the start, by name.
        modes: results by mode since the start.
        outputs: subscribers by output topic.
        problems: what is wrong now.
        engine: runtime and network.
        running_s: since the start.
    """

    title: str
    mode: Mode
    reasons: tuple[str, ...]
    result_hz: float
    streams: tuple[StreamState, ...]
    stages: Mapping[str, tuple[float, float, float]]
    counters: Mapping[str, int]
    modes: Mapping[str, int] = field(default_factory=dict)
    outputs: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    engine: str = ""
    running_s: float = 0.0
