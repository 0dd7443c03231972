"""What `rgbt doctor --live` found, as text and as JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rgbt_perception.hosting.graph import Endpoint
    from rgbt_perception.live.survey import Survey, TopicReport


def survey_json(survey: Survey) -> dict[str, Any]:
    """Everything that was found; lists where there may be several."""
    found = dataclasses.asdict(survey)
    judged = found.pop("readiness")
    return {**found, **judged, "ready": not judged["missing"]}


def survey_lines(survey: Survey) -> Iterator[str]:
    """The same for people, line by line."""
    yield f"DDS domain {survey.domain}, looked at for {survey.seconds:g} s"
    yield f"nodes: {', '.join(survey.nodes) or 'none'}"
    for topic in survey.topics:
        yield f"{topic.name}  {', '.join(topic.type_names)}"
        yield f"  {_flow(topic)}"
        yield from (f"  from {line}" for line in _ends(topic.publishers))
        yield from (f"  to {line}" for line in _ends(topic.subscriptions))
    if not survey.topics:
        yield "topics: none; is it the right domain, and does the firewall let UDP through?"
    judged = survey.readiness
    yield f"frames: {', '.join(judged.frames) or 'none'}"
    for name, found in judged.inputs.items():
        yield f"input {name}: {found}"
    yield from (f"warning: {line}" for line in survey.warnings)
    yield from (f"note: {line}" for line in judged.notes)
    yield from (f"missing: {line}" for line in judged.missing)
    if not judged.missing:
        yield "perception can start"


def _flow(topic: TopicReport) -> str:
    if topic.received is None:
        return "not listened to" if topic.publishers else "no publisher"
    unreadable = f"{topic.unreadable} unreadable" if topic.unreadable else ""
    if topic.received == 0:
        return unreadable or "nothing received"
    facts = [f"{topic.received} messages", f"{topic.rate_hz:.1f} Hz" if topic.received > 1 else ""]
    facts.append(f"{topic.largest / 1e6:.2f} MB" if topic.largest >= 10_000 else "")
    facts.append("{}x{}".format(*topic.size) if all(topic.size) else "")
    facts.append(topic.encoding)
    facts.append(f"frame {topic.frame_id}" if topic.frame_id else "")
    facts.append("" if topic.age_s is None else f"stamps {topic.age_s:.3f} s old")
    facts.append(unreadable)
    return ", ".join(fact for fact in facts if fact)


def _ends(ends: Sequence[Endpoint]) -> list[str]:
    return [f"{end.node or 'a node without a name'} ({end.offers})" for end in ends]
