"""Our filter and the stock synchroniser of message_filters, side by side on the same messages."""

import contextlib
import threading

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from live_rig import make_session
from message_filters import ApproximateTimeSynchronizer, SimpleFilter

from rgbt_perception.config import PairingConfig
from rgbt_perception.hosting.runner import Runner
from rgbt_perception.nodes.pair_filter import PairFilter
from rgbt_perception.nodes.rclpy_factory import RclpyFactory
from rgbt_perception.sensing.decode import stamp_of
from rgbt_perception.sensing.encode import header
from rgbt_perception.sensing.pairing import Pairer

PERIOD_NS = 50_000_000
START_NS = 1_700_000_000_000_000_000


class Pairing:
    """The pairer alone, by the stamps of the headers."""

    def __init__(self):
        self.pairer = Pairer(PairingConfig())

    def pair(self, modality, message, now_ns):
        return self.pairer.add(modality, stamp_of(message), message, now_ns)


class Cameras:
    """Two sources and what a consumer of their pairs gets."""

    def __init__(self, ours):
        self.rgb, self.thermal = SimpleFilter(), SimpleFilter()
        self.now_ns = 0
        self.pairs = []
        self.broken = False
        self.factory = RclpyFactory()
        if ours:
            self.filter = PairFilter(Pairing(), self.rgb, self.thermal, lambda: self.now_ns)
            self.filter.registerCallback(self.take)
        else:
            self.filter = ApproximateTimeSynchronizer([self.rgb, self.thermal], 20, 0.025)
            self.filter.registerCallback(lambda rgb, thermal: self.take((rgb, thermal)))

    def take(self, match):
        if self.broken:
            self.broken = False
            raise RuntimeError("in the consumer")
        if isinstance(match, tuple):
            self.pairs.append(stamp_of(match[0]))
        elif match.rgb is not None and match.thermal is not None:
            self.pairs.append(match.rgb_stamp_ns)

    def send(self, index, sources=("rgb", "thermal")):
        for source, delay in (("rgb", 0), ("thermal", 4_000_000)):
            if source in sources:
                stamp = START_NS + index * PERIOD_NS + delay
                kind = self.factory.make(
                    "sensor_msgs/msg/Image", header=header(self.factory, stamp, source)
                )
                getattr(self, source).signalMessage(kind)
        self.now_ns += PERIOD_NS


def pairs_after_a_loop(ours):
    """A bag in whose second half thermal is silent, played twice; pairs of the second time."""
    cameras = Cameras(ours)
    for index in range(60):
        cameras.send(index, ("rgb", "thermal") if index < 30 else ("rgb",))
    count = len(cameras.pairs)
    for index in range(20):
        cameras.send(index)
    return len(cameras.pairs) - count


def pairs_after_an_exception(ours):
    cameras = Cameras(ours)
    for index in range(10):
        cameras.send(index)
    cameras.broken, count = True, len(cameras.pairs)

    def go_on():
        for index in range(10, 32):
            with contextlib.suppress(RuntimeError):
                cameras.send(index)

    # The stock synchroniser never comes back: its lock is still held.
    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    thread.join(2.0)
    assert not cameras.broken
    return len(cameras.pairs) - count


def test_output_resumes_within_a_second_after_a_backward_jump():
    assert pairs_after_a_loop(ours=True) >= 18


def test_stock_synchroniser_starves_after_the_same_jump():
    assert pairs_after_a_loop(ours=False) == 0


def test_output_resumes_after_an_exception_in_the_consumer():
    assert pairs_after_an_exception(ours=True) >= 18


def test_stock_synchroniser_hangs_after_the_same_exception():
    assert pairs_after_an_exception(ours=False) == 0


def test_single_pictures_pass_while_a_camera_is_silent():
    cameras = Cameras(ours=True)
    matches = []
    cameras.filter.registerCallback(matches.append)
    for index in range(30):
        cameras.send(index, ("thermal",) if index > 9 else ("rgb", "thermal"))
    assert any(match.rgb is None for match in matches)


class LosingThermal:
    """Pairs, and lets time pass in another thread before what came of it is handed over."""

    def __init__(self, runner):
        self.runner = runner
        self.thread = threading.Thread(target=runner._wait)

    def pair(self, modality, message, now_ns):
        self.thread.start()
        self.thread.join(0.3)  # as far as it comes
        return ["pair"]

    def wait(self, now_ns):
        return ["single after it"]


def test_matches_stay_in_order_while_a_camera_is_being_lost():
    taken = []
    session, _ = make_session()
    runner = Runner(session, lambda outputs: None, on_fault=lambda error: None)
    runner.session, runner.offer_match = LosingThermal(runner), taken.append
    rgb, thermal = SimpleFilter(), SimpleFilter()
    pairs = PairFilter(runner.session, rgb, thermal, order=runner.pairing)
    pairs.registerCallback(runner.offer_match)
    thermal.signalMessage("picture")
    runner.session.thread.join(5.0)
    assert taken == ["pair", "single after it"]
