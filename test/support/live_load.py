"""A host under the load of a rig of real size: what it delivers and what it takes.

Rig and subscriber are on DDS without ROS, whatever the host is, so that hosts can be compared.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

from rgbt_perception.hosting.interfaces import (
    DIAGNOSTICS,
    DIAGNOSTICS_QOS,
    DIAGNOSTICS_TYPE,
    Qos,
)
from rgbt_perception.live.configuration import Network
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.outputs import TOPICS
from rgbt_perception.resources import share

SECONDS = float(os.environ.get("SOAK_SECONDS", 60))
"""How long deliveries are counted."""
MINUTES = float(os.environ.get("SOAK_MINUTES", 10))
"""How long memory is watched."""
WARM_UP = 0.1
"""Share of that time in which memory may still grow."""
RATE_HZ = 30
DOMAIN = 1 + os.getpid() % 99
RATIOS = [(False, 2.0), (True, 1.3)]
"""With the cloud or without; how many times a copy loop's p99 a host may take then."""
MARKS = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]

_HERE = Path(__file__).parent
IMAGES = ("depth/image", "confidence/image")
PLAIN = (*IMAGES, "depth/camera_info", "status")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
# Diagnostics come once a second.
_LAST_WORD_S = 2.5
# The subscriber has less than what is left of the machine: what it misses is told, not judged.
_HEARD = 0.9


@dataclass(frozen=True)
class Host:
    """A process that takes pictures and publishes.

    Attributes:
        name: for people.
        words: of the command, after the interpreter; ``cloud`` is added for a copy loop.
        copies: it copies only; else it is perception.
        ros: it is a node of ROS 2 and not of DDS alone.
    """

    name: str
    words: tuple[str, ...]
    copies: bool
    ros: bool

    @property
    def topics(self) -> tuple[str, ...]:
        """What it publishes beside the cloud."""
        return IMAGES if self.copies else PLAIN


COPY_DDS = Host("copy loop without ROS", (str(_HERE / "copy_loop_dds.py"), "{domain}"), True, False)
COPY_ROS = Host("copy loop", (str(_HERE / "copy_loop_ros.py"),), True, True)
# Depth alone: a copy loop does nothing that the labels' alignment could be compared with.
LIVE = Host(
    "rgbt live",
    (
        *("-m", "rgbt_perception.cli", "live", "--domain", "{domain}"),
        *("--engine", "constant", "--scene-model", ""),
    ),
    False,
    False,
)
NODE = Host(
    "perception node",
    (
        *("-m", "rgbt_perception.nodes.perception_node", "--ros-args"),
        *("-p", "engine.name:=constant", "-p", "scene.model:=''", "-p", "autostart:=true"),
    ),
    False,
    True,
)


@dataclass
class Load:
    """What came out.

    Attributes:
        host: which one.
        sent: pairs.
        results: pairs processed by the host itself.
        received: messages by output.
        p50, p99: milliseconds from the later picture's arrival to the last publish call's return.
        cores: of the host's CPU time while pictures came.
        memory_mb: resident memory of the host, once a second while results came.
        dropped: pictures that ended in no result, as the host counts them; 0 of a copy loop.
        faults: exceptions, as the host counts them; 0 of a copy loop.
        unsent: messages that the middleware did not take, likewise.
        stages: of perception: its latencies by stage as text.
    """

    host: Host
    sent: int
    results: int
    received: Counter[str]
    p50: float
    p99: float
    cores: float
    memory_mb: list[float]
    dropped: int
    faults: int
    unsent: int
    stages: Mapping[str, str]

    def __str__(self) -> str:
        stages = "".join(f"\n    {name}: {text}" for name, text in self.stages.items())
        missed = ", ".join(f"{n} of {topic}" for topic, n in self.missed().items()) or "nothing"
        return (
            f"{self.host.name}: {self.results} of {self.sent} pairs, {self.dropped} dropped, "
            f"{self.faults} faults, {self.unsent} not sent, p50 {self.p50:.1f} ms, "
            f"p99 {self.p99:.1f} ms, {self.cores:.2f} cores; the subscriber missed {missed}{stages}"
        )

    def missed(self) -> dict[str, int]:
        """Results that did not reach the subscriber, by output."""
        return {topic: self.results - n for topic, n in self.received.items() if n < self.results}

    def assert_complete(self, pairs: int, cloud: bool) -> None:
        """That all pairs were sent and processed, and every message was taken."""
        assert self.sent == self.results == pairs
        assert self.dropped == 0
        assert self.faults == 0
        assert self.unsent == 0
        for topic in (*self.host.topics, *(["points"] if cloud else [])):
            # Nothing is published that nobody subscribes to.
            assert self.received[topic] >= _HEARD * pairs, topic

    def assert_little_more_than(self, copy: Load, ratio: float) -> None:
        """That it takes at most ``ratio`` times the time and 0.4 core more than copying does."""
        assert copy.results >= 0.97 * copy.sent, "the loop itself did not keep up"
        assert self.p99 <= ratio * copy.p99
        assert self.cores <= copy.cores + 0.4

    def assert_memory_holds(self) -> None:
        """That the host was at work all the time and grew by at most 1 MB a minute."""
        assert self.results >= 0.95 * self.sent
        assert self.slope() <= 1.0

    def slope(self) -> float:
        """Growth of the memory after the warm-up, MB a minute."""
        after = self._after_warm_up()
        return float(np.polyfit(np.arange(len(after)) / 60, after, 1)[0])

    def growth(self) -> str:
        """The same in words."""
        after = self._after_warm_up()
        return f"{after[0]:.0f} MB to {after[-1]:.0f} MB, {self.slope():+.2f} MB/min"

    def _after_warm_up(self) -> list[float]:
        return self.memory_mb[round(WARM_UP * len(self.memory_mb)) :]


