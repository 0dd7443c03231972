from __future__ import annotations

import time

import pytest

from rgbt_perception.engines.constant import ConstantEngine
from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.benchmark import load
from rgbt_perception.evaluation.benchmark.inputs import PairSource, Sizes
from rgbt_perception.evaluation.benchmark.load import MOST_DROPPED, Load, highest_rate, offer
from rgbt_perception.evaluation.benchmark.pipeline_processor import PipelineProcessor
from rgbt_perception.evaluation.benchmark.resources import Effort

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
    found = offer(processor, source, 2 / ENGINE_S, 30)
    assert len(found.sent_ms) == 30
    assert 0.35 < found.dropped < 0.9
    assert found.received_ms.keys() <= found.sent_ms.keys()
    assert all(at > found.sent_ms[stamp] for stamp, at in found.received_ms.items())


def test_a_slow_rate_drops_nothing(processor, source):
    found = offer(processor, source, 0.2 / ENGINE_S, 5)
    assert found.dropped == 0
    assert found.effort.wall_s == pytest.approx(4 * 5 * ENGINE_S, rel=0.6)


def test_the_last_pair_of_a_high_rate_is_not_waited_for_in_vain(source):
    """Its pictures lie nearly as far apart as those of two pairs."""
    found = offer(PipelineProcessor(ConstantEngine(64, 64), None, SIZES), source, 400.0, 3)
    assert len(found.sent_ms) == 3
    assert found.effort.wall_s < 20, "a lost pair takes a minute"


def test_the_highest_rate_is_what_the_work_takes(processor, source):
    found = highest_rate(processor, source, 15, 1.3e3 * ENGINE_S)
    assert found.dropped < MOST_DROPPED
    # A loaded machine makes it lower, never higher.
    assert 0.1 / ENGINE_S < found.rate_hz < 1.1 / ENGINE_S


def lossy(monkeypatch, kept_below_hz):
    """Have one pair in four get lost at this rate and above; the rates that are tried."""
    tried = []

    def offered(processor, source, rate_hz, pairs):
        tried.append(rate_hz)
        sent = dict.fromkeys(range(pairs), 0.0)
        lost = pairs // 4 if rate_hz >= kept_below_hz else 0
        received = dict.fromkeys(range(pairs - lost), 1.0)
        return Load(rate_hz, sent, received, Effort(1.0, 1.0))

    monkeypatch.setattr(load, "offer", offered)
    return tried


def test_a_rate_far_below_the_guess_is_found(monkeypatch):
    tried = lossy(monkeypatch, 12.0)
    found = highest_rate(None, None, 20, 10.0)
    assert 11.0 < found.rate_hz < 12.0
    assert found.rate_hz in tried


def test_a_search_that_finds_nothing_ends(monkeypatch):
    """Of a few pairs one that is lost is more than what may be, at any rate."""
    tried = lossy(monkeypatch, 0.0)
    with pytest.raises(RgbtError, match=r"highest rate: 1 of 4 pairs are lost even at 3\.8 Hz"):
        highest_rate(None, None, 4, 10.0)
    assert len(tried) == 5


def test_a_fault_ends_it(processor, source):
    processor._pipeline.engine.fails = True
    with pytest.raises(ZeroDivisionError):
        offer(processor, source, 10.0, 3)
