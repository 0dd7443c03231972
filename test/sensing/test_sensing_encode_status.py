from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.frames import Mode
from rgbt_perception.sensing.encode_status import status_message


def status(factory, **changes):
    values = {
        "stamp_ns": 5,
        "frame_id": "thermal_optical_frame",
        "mode": Mode.THERMAL_ONLY,
        "reasons": ("rgb_lost",),
        "offset_ns": 0,
        "stages": {"rectify": 1.5, "engine": 20.25},
        "pairs": 2**40,
        "dropped_rgb": 1,
        "dropped_thermal": 2,
        "rejected": 3,
        "mean_confidence": 0.5,
        "depth_model": "confidence_depth",
        "scene_model": "",
        "engine": "onnxruntime",
    }
    return status_message(factory, **(values | changes))


def test_every_field_arrives(factory, over_the_wire):
    message = over_the_wire(status(factory))
    assert message.mode == message.RGB_ONLY + 1 == 3
    assert message.reasons == ["rgb_lost"]
    assert [(s.stage, s.milliseconds) for s in message.stages] == [
        ("rectify", 1.5),
        ("engine", 20.25),
    ]
    counters = (message.pairs, message.dropped_rgb, message.dropped_thermal, message.rejected)
    assert counters == (2**40, 1, 2, 3)
    assert message.mean_confidence == 0.5
    names = (message.depth_model, message.scene_model, message.engine)
    assert names == ("confidence_depth", "", "onnxruntime")
    assert message.header.frame_id == "thermal_optical_frame"


@pytest.mark.parametrize("mode", Mode)
def test_modes_have_the_numbers_of_the_message(factory, mode):
    message = status(factory, mode=mode)
    assert message.mode == getattr(message, mode.name)


@given(st.integers(-(2**31) * 10**9, 2**31 * 10**9 - 1))
def test_offsets_follow_the_duration_message(factory, offset_ns):
    offset = status(factory, offset_ns=offset_ns).pair_offset
    assert 0 <= offset.nanosec < 10**9
    assert offset.sec * 10**9 + offset.nanosec == offset_ns


def test_a_negative_offset_rounds_down(factory, over_the_wire):
    offset = over_the_wire(status(factory, offset_ns=-5_000_000)).pair_offset
    assert (offset.sec, offset.nanosec) == (-1, 995_000_000)
