"""How fast pictures go from one process to another, and whether they arrive; prints a table."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cyclonedds", reason="needs the extra [live]")

from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.live.configuration import Network
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.sensing.decode import stamp_of

PEER = Path(__file__).parents[1] / "support" / "dds_peer.py"
COUNT = 300


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "width", "height", "p95_ms"),
    [
        ("reliable", 640, 512, 33.0),
        ("best", 640, 512, 33.0),
        ("reliable", 1920, 1366, 66.0),
        ("best", 1920, 1366, 66.0),
    ],
)
def test_pictures_at_30_hz(kind, width, height, p95_ms, capsys):
    network = Network(1 + os.getpid() % 99, local=True)
    delays_ms = []

    def take(topic, message, arrival_ns):
        delays_ms.append((time.monotonic_ns() - stamp_of(message)) / 1e6)

    words = [str(network.domain), "stream", kind, str(width), str(height), str(COUNT)]
    with DdsNode("observer", network=network) as node:
        node.reader("/stream", "sensor_msgs/msg/Image", Qos(kind == "reliable", False, 5), take)
        peer = subprocess.Popen(
            [sys.executable, str(PEER), *words], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        end = time.monotonic() + 90
        while len(delays_ms) < COUNT and time.monotonic() < end:
            # Nothing for two seconds: the rest was lost.
            before = len(delays_ms)
            time.sleep(2)
            if before and before == len(delays_ms):
                break
        peer.communicate(timeout=30)
    p50, p95 = np.percentile(delays_ms, [50, 95])
    share = len(delays_ms) / COUNT
    with capsys.disabled():
        size = width * height * 3 / 1e6
        print(f"\n{kind}, {size:.1f} MB: {share:.1%} arrived, {p50:.1f} / {p95:.1f} ms p50 / p95")
    assert share >= 0.99
    assert p95 <= p95_ms
