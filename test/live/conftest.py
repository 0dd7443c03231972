"""Real DDS on the loopback device, each test in a domain of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
from dds_domains import domain_of

pytest.importorskip("cyclonedds", reason="needs the extra [live]")

from host_bench import NETWORK, PATIENT, PEER, Engine, Inbox
from rig_peer import SIZES

from rgbt_perception.config import Config, with_values
from rgbt_perception.live.configuration import Network
from rgbt_perception.live.host import LiveHost, Place
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.pipeline import DepthPipeline

_PEER = Path(__file__).parents[1] / "support" / "dds_peer.py"
# Ports of domains above 100 reach into those that the system gives to other programs.
_DOMAINS = count(os.getpid() * 7)


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CYCLONEDDS_URI", "ROS_DOMAIN_ID", "ROS_STATIC_PEERS", "ROS_LOCALHOST_ONLY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")


@pytest.fixture
def network() -> Network:
    """A domain on this machine only."""
    return Network(domain_of(0, next(_DOMAINS)), local=True)


@pytest.fixture
def node(network: Network) -> Iterator[DdsNode]:
    """A node of this process."""
    with DdsNode("observer", network=network) as made:
        yield made


@pytest.fixture
def peer(network: Network) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a role of ``dds_peer`` in another process; ended with the test."""
    started = []

    def start(*words: str, at: Network = network) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(_PEER), str(at.domain), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.communicate(timeout=20)


@pytest.fixture
def until() -> Callable[..., None]:
    """Waits for a condition, 60 s at most."""

    def wait(condition: Callable[[], object], what: str = "") -> None:
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end, f"did not happen within 60 s {what}"
            time.sleep(0.02)

    return wait


# The live host with its cameras


@pytest.fixture(scope="session")
def rig_process():
    """The cameras' process."""
    running = subprocess.Popen(
        [sys.executable, str(PEER), str(NETWORK.domain)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "CYCLONEDDS_URI"},
    )
    assert running.stdout.readline() == "done\n"
    yield running
    running.communicate(timeout=60)


@pytest.fixture
def cameras(rig_process):
    """Tells them what to do and waits until it is done."""

    def do(what, **arguments):
        rig_process.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
        rig_process.stdin.flush()
        assert rig_process.stdout.readline() == "done\n"

    yield do
    do("leave")


@pytest.fixture
def start():
    """Starts hosts; they end with the test."""
    with ExitStack() as stack:

        def go(place=None, scene=None, **values):
            config = with_values(Config(), PATIENT | values)
            engine = Engine()
            host = stack.enter_context(
                LiveHost(
                    config, place or Place(NETWORK), DepthPipeline(config.output, engine, scene)
                )
            )
            host.engine = engine
            return host

        yield go


@pytest.fixture
def observer():
    with DdsNode("observer", network=NETWORK) as node:
        yield node


@pytest.fixture
def inbox(observer):
    return Inbox(observer)


@pytest.fixture
def feed(cameras, until):
    """Sends pictures, each when all before were taken up: nothing is lost on a busy machine."""

    def send(host, first_ms, count, period_ms=40, cameras_that_send=tuple(SIZES), **arguments):
        received, counters = host.session.statistics.frames_in, host.runner.counters
        for camera in cameras_that_send:
            # Pictures come once: this end has to know their publisher, as that knows this end.
            cameras("offer", topic=f"/{camera}/image")
            until(lambda: host.node.endpoints(f"/{camera}/image"), "discovery")  # noqa: B023
        for index in range(count):
            for camera in cameras_that_send:
                due = received.total() + 1
                now_ms = first_ms + index * period_ms
                cameras("pictures", first_ms=now_ms, count=1, cameras=[camera], **arguments)
                until(lambda: received.total() >= due)  # noqa: B023
                until(lambda: counters.processed == counters.matches)

    return send


@pytest.fixture
def ready(cameras, until):
    """Everything but pictures is known to the host."""

    def prepare(host, inbox):
        inbox.subscribe("status")
        cameras("advertise", topic="/rgb/image")
        cameras("advertise", topic="/thermal/image")
        cameras("tf")
        for topic in ("/tf_static", "/rgb/image", "/thermal/image"):
            until(lambda: len(host.node.endpoints(topic)) == 1, "discovery")  # noqa: B023

        def informed():
            cameras("info", camera="rgb")
            cameras("info", camera="thermal")
            return inbox.said("no_rgb", "no_thermal")

        until(informed, "camera_info and tf")

    return prepare