def load(host: Host, domain: int, seconds: float, *, cloud: bool) -> Load:
    """Run a rig and a host, each a process of its own, and subscribe to the outputs.

    Args:
        host: what is measured.
        domain: DDS domain.
        seconds: how long pictures are sent.
        cloud: the cloud is subscribed to as well.
    """
    with mock.patch.dict(os.environ, ROS_AUTOMATIC_DISCOVERY_RANGE="LOCALHOST"):
        # Everybody in the same network, however the tests were started.
        os.environ.pop("CYCLONEDDS_URI", None)
        return _load(host, domain, seconds, cloud)


def _load(host: Host, domain: int, seconds: float, cloud: bool) -> Load:
    topics = (*host.topics, "points") if cloud else host.topics
    received: Counter[str] = Counter()
    diagnostics: dict[str, str] = {}

    def told(topic: str, message: Any, arrival_ns: int) -> None:
        for status in message.status:
            if status.name.endswith("perception: pipeline"):
                diagnostics.update({pair.key: pair.value for pair in status.values})

    with DdsNode("subscriber", network=Network(domain, local=True)) as node:
        for topic in topics:
            node.reader(
                f"/perception/{topic}",
                TOPICS[topic],
                Qos(True, depth=5),
                lambda name, data, ns, topic=topic: received.update([topic]),
                raw=True,
            )
        node.reader(DIAGNOSTICS, DIAGNOSTICS_TYPE, DIAGNOSTICS_QOS, told)
        with _start(host, domain, cloud) as process:
            try:
                sent, cpu, memory = _watch(process.pid, domain, seconds, received)
                if not host.copies:
                    time.sleep(_LAST_WORD_S)
                    process.send_signal(signal.SIGINT)
                out, _ = process.communicate(timeout=120)
            finally:
                process.kill()
    if host.copies:
        numbers = json.loads(out.splitlines()[-1])
        results, p50, p99 = numbers["pairs"], numbers["p50"], numbers["p99"]
    else:
        assert diagnostics, f"{host.name} told nothing on {DIAGNOSTICS}"
        results, (p50, p99) = int(diagnostics["results"]), _latency(diagnostics["total_ms"])
    assert len(cpu) > 1, f"{host.name} gave {results} results of {sent} pairs"
    (begin, before), (end, after) = cpu[0], cpu[-1]
    return Load(
        host,
        sent,
        results,
        received,
        p50,
        p99,
        (after - before) / (end - begin),
        memory,
        sum(int(n) for name, n in diagnostics.items() if name.startswith("dropped_")),
        int(diagnostics.get("faults", 0)),
        # Perception tells it always: one that did not would not be counted.
        0 if host.copies else int(diagnostics["unsent"]),
        {name: text for name, text in diagnostics.items() if name.endswith("_ms")},
    )


def _watch(
    pid: int, domain: int, seconds: float, received: Counter[str]
) -> tuple[int, list[tuple[float, float]], list[float]]:
    """Let the rig send; pairs sent, then steady time with CPU time and memory, once a second."""
    rig = subprocess.Popen(
        [sys.executable, str(_HERE / "full_rig.py"), str(domain), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
    )
    cpu, memory = [], []
    seen = 0
    while rig.poll() is None:
        time.sleep(1.0)
        if received["depth/image"] > seen:
            seen = received["depth/image"]
            memory.append(_memory_mb(pid))
            cpu.append((time.monotonic(), _cpu_s(pid)))
    assert rig.stdout is not None
    assert rig.returncode == 0, "the host does not subscribe to the pictures"
    return int(rig.stdout.read()), cpu, memory


def _start(host: Host, domain: int, cloud: bool) -> subprocess.Popen[str]:
    words = [word.format(domain=domain) for word in host.words]
    if host.copies and cloud:
        words.append("cloud")
    environment = dict(os.environ)
    if host.ros:
        environment |= {
            "ROS_DOMAIN_ID": str(domain),
            "RMW_IMPLEMENTATION": "rmw_cyclonedds_cpp",
            "CYCLONEDDS_URI": share("config/cyclonedds.xml").as_uri(),
        }
    # What it says on stderr is shown by pytest where a test fails.
    return subprocess.Popen(
        [sys.executable, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def _latency(text: str) -> tuple[float, float]:
    found = re.search(r"p50 ([\d.]+), p99 ([\d.]+)", text)
    assert found, text
    return float(found[1]), float(found[2])


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _memory_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6
