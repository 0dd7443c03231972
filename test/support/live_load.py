"""A host over DDS under the load of a rig of real size: what it delivers and what it takes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.live.configuration import Network
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.outputs import TOPICS

_HERE = Path(__file__).parent
PLAIN = ("depth/image", "confidence/image", "depth/camera_info", "status")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Load:
    """What came out.

    Attributes:
        sent: pairs.
        results: pairs processed by the host itself.
        received: messages by output.
        p50, p99: milliseconds from the later picture's arrival to the last publish call's return.
        cores: of the host's CPU time while pictures came.
        memory_mb: resident memory of the host, once a second.
        summary: what it printed at the end.
    """

    sent: int
    results: int
    received: Counter[str]
    p50: float
    p99: float
    cores: float
    memory_mb: list[float]
    summary: str


def load(host: str, domain: int, seconds: float, *, cloud: bool) -> Load:
    """Run a rig, a host and a subscriber, each a process of its own.

    Args:
        host: ``perception`` (``rgbt live`` with an engine that computes nothing) or ``copy``.
        domain: DDS domain.
        seconds: how long pictures are sent.
        cloud: the cloud is subscribed to as well.
    """
    topics = (*PLAIN, "points") if cloud else PLAIN
    environment = {**os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    environment.pop("CYCLONEDDS_URI", None)
    if host == "copy":
        words = [str(_HERE / "copy_loop_dds.py"), str(domain), *(["cloud"] if cloud else [])]
    else:
        words = ["-m", "rgbt_perception.cli", "live", "--domain", str(domain)]
        words += ["--engine", "constant"]
    received: Counter[str] = Counter()
    with DdsNode("subscriber", network=Network(domain, local=True)) as node:
        for topic in topics:
            node.reader(
                f"/perception/{topic}",
                TOPICS[topic],
                Qos(True, depth=5),
                lambda name, data, ns, topic=topic: received.update([topic]),
                raw=True,
            )
        process = subprocess.Popen(
            [sys.executable, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert process.stderr is not None
        errors: list[str] = []
        # A full pipe would stop the host.
        threading.Thread(target=lambda: errors.extend(process.stderr), daemon=True).start()
        rig = subprocess.Popen(
            [sys.executable, str(_HERE / "full_rig.py"), str(domain), str(seconds)],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        memory, cpu = [], []
        while rig.poll() is None:
            time.sleep(1.0)
            if received["depth/image"]:
                memory.append(_memory_mb(process.pid))
                cpu.append((time.monotonic(), _cpu_s(process.pid)))
        assert rig.stdout is not None
        sent = int(rig.stdout.read() or 0)
        if host == "copy":
            out, _ = process.communicate(timeout=120)
            numbers = json.loads(out.splitlines()[-1])
            results, p50, p99 = numbers["pairs"], numbers["p50"], numbers["p99"]
        else:
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=120)
            found = re.search(r"(\d+) results .*latency ([\d.]+) ms median, ([\d.]+) ms 99", out)
            assert found, (out, errors)
            results, p50, p99 = int(found[1]), float(found[2]), float(found[3])
    (begin, before), (end, after) = cpu[0], cpu[-1]
    cores = (after - before) / (end - begin)
    return Load(sent, results, received, p50, p99, cores, memory, out.strip())


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _memory_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6
