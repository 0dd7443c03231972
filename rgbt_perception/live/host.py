"""The host on DDS: one rig's perception as a node of the ROS graph, without ROS."""

from __future__ import annotations

import time
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rgbt_perception.closing import Closing
from rgbt_perception.config import Config
from rgbt_perception.frames import Mode
from rgbt_perception.geometry.rig import load_rig
from rgbt_perception.hosting.delivery import deliver
from rgbt_perception.hosting.interfaces import (
    COMPRESSED_IMAGE,
    INPUT_TYPES,
    NODE,
    input_topics,
    output_topics,
    resolve,
)
from rgbt_perception.hosting.rehearsal import rehearse, usual_rig
from rgbt_perception.hosting.runner import Runner
from rgbt_perception.live.cdr import CdrFactory, serialize
from rgbt_perception.live.configuration import Network
from rgbt_perception.live.inputs import Inputs
from rgbt_perception.live.monitor import Faults, Monitor
from rgbt_perception.live.parameter_server import ParameterServer
from rgbt_perception.live.publishers import Publishers
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.live.view.gallery import Gallery
from rgbt_perception.outputs import Output, offered_topics
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.recording.types import typestore
from rgbt_perception.session import IMAGES, Session, Stream

IDLE = "no_subscriber"
"""Reason code while nothing is computed because nobody would take it."""

_VIEWED_INPUTS = {Stream.RGB_IMAGE: "rgb", Stream.THERMAL_IMAGE: "thermal"}
_VIEWED_OUTPUTS = {
    "depth/image": "depth",
    "confidence/image": "confidence",
    "fused/image": "fused",
    "semantic/colored": "labels",
}


@dataclass(frozen=True)
class Place:
    """Where in the graph the node is.

    Attributes:
        network: DDS domain and where to look for others.
        namespace: of the node.
        remaps: names to other names, as ROS 2 understands them.
    """

    network: Network
    namespace: str = "/"
    remaps: Mapping[str, str] = field(default_factory=dict)


class LiveHost(Closing):
    """Subscribes, runs the session, publishes; a context manager that is in the graph inside.

    Attributes:
        name: full name of the node.
        started_ns: steady time when it began.
        node: in the graph.
        session, runner: what computes.
        inputs, publishers: the topics.
        parameters: for ``ros2 param``.
        monitor: what is wrong.
        gallery: what a page shows of it; costs nothing while no browser asks.
    """

    def __init__(self, config: Config, place: Place, pipeline: DepthPipeline) -> None:
        """Join the graph and begin to compute.

        Args:
            config: all parameters.
            place: where in the graph.
            pipeline: with its engine loaded.

        Raises:
            RgbtError: the rig file cannot be used, or DDS refuses.
        """
        rig = load_rig(Path(config.rig)) if config.rig else None
        inputs = input_topics(place.namespace, remaps=place.remaps)
        scene = pipeline.scene is not None
        outputs = output_topics(place.namespace, remaps=place.remaps, scene=scene)
        self._viewed = _VIEWED_OUTPUTS.keys() & outputs.keys()
        self.name = resolve(NODE, place.namespace)
        self.started_ns = time.monotonic_ns()
        self.gallery = Gallery()
        self._checked_ns = self.started_ns
        _prepare_messages(scene)
        self.session = Session(config, pipeline, CdrFactory(), rig=rig, select=self._wanted)
        rehearse(
            self.session,
            rig or usual_rig(),
            lambda output: serialize(typestore(), output.message, output.type_name),
        )
        self.runner = Runner(self.session, self._publish, on_fault=Faults())
        self.node = DdsNode(NODE, namespace=place.namespace, network=place.network)
        try:
            # In this order: nothing comes before it has a taker.
            self.publishers = Publishers(self.node, outputs)
            self.monitor = Monitor(self.node, self.name, self.runner)
            self.runner.start()
            self.parameters = ParameterServer(self.node, self.name, config, self.runner.reconfigure)
            self.inputs = Inputs(self.node, config, inputs, self._take, self._refuse)
        except BaseException:
            self.close()
            raise

    @property
    def config(self) -> Config:
        """All parameters as they are now."""
        return self.parameters.config

    def close(self) -> None:
        """Leave the graph after the result in work; idempotent."""
        self.runner.stop()
        self.node.close()

    def tick(self) -> None:
        """Follow publishers that come and go; from one thread, some times a second.

        Once a period it also judges how everything is and tells of it.
        """
        self.inputs.follow()
        now_ns = time.monotonic_ns()
        if now_ns - self._checked_ns >= self.config.host.status_period_s * 1e9:
            self._checked_ns = now_ns
            self.monitor.check(self.inputs.offers())

    def mode(self) -> tuple[Mode, tuple[str, ...]]:
        """What is computed now, with reasons."""
        if self.runner.watchdog.is_idle:
            return Mode.WAITING, (IDLE,)
        return self.session.situation

    def _wanted(self, index: int) -> Set[str]:
        """The topics that are built: those subscribed to, and what the page shows."""
        topics = self.publishers.wanted()
        return topics | self._viewed if self.gallery.watched else topics

    def _take(self, stream: Stream, message: Any) -> None:
        if stream in _VIEWED_INPUTS:
            self.gallery.show(_VIEWED_INPUTS[stream], message)
        self.runner.offer(stream, message)

    def _refuse(self, stream: Stream, line: str) -> None:
        """Count what is not even a message of its type: it shows like any other refused one."""
        statistics = self.session.statistics
        if stream in IMAGES:
            statistics.reject(IMAGES[stream], "image", line)
        else:
            statistics.problem(stream.value, line)

    def _publish(self, outputs: list[Output]) -> None:
        for output in outputs:
            if output.topic in _VIEWED_OUTPUTS:
                self.gallery.show(_VIEWED_OUTPUTS[output.topic], output.message)
        deliver(outputs, self.publishers.send, self.session.statistics)


def _prepare_messages(scene: bool) -> None:
    """Have the code generated that reads and writes each type: not with the first picture."""
    for kind in (*INPUT_TYPES.values(), COMPRESSED_IMAGE, *offered_topics(scene).values()):
        typestore().get_msgdef(kind)
