"""`rgbt live` at 30 Hz, RGB 1280 x 720 and thermal 640 x 512: all pairs, little time, no leak.

`SOAK_SECONDS` and `SOAK_MINUTES` make a shorter trial of it.
"""

from __future__ import annotations

import os
import sys

import pytest

pytest.importorskip("cyclonedds", reason="needs the extra [live]")

from live_load import COPY_DDS, LIVE, MINUTES, RATE_HZ, SECONDS, load

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]

DOMAIN = 1 + os.getpid() % 99


@pytest.mark.parametrize(("cloud", "ratio"), [(False, 2.0), (True, 1.3)])
def test_every_pair_is_delivered_in_little_more_time_than_copying_takes(cloud, ratio, capsys):
    copy, ours = (load(host, DOMAIN, SECONDS, cloud=cloud) for host in (COPY_DDS, LIVE))
    with capsys.disabled():
        print(f"\n{'with' if cloud else 'without'} the cloud\n  {copy}\n  {ours}")
    ours.assert_complete(round(SECONDS * RATE_HZ), cloud)
    ours.assert_little_more_than(copy, ratio)


def test_memory_does_not_grow(capsys):
    run = load(LIVE, DOMAIN, 60 * MINUTES, cloud=True)
    with capsys.disabled():
        print(f"\n  {run}\n  {run.growth()}")
    assert run.results == run.sent
    assert run.slope() <= 1.0
