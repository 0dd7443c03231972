"""The lifecycle node goes round fifty times with pictures, and nothing of a round stays behind."""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from rclpy.lifecycle import TransitionCallbackReturn
from ros_bench import Bench, entities

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]

CYCLES = 50
# The runtimes' and the allocator's pools fill first.
WARM_UP = 10
# The allocator's ups and downs are 20 MB; what is left behind in every cycle adds up to more.
MB_PER_CYCLE = 0.3


def resident_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def seen_by_others(rig: Any) -> dict[str, tuple[int, int]]:
    """Publishers and subscriptions of every topic, as the middleware shows them to another node."""
    node = rig.node
    names = [name for name, _ in node.get_topic_names_and_types()]
    return {name: (node.count_publishers(name), node.count_subscribers(name)) for name in names}


def held(rig: Any) -> dict[str, Any]:
    """Everything countable that this process holds: DDS entities, threads, files."""
    return {
        "entities": entities(rig.perception),
        "graph": seen_by_others(rig),
        "threads": len(os.listdir("/proc/self/task")),
        "files": len(os.listdir("/proc/self/fd")),
    }


def test_fifty_cycles_with_pictures_leak_nothing(capsys):
    rig = Bench({"engine.name": "onnxruntime"})
    try:
        rig.listen("status", "depth/image", "points")
        rig.extrinsics()
        rig.advertise()
        idle = seen_by_others(rig)
        first, used = None, []
        for cycle in range(WARM_UP + CYCLES):
            rig.start()
            rig.matched()
            count = len(rig.modes)
            rig.feed_until(lambda count=count: rig.both(count))
            for step in (rig.perception.trigger_deactivate, rig.perception.trigger_cleanup):
                assert rig.ask(step) == TransitionCallbackReturn.SUCCESS
            rig.until(lambda: seen_by_others(rig) == idle)
            for messages in rig.got.values():
                messages.clear()
            gc.collect()
            if cycle < WARM_UP:
                continue
            first = first or held(rig)
            used.append(resident_mb())
        assert held(rig) == first
        slope = float(np.polyfit(np.arange(len(used)), used, 1)[0])
        with capsys.disabled():
            print(
                f"\n{CYCLES} lifecycle cycles: {used[0]:.0f} MB to {used[-1]:.0f} MB "
                f"({slope:+.3f} MB each), {first['threads']} threads, {first['files']} files",
                end="",
            )
        assert slope <= MB_PER_CYCLE, used
    finally:
        rig.close()
