"""The highest rate of pairs that a host keeps up with."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace

from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.benchmark.inputs import PairSource
from rgbt_perception.evaluation.benchmark.pipeline_processor import PipelineProcessor
from rgbt_perception.evaluation.benchmark.resources import Effort, Meter
from rgbt_perception.hosting.runner import Runner
from rgbt_perception.outputs import Output
from rgbt_perception.session import Stream

MOST_DROPPED = 0.05
"""A rate is kept up with while fewer pairs than this share are dropped, as in ros2_benchmark."""

_FIRST_GUESSES = (0.6, 1.3)
_STEPS = 5
# A sixteenth of what one pair after the other takes; below that it is not the rate that loses them.
_HALVINGS = 4
_WARM_UP = 4
_PATIENCE_S = 60.0
_SETTLE_S = 0.3
_STANDSTILL_S = 3.0
_PERIODS = 3
_POLL_S = 0.001


@dataclass(frozen=True)
class Load:
    """Pairs that came at an even rate and what became of them.

    Attributes:
        rate_hz: of the pairs.
        sent_ms: when the later picture of each pair was handed over, steady clock, by stamp.
        received_ms: when the last message of its result was there, likewise; dropped pairs lack.
        effort: of the process.
    """

    rate_hz: float
    sent_ms: dict[int, float] = field(repr=False)
    received_ms: dict[int, float] = field(repr=False)
    effort: Effort

    @property
    def dropped(self) -> float:
        """Share of the pairs that gave no result."""
        return 1.0 - len(self.received_ms) / len(self.sent_ms)


def highest_rate(
    processor: PipelineProcessor, source: PairSource, pairs: int, expected_ms: float
) -> Load:
    """Search for the highest rate at which fewer than ``MOST_DROPPED`` of the pairs are dropped.

    The host's own runner does the work: one worker thread, and of the pairs that wait only the
    newest is kept. Steps are halved on a logarithmic scale, to within 3 %.

    Args:
        processor: whose pipeline is tried.
        source: of the messages.
        pairs: at each rate.
        expected_ms: of one pair when they come one after the other.

    Returns:
        The run at the highest rate that was kept up with.

    Raises:
        RgbtError: none is, as far down as is tried; of fewer than 20 pairs none may be lost.
    """
    low, high = (1000.0 / expected_ms * share for share in _FIRST_GUESSES)
    best = offer(processor, source, low, pairs)
    for _ in range(_HALVINGS):
        if best.dropped < MOST_DROPPED:
            break
        low, high = low / 2, low
        best = offer(processor, source, low, pairs)
    if best.dropped >= MOST_DROPPED:
        lost = len(best.sent_ms) - len(best.received_ms)
        raise RgbtError(
            f"highest rate: {lost} of {pairs} pairs are lost even at {low:.2g} Hz, where a pair "
            f"takes {expected_ms:.0f} ms; expected less than {MOST_DROPPED:.0%}"
        )
    for _ in range(_STEPS):
        middle = (low * high) ** 0.5
        tried = offer(processor, source, middle, pairs)
        if tried.dropped < MOST_DROPPED:
            low, best = middle, tried
        else:
            high = middle
    return best


def offer(processor: PipelineProcessor, source: PairSource, rate_hz: float, pairs: int) -> Load:
    """Feed a runner pairs at an even rate.

    Args:
        processor: whose pipeline it runs.
        source: of the messages.
        rate_hz: of the pairs.
        pairs: how many, after a few that are waited for one by one.
    """
    config = processor.config
    # However slow, no camera is to look lost.
    config = replace(config, pairing=replace(config.pairing, timeout_s=_PATIENCE_S))
    period_ns = round(1e9 / rate_hz)
    sent: dict[int, float] = {}
    received: dict[int, float] = {}
    arrived = threading.Event()
    faults: list[BaseException] = []

    def publish(outputs: list[Output]) -> None:
        if any(output.topic == "depth/image" for output in outputs):
            if outputs[0].stamp_ns in sent:
                received[outputs[0].stamp_ns] = time.perf_counter() * 1e3
            arrived.set()

    def fault(error: BaseException) -> None:
        faults.append(error)
        arrived.set()

    def send(index: int) -> None:
        rgb, thermal = source.pair(index, period_ns)
        runner.offer(Stream.RGB_IMAGE, rgb)
        if index == _WARM_UP + pairs:
            return  # see below
        sent[source.stamp_ns(index, period_ns)] = time.perf_counter() * 1e3
        runner.offer(Stream.THERMAL_IMAGE, thermal)

    runner = Runner(processor.session(config), publish, on_fault=fault)
    runner.start()
    try:
        for index in range(_WARM_UP):
            arrived.clear()
            send(index)
            # The first pair is settled by the second.
            arrived.wait(_SETTLE_S + _PERIODS / rate_hz)
        sent.clear()
        received.clear()
        overrun = runner.counters.overrun
        meter, began = Meter(), time.perf_counter()
        # At high rates a pair is settled only by the colour picture of the next one, also the last.
        for number in range(pairs + 1):
            wait_s = began + number / rate_hz - time.perf_counter()
            if wait_s > 0:
                time.sleep(wait_s)
            send(_WARM_UP + number)
        settled, until = -1, 0.0
        while settled < pairs and not faults:
            now = len(received) + runner.counters.overrun - overrun
            if now > settled:
                settled, until = now, time.perf_counter() + _STANDSTILL_S
            elif time.perf_counter() > until:
                break  # the rest was never paired: it counts as dropped
            time.sleep(_POLL_S)
        effort = meter.effort()
    finally:
        runner.stop()
    if faults:
        raise faults[0]
    return Load(rate_hz, sent, received, effort)
