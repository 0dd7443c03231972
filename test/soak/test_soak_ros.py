"""Both hosts against a loop of rclpy that only copies, at 30 Hz and real sizes, on a real ROS 2.

`SOAK_SECONDS` and `SOAK_MINUTES` make a shorter trial of it.
"""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")
pytest.importorskip("rgbt_perception.msg", reason="needs this package built by colcon")
pytest.importorskip("cyclonedds", reason="needs the extra [live], which sends the pictures")

from live_load import (
    COPY_ROS,
    DOMAIN,
    LIVE,
    MARKS,
    MINUTES,
    NODE,
    RATE_HZ,
    RATIOS,
    SECONDS,
    load,
)

pytestmark = MARKS


@pytest.fixture(scope="module")
def loads():
    """Each host under the same load, one after the other; the loop first."""
    made = {}

    def run(cloud):
        if cloud not in made:
            hosts = (COPY_ROS, NODE, LIVE)
            made[cloud] = [load(host, DOMAIN, SECONDS, cloud=cloud) for host in hosts]
            print(f"\n{'with' if cloud else 'without'} the cloud")
            print(*(f"  {one}" for one in made[cloud]), sep="\n")
        return made[cloud]

    return run


@pytest.mark.parametrize(("cloud", "ratio"), RATIOS)
@pytest.mark.parametrize("host", [NODE, LIVE], ids=lambda host: host.name)
def test_every_pair_is_delivered_in_little_more_time_than_copying_takes(
    loads, host, cloud, ratio, capsys
):
    with capsys.disabled():
        copy, *others = loads(cloud)
    (ours,) = (one for one in others if one.host is host)
    ours.assert_complete(round(SECONDS * RATE_HZ), cloud)
    ours.assert_little_more_than(copy, ratio)


def test_memory_of_the_node_does_not_grow(capsys):
    run = load(NODE, DOMAIN, 60 * MINUTES, cloud=True)
    with capsys.disabled():
        print(f"\n  {run}\n  {run.growth()}")
    run.assert_memory_holds()
