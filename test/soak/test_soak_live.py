"""`rgbt live` at 30 Hz, RGB 1280 x 720 and thermal 640 x 512: all pairs, little time, no leak."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

pytest.importorskip("cyclonedds", reason="needs the extra [live]")

from live_load import PLAIN, load

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]

SECONDS = 60
MINUTES = 10
WARM_UP_MINUTES = 1
DOMAIN = 1 + os.getpid() % 99


@pytest.mark.parametrize(("cloud", "ratio"), [(False, 2.0), (True, 1.3)])
def test_every_pair_is_delivered_in_little_more_time_than_copying_takes(cloud, ratio, capsys):
    copy = load("copy", DOMAIN, SECONDS, cloud=cloud)
    ours = load("perception", DOMAIN, SECONDS, cloud=cloud)
    with capsys.disabled():
        for name, run in (("copy loop", copy), ("rgbt live", ours)):
            print(
                f"\n{name}{', cloud' if cloud else ''}: {run.results} of {run.sent} pairs, "
                f"p50 {run.p50:.1f} ms, p99 {run.p99:.1f} ms, {run.cores:.2f} cores",
                end="",
            )
    topics = (*PLAIN, "points") if cloud else PLAIN
    assert ours.results == ours.sent == SECONDS * 30
    for topic in topics:
        # A status while it waited for the first picture comes on top.
        assert ours.received[topic] >= ours.sent, topic
    assert "dropped" not in ours.summary
    assert "replaced" not in ours.summary
    assert ours.p99 <= ratio * copy.p99
    assert ours.cores <= copy.cores + 0.4


def test_memory_does_not_grow(capsys):
    run = load("perception", DOMAIN, 60 * MINUTES, cloud=True)
    after = run.memory_mb[60 * WARM_UP_MINUTES :]
    minutes = np.arange(len(after)) / 60
    slope = float(np.polyfit(minutes, after, 1)[0])
    with capsys.disabled():
        print(f"\nrgbt live: {after[0]:.0f} MB to {after[-1]:.0f} MB, {slope:+.2f} MB/min")
    assert run.results == run.sent
    assert slope <= 1.0
