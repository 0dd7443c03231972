from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbt_perception.frames import Modality
from rgbt_perception.simulation.schedule import MAX_JITTER_S, MAX_OFFSET_S, START_NS, make_schedule

SEEDS = st.integers(0, 899_999)


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.floats(0.1, 20), st.floats(1, 60))
def test_both_cameras_run_freely_within_the_limits(seed: int, seconds: float, rate: float) -> None:
    schedule = make_schedule(seed, seconds, rate, False, 30.0)
    stamps = [e.stamp_ns for e in schedule]
    assert stamps == sorted(stamps)
    assert stamps[0] >= START_NS
    times = {m: np.array([e.time_s for e in schedule if e.modality is m]) for m in Modality}
    assert len(times[Modality.RGB]) == len(times[Modality.THERMAL]) == max(1, round(seconds * rate))
    for values in times.values():
        drift = values - np.arange(len(values)) / rate
        assert np.ptp(drift) <= 2 * MAX_JITTER_S + 1e-9
    offset = times[Modality.THERMAL] - times[Modality.RGB]
    assert np.abs(offset).max() <= MAX_OFFSET_S + 2 * MAX_JITTER_S + 1e-9
    assert all(e.shown == e.index for e in schedule)


@settings(deadline=None, max_examples=40)
@given(SEEDS)
def test_a_shutter_repeats_one_thermal_picture_for_a_while(seed: int) -> None:
    schedule = make_schedule(seed, 20.0, 25.0, True, 30.0)
    thermal = [e for e in schedule if e.modality is Modality.THERMAL]
    assert all(e.shown == e.index for e in schedule if e.modality is Modality.RGB)
    frozen = [e for e in thermal if e.shown != e.index]
    assert frozen
    for shown in {e.shown for e in frozen}:
        repeats = [e.index for e in frozen if e.shown == shown]
        assert repeats == list(range(shown + 1, shown + 1 + len(repeats)))
        if repeats[-1] + 1 < len(thermal):
            assert 0.25 < len(repeats) / 25.0 < 0.7
    assert all(e.shown_time_s == thermal[e.shown].time_s for e in frozen)


def test_the_pattern_is_even_again_after_a_shutter() -> None:
    thermal = [
        e for e in make_schedule(800005, 20.0, 25.0, True, 30.0) if e.modality is Modality.THERMAL
    ]
    last = max(e.index for e in thermal if e.shown != e.index)
    if last + 1 < len(thermal):
        assert thermal[last + 1].since_shutter_s < 0.1
