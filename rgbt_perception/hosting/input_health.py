"""What is wrong with an input, as a maintainer would ask: who publishes it, how, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rgbt_perception.hosting.graph import Endpoint, Qos
from rgbt_perception.hosting.streams import SILENT_S, StreamState


@dataclass(frozen=True)
class InputTopic:
    """Where an input is taken from.

    Attributes:
        name: full name of the topic.
        type_name: its ROS type.
        wanted: QoS asked for.
        endpoints: its publishers.
    """

    name: str
    type_name: str
    wanted: Qos
    endpoints: Sequence[Endpoint]


@dataclass(frozen=True)
class InputView:
    """One input at one moment.

    Attributes:
        topic: where it is taken from.
        state: what arrives.
        refused: why what came cannot be used, while that goes on; else empty.
        needed: perception lacks something without it.
        steady: messages have to keep coming (pictures), not just once.
    """

    topic: InputTopic
    state: StreamState
    refused: str = ""
    needed: bool = True
    steady: bool = True


@dataclass(frozen=True)
class InputProblem:
    """What is wrong.

    Attributes:
        kind: one word.
        message: names the topic, what is offered and what is wanted.
        at_once: it is certain; else it may only be that the system is starting.
        began_ns: steady time when it began, where the arrivals tell; else None.
    """

    kind: str
    message: str
    at_once: bool = True
    began_ns: int | None = None


def input_problem(view: InputView) -> InputProblem | None:
    """The most telling thing that is wrong with an input; None when nothing is."""
    topic, state = view.topic, view.state
    if view.refused:
        return InputProblem("refused", f"{topic.name}: {view.refused}")
    flows = state.age_s is not None and (state.age_s <= SILENT_S or not view.steady)
    if flows or not view.needed:
        return None
    wanted = f"wanted {topic.type_name}, {topic.wanted}"
    if not topic.endpoints:
        line = f"{topic.name}: no publisher; {wanted}"
        return InputProblem("no_publisher", line, False, state.arrived_ns)
    typed = [end for end in topic.endpoints if end.type_name == topic.type_name]
    offered = _offers(topic.endpoints)
    if not typed:
        return InputProblem("wrong_type", f"{topic.name}: wrong type; {offered}; {wanted}")
    if not any(end.reaches(topic.wanted) for end in typed):
        line = f"{topic.name}: incompatible QoS; {offered}; {wanted}"
        return InputProblem("incompatible_qos", line)
    what = "nothing comes any more" if state.received else "published, but nothing has come"
    line = f"{topic.name}: {what}; {offered}; {wanted}"
    return InputProblem("silent", line, False, state.arrived_ns)


def _offers(endpoints: Sequence[Endpoint]) -> str:
    """Type and QoS of each publisher."""
    each = (f"{end.type_name}, {end.offers} by {end.node or '?'}" for end in endpoints)
    return "offered " + "; ".join(sorted(each))
