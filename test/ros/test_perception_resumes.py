"""The node with our pairing, and with the stock synchroniser in its place: who goes on.

Both get the same messages over real middleware; after the disturbance ours has output again within
a second, the stock one has none as long as it is watched.
"""

import time

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from message_filters import ApproximateTimeSynchronizer, SimpleFilter
from ros_bench import PERIOD_NS

from rgbt_perception.hosting.runner import Runner
from rgbt_perception.nodes import inputs
from rgbt_perception.sensing.decode import stamp_of
from rgbt_perception.sensing.encode import time_message
from rgbt_perception.sensing.match import Match

QUEUE, SLOP_S = 10, 0.025
LIMIT_S, WATCHED_S = 1.0, 3.0
# A minute into the bag: what the stock synchroniser keeps of it meets nothing for so long.
FAR = 60_000_000_000 // PERIOD_NS
made = []


class StockFilter(SimpleFilter):
    """What a node uses that does not pair by itself."""

    def __init__(self, pairing, rgb, thermal, **ours):
        super().__init__()
        self.stock = ApproximateTimeSynchronizer([rgb, thermal], QUEUE, SLOP_S)
        self.stock.registerCallback(self.take)
        made.append(self.stock)

    def take(self, rgb, thermal):
        self.signalMessage(Match(rgb, stamp_of(rgb), thermal, stamp_of(thermal)))


@pytest.fixture(params=["ours", "stock"])
def pairing(request, monkeypatch):
    if request.param == "stock":
        monkeypatch.setattr(inputs, "PairFilter", StockFilter)
    yield request.param
    # A callback that waits for ever would keep the executor from ending.
    while made:
        lock = made.pop().lock
        if lock.locked():
            lock.release()


def send(rig, *cameras):
    clock = time_message(rig.factory, rig.stamp("thermal", rig.index))
    rig.publishers["/clock"].publish(rig.factory.make("rosgraph_msgs/msg/Clock", clock=clock))
    rig.send(cameras or ("rgb", "thermal"))
    time.sleep(PERIOD_NS / 1e9)


def ready(bench):
    rig = bench({"use_sim_time": True})
    rig.publisher("/clock", "rosgraph_msgs/msg/Clock", 10)
    rig.ready("depth/image")
    rig.index = FAR
    while not rig.got["depth/image"]:
        send(rig)
        assert rig.index < FAR + 100
    return rig


def resumed_after_s(rig):
    """Time from the next picture to the first with an output, by their stamps; None: none came."""
    first, began = rig.stamp("thermal", rig.index), time.monotonic()
    while time.monotonic() - began < WATCHED_S:
        send(rig)
        # What was on its way is of another time.
        last = rig.stamp("thermal", rig.index)
        stamps = [stamp_of(message) for message in list(rig.got["depth/image"])]
        since = [stamp for stamp in stamps if first <= stamp < last]
        if since:
            return (since[0] - first) / 1e9
    return None


def check(pairing, resumed_s):
    if pairing == "ours":
        assert resumed_s is not None
        assert resumed_s <= LIMIT_S
    else:
        assert resumed_s is None


def test_after_a_backward_jump(bench, pairing):
    rig = ready(bench)
    # Thermal falls silent before the end of the bag.
    for _ in range(2 * QUEUE):
        send(rig, "rgb")
    rig.index = 0
    check(pairing, resumed_after_s(rig))


def test_after_an_exception_in_what_takes_the_pairs(bench, pairing, monkeypatch):
    broken = []
    take = Runner.offer_match

    def take_or_break(self, match):
        if broken:
            raise RuntimeError(broken.pop())
        take(self, match)

    monkeypatch.setattr(Runner, "offer_match", take_or_break)
    rig = ready(bench)
    broken.append("in the consumer")
    while broken:
        send(rig)
        assert rig.index < FAR + 200
    check(pairing, resumed_after_s(rig))
