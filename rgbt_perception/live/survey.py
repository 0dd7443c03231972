"""Looks at a live graph for some seconds: what a maintainer asks for in a bug report."""

from __future__ import annotations

import time
from collections.abc import Mapping, Set
from dataclasses import dataclass

from rgbt_perception.config import Config
from rgbt_perception.hosting.graph import Endpoint, Qos
from rgbt_perception.hosting.interfaces import COMPRESSED_IMAGE, INPUT_TYPES, input_topics
from rgbt_perception.live.configuration import Network
from rgbt_perception.live.readiness import Readiness, readiness
from rgbt_perception.live.receive_buffer import allowed_bytes, buffer_warnings, requested_bytes
from rgbt_perception.live.sampling import Sampler
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.outputs import STATUS, offered_topics
from rgbt_perception.recording.types import typestore
from rgbt_perception.session import Stream

NODE = "rgbt_doctor"
# Best effort and volatile gets everything that is offered.
_ANYTHING = Qos(reliable=False, transient_local=False, depth=10)
_LATCHED = Qos(reliable=True, transient_local=True, depth=100)
_STEP_S = 0.1
# A camera's topics have one publisher each; others may have several.
_ONE_PUBLISHER = frozenset((*INPUT_TYPES.values(), COMPRESSED_IMAGE)) - {
    INPUT_TYPES[Stream.TF_STATIC],
    INPUT_TYPES[Stream.RIG],
}
# A topic is listened to once the other topics of its node are known too.
_SETTLE_SHARE = 0.1


@dataclass(frozen=True)
class TopicReport:
    """One topic.

    Attributes:
        name: full name.
        type_names: more than one is somebody's mistake.
        publishers, subscriptions: of other nodes.
        received: messages while looking; None where nobody looked (unknown type, or an output
            of perception, which would begin to compute it).
        rate_hz: messages a second.
        age_s: median of wall clock minus stamp, seconds; None without stamps.
        encoding, size, frame_id: of the last message, where it has them.
        largest: bytes of the largest message.
        unreadable: messages that are not of the type.
    """

    name: str
    type_names: tuple[str, ...]
    publishers: tuple[Endpoint, ...]
    subscriptions: tuple[Endpoint, ...]
    received: int | None = None
    rate_hz: float = 0.0
    age_s: float | None = None
    encoding: str = ""
    size: tuple[int, int] = (0, 0)
    frame_id: str = ""
    largest: int = 0
    unreadable: int = 0


@dataclass(frozen=True)
class Survey:
    """A graph, looked at for a while.

    Attributes:
        domain: DDS domain.
        seconds: how long.
        nodes: full names.
        topics: by name.
        readiness: what perception lacks.
        warnings: other problems, one line each.
    """

    domain: int
    seconds: float
    nodes: tuple[str, ...]
    topics: tuple[TopicReport, ...]
    readiness: Readiness
    warnings: tuple[str, ...]


def survey(
    network: Network,
    config: Config,
    seconds: float,
    *,
    namespace: str = "/",
    remaps: Mapping[str, str] | None = None,
) -> Survey:
    """Join the graph, listen, and judge.

    Args:
        network: where.
        config: QoS and transports that perception would ask for.
        seconds: how long to listen.
        namespace: of perception.
        remaps: of its topics.

    Raises:
        RgbtError: the domain cannot be joined.
    """
    with DdsNode(NODE, network=network) as node:
        samplers: dict[str, Sampler] = {}
        first_seen: dict[str, float] = {}
        start_s = time.monotonic()
        while (passed_s := time.monotonic() - start_s) < seconds:
            for name in node.topics():
                first_seen.setdefault(name, passed_s)
            settled_s = passed_s - seconds * _SETTLE_SHARE
            _listen(node, samplers, {n for n, s in first_seen.items() if s <= settled_s})
            time.sleep(min(_STEP_S, seconds * _SETTLE_SHARE))
        topics = tuple(_report(node, name, samplers.get(name)) for name in node.topics())
        judged = readiness(config, input_topics(namespace, remaps=remaps), samplers, node.endpoints)
        nodes = tuple(name for name in node.nodes() if name != f"/{NODE}")
    warnings = (*_mismatches(topics), *_buffers(topics))
    return Survey(network.domain, seconds, nodes, topics, judged, warnings)


def _listen(node: DdsNode, samplers: dict[str, Sampler], settled: Set[str]) -> None:
    topics = node.topics()
    # Wherever a status is published, the other outputs are beside it.
    outputs = {
        f"{name.removesuffix('status')}{output}"
        for name, types in topics.items()
        if STATUS in types and name.endswith("/status")
        for output in offered_topics(scene=True)
    }
    for name, types in topics.items():
        if name in samplers or name not in settled or not node.endpoints(name):
            continue
        if types[0] not in typestore().fielddefs:
            continue
        # Perception computes what is subscribed to: looking must not make it work.
        if name in outputs or STATUS in types:
            continue
        latched = any(end.transient_local for end in node.endpoints(name))
        sampler = samplers[name] = Sampler(types[0])
        asked = _LATCHED if latched else _ANYTHING
        node.reader(name, types[0], asked, sampler.take, raw=True)


def _report(node: DdsNode, name: str, sampler: Sampler | None) -> TopicReport:
    own = f"/{NODE}"
    publishers = tuple(end for end in node.endpoints(name) if end.node != own)
    subscriptions = tuple(end for end in node.subscriptions(name) if end.node != own)
    types = tuple(node.topics().get(name, ()))
    if sampler is None:
        return TopicReport(name, types, publishers, subscriptions)
    state = sampler.state()
    header = getattr(sampler.last, "header", None)
    return TopicReport(
        name,
        types,
        publishers,
        subscriptions,
        received=sampler.count,
        rate_hz=sampler.rate_hz,
        age_s=sampler.age_s,
        encoding=state.encoding,
        size=state.size,
        frame_id="" if header is None else header.frame_id,
        largest=sampler.largest,
        unreadable=sampler.unreadable,
    )


def _mismatches(topics: tuple[TopicReport, ...]) -> list[str]:
    lines = []
    for topic in topics:
        if len(topic.type_names) > 1:
            lines.append(f"{topic.name}: has several types: {', '.join(topic.type_names)}")
        if topic.unreadable:
            lines.append(f"{topic.name}: {topic.unreadable} messages cannot be read as their type")
        if len(topic.publishers) > 1 and _ONE_PUBLISHER.issuperset(topic.type_names):
            lines.append(
                f"{topic.name}: has {len(topic.publishers)} publishers, whose messages mix: "
                + ", ".join(end.node or "?" for end in topic.publishers)
            )
        for end in topic.subscriptions:
            wanted = Qos(end.reliable, end.transient_local)
            lines.extend(
                f"{topic.name}: {other.node or 'a publisher'} offers {other.offers}, but "
                f"{end.node or 'a subscription'} wants {end.offers}: it gets nothing from it"
                for other in topic.publishers
                if not other.reaches(wanted)
            )
    return lines


def _buffers(topics: tuple[TopicReport, ...]) -> list[str]:
    largest = max(topics, key=lambda topic: topic.largest, default=None)
    if largest is None:
        return []
    return buffer_warnings(largest.largest, largest.name, requested_bytes(), allowed_bytes())
