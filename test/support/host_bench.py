"""What the tests of the live host share: its configuration, an engine and an ear."""

from __future__ import annotations

import os
from pathlib import Path

from dds_domains import domain_of

from rgbt_perception.engines.constant import ConstantEngine
from rgbt_perception.frames import Mode
from rgbt_perception.hosting.interfaces import Qos, output_qos
from rgbt_perception.live.configuration import Network
from rgbt_perception.outputs import offered_topics

PEER = Path(__file__).parent / "rig_peer.py"
NETWORK = Network(domain_of(1, os.getpid()), local=True)
# A loaded machine must not look like a lost camera, but where this is what is tested.
SOON = {"pairing.timeout_s": 0.4}
PATIENT = {
    "pairing.timeout_s": 30.0,
    "host.status_period_s": 0.1,
    "watchdog.warn_ms": 60_000,
    "watchdog.error_ms": 60_000,
}


class Engine(ConstantEngine):
    """Fails when told to."""

    def __init__(self):
        super().__init__(64, 48)
        self.runs = 0
        self.failures = 0
        self.before = lambda: None

    def run(self, inputs, outputs):
        self.runs += 1
        self.before()
        if self.failures:
            self.failures -= 1
            raise ZeroDivisionError("the engine was told to fail")
        return super().run(inputs, outputs)


class Inbox:
    """What arrived, by output."""

    def __init__(self, node, prefix="/perception"):
        self.node, self.prefix = node, prefix
        self.messages = {}

    def subscribe(self, *topics):
        for topic in topics:
            self.messages[topic] = []
            self.node.reader(
                f"{self.prefix}/{topic}",
                offered_topics(scene=True)[topic],
                Qos(True, output_qos(topic).transient_local, depth=100),
                lambda name, message, ns, topic=topic: self.messages[topic].append(message),
            )

    def __getitem__(self, topic):
        return self.messages[topic]

    def modes(self):
        return [Mode(status.mode) for status in self["status"] if status.mode != Mode.WAITING]

    def last(self):
        return self["status"][-1] if self["status"] else None

    def said(self, *reasons):
        return self.last() is not None and list(self.last().reasons) == list(reasons)
