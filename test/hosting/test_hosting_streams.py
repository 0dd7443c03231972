"""Rates and ages of what arrives."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_rig import START, info, picture, transforms

from rgbt_perception.hosting.streams import RateMeter, StreamWatch

S = 1_000_000_000


@settings(deadline=None)
@given(st.floats(2.0, 200.0))
def test_the_rate_of_a_regular_stream(hz):
    meter = RateMeter()
    period = round(S / hz)
    last = 0
    for index in range(100):
        last = index * period
        meter.note(last)
    assert meter.rate_hz(last) == pytest.approx(hz, rel=0.01)
    assert meter.rate_hz(last + period) == pytest.approx(hz, rel=0.01)
    assert meter.rate_hz(last + 2 * S) < hz
    assert meter.rate_hz(last + 6 * S) == 0.0


@settings(deadline=None)
@given(st.lists(st.integers(0, 3 * S), max_size=90), st.integers(0, 10 * S))
def test_a_rate_is_a_number_whatever_comes(gaps, later):
    meter, now = RateMeter(), 0
    for gap in gaps:
        now += gap
        meter.note(now)
    assert 0.0 <= meter.rate_hz(now + later) < float("inf")


def test_what_is_known_of_a_picture_stream():
    watch = StreamWatch()
    state = watch.state(5 * S)
    assert (state.received, state.rate_hz, state.age_s, state.stamp_ns) == (0, 0.0, None, None)
    watch.note(picture("thermal", 0), 5 * S)
    state = watch.state(7 * S)
    assert (state.received, state.age_s, state.stamp_ns) == (1, 2.0, START)
    assert (state.encoding, state.size) == ("mono16", (40, 32))


def test_messages_without_encoding_or_header():
    watch = StreamWatch()
    watch.note(info("rgb"), 0)
    assert (watch.state(0).encoding, watch.state(0).size) == ("", (64, 48))
    watch.note(transforms(), 0)
    assert watch.state(0).stamp_ns is None
    assert watch.state(0).received == 2
