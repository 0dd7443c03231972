import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from ros_bench import SECOND

from rgbt_perception.sensing.decode import stamp_of
from rgbt_perception.sensing.encode import time_message


class Simulated:
    """Sends a bag's pictures with its clock."""

    def __init__(self, rig):
        self.rig = rig
        rig.publisher("/clock", "rosgraph_msgs/msg/Clock", 10)

    def send(self, **kwargs):
        rig = self.rig
        clock = rig.factory.make(
            "rosgraph_msgs/msg/Clock",
            clock=time_message(rig.factory, rig.stamp("thermal", rig.index)),
        )
        rig.publishers["/clock"].publish(clock)
        rig.feed(1, **kwargs)


def test_backward_jump_of_the_clock_interrupts_for_less_than_a_second(bench):
    rig = bench({"use_sim_time": True})
    bag = Simulated(rig)
    rig.ready("depth/image", "status")
    for index in range(40):
        # The thermal queue runs empty while RGB goes on: what starves the stock synchroniser.
        bag.send(cameras=("rgb", "thermal") if index < 25 else ("rgb",))
    assert rig.both()
    count, rig.index = len(rig.got["status"]), 0
    while not rig.both(count):
        assert rig.index < SECOND
        bag.send()
    # And none of the old time's pictures came after that.
    for _ in range(10):
        bag.send()
    stamps = [stamp_of(message) for message in rig.got["depth/image"]]
    back = next(i for i in range(1, len(stamps)) if stamps[i] < stamps[i - 1])
    assert stamps[back:] == sorted(stamps[back:])


@pytest.mark.parametrize("simulated", [False, True])
def test_bag_in_a_loop_is_interrupted_for_less_than_a_second_each_time(bench, simulated):
    rig = bench({"use_sim_time": simulated})
    bag = Simulated(rig) if simulated else None
    rig.ready("status")
    for again in range(3):
        count, rig.index = len(rig.modes), 0
        while not rig.both(count):
            assert not again or rig.index < SECOND
            assert rig.index < 10 * SECOND
            bag.send() if simulated else rig.feed(1)
        while rig.index < SECOND:
            bag.send() if simulated else rig.feed(1)


def test_without_a_clock_topic_it_still_works_and_says_how_it_is(bench):
    rig = bench({"use_sim_time": True, "host.status_period_s": 0.1})
    rig.listen_diagnostics()
    rig.ready("depth/image")
    rig.feed_until(lambda: rig.got["depth/image"])
    rig.until(lambda: len(rig.diagnostics) >= 2)
