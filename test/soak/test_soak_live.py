"""`rgbt live` at 30 Hz, RGB 1280 x 720 and thermal 640 x 512: all pairs, little time, no leak.

`SOAK_SECONDS` and `SOAK_MINUTES` make a shorter trial of it.
"""

from __future__ import annotations

import pytest

pytest.importorskip("cyclonedds", reason="needs the extra [live]")

from live_load import COPY_DDS, DOMAIN, LIVE, MARKS, MINUTES, RATE_HZ, RATIOS, SECONDS, load

pytestmark = MARKS


@pytest.mark.parametrize(("cloud", "ratio"), RATIOS)
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
    run.assert_memory_holds()
