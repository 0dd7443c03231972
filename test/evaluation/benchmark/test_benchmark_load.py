from __future__ import annotations

import time

import pytest

from rgbt_perception.engines.constant import ConstantEngine
from rgbt_perception.evaluation.benchmark.inputs import PairSource, Sizes
from rgbt_perception.evaluation.benchmark.load import MOST_DROPPED, highest_rate, offer
from rgbt_perception.evaluation.benchmark.pipeline_processor import PipelineProcessor

SIZES = Sizes((64, 48), (64, 48))
ENGINE_S = 0.01


class SlowEngine(ConstantEngine):
    """Takes its time; fails when told to."""

    fails = False

    def run(self, inputs, outputs):
        time.sleep(ENGINE_S)
        if self.fails:
            raise ZeroDivisionError("the engine was told to fail")
        return super().run(inputs, outputs)


@pytest.fixture(scope="module")
def source():
    return PairSource(SIZES)


@pytest.fixture
def processor():
    return PipelineProcessor(SlowEngine(64, 64), None, SIZES)


def test_twice_the_possible_rate_drops_about_half(processor, source):
    load = offer(processor, source, 2 / ENGINE_S, 30)
    assert len(load.sent_ms) == 30
    assert 0.35 < load.dropped < 0.9
    assert load.received_ms.keys() <= load.sent_ms.keys()
    assert all(at > load.sent_ms[stamp] for stamp, at in load.received_ms.items())


def test_a_slow_rate_drops_nothing(processor, source):
    load = offer(processor, source, 0.2 / ENGINE_S, 5)
    assert load.dropped == 0
    assert load.effort.wall_s == pytest.approx(4 * 5 * ENGINE_S, rel=0.6)


def test_the_last_pair_of_a_high_rate_is_not_waited_for_in_vain(source):
    """Its pictures lie nearly as far apart as those of two pairs."""
    load = offer(PipelineProcessor(ConstantEngine(64, 64), None, SIZES), source, 400.0, 3)
    assert len(load.sent_ms) == 3
    assert load.effort.wall_s < 20, "a lost pair takes a minute"


def test_the_highest_rate_is_what_the_work_takes(processor, source):
    load = highest_rate(processor, source, 15, 1.3e3 * ENGINE_S)
    assert load.dropped < MOST_DROPPED
    # A loaded machine makes it lower, never higher.
    assert 0.1 / ENGINE_S < load.rate_hz < 1.1 / ENGINE_S


def test_a_fault_ends_it(processor, source):
    processor._pipeline.engine.fails = True
    with pytest.raises(ZeroDivisionError):
        offer(processor, source, 10.0, 3)
