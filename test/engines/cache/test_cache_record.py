"""A sidecar says what it is, or why it is none; never anything else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_records import RECORD

from rgbt_perception.engines.cache.key import PlanKey
from rgbt_perception.engines.cache.record import Figures, OtherFormatError, PlanRecord, record_of
from rgbt_perception.engines.plan_builder import PlanTarget, Precision
from rgbt_perception.errors import InputError

DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
NUMBERS = st.floats(0, 1e6, allow_nan=False)
TARGETS = st.builds(PlanTarget, st.text(), st.text(), st.text())
KEYS = st.builds(PlanKey, DIGESTS, st.sampled_from(Precision), TARGETS, st.text())
FIGURES = st.builds(Figures, st.text(), NUMBERS, NUMBERS, NUMBERS, NUMBERS)
SHAPES = st.dictionaries(st.text(), st.lists(st.integers(1, 4096), max_size=5).map(tuple))
RECORDS = st.builds(
    PlanRecord,
    KEYS,
    st.text(),
    SHAPES,
    DIGESTS,
    st.integers(0, 2**40),
    st.datetimes().map(lambda moment: moment.isoformat()),
    NUMBERS,
    st.dictionaries(st.text(), FIGURES, max_size=4),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NAMES = sorted(RECORD.as_json())


@given(RECORDS)
def test_what_is_written_is_read(record):
    assert record_of(json.dumps(record.as_json())) == record


@given(KEYS, KEYS)
def test_keys_share_a_name_only_when_they_are_equal(one, other):
    assert (one.name == other.name) == (one == other)
    assert len(one.name) == 32


@given(st.text() | JSON.map(json.dumps))
def test_what_is_no_sidecar_is_refused_in_one_line(text):
    with pytest.raises(InputError) as error:
        record_of(text)
    assert "\n" not in str(error.value)


@given(st.sampled_from(NAMES), JSON)
def test_any_value_in_any_place_is_read_or_refused(name, value):
    values = RECORD.as_json() | {name: value}
    try:
        record = record_of(json.dumps(values))
    except InputError:
        return
    # What was taken is meant so.
    assert json.loads(json.dumps(record.as_json()))[name] == json.loads(json.dumps(value))


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_needed(name):
    values = RECORD.as_json()
    del values[name]
    with pytest.raises(InputError, match=name):
        record_of(json.dumps(values))


def test_a_later_format_is_told_apart():
    with pytest.raises(OtherFormatError, match="format 3, expected 2"):
        record_of(json.dumps(RECORD.as_json() | {"format": 3}))


def test_a_sidecar_says_what_the_plan_is():
    assert "depth (relative): mean 0.0001 (limit 0.002), 99 % 0.001" in RECORD.figures
    assert RECORD.plan_file == f"{RECORD.key.name}-{'1' * 12}.plan"
    assert not Figures("", float("nan"), 0, 1, 1).holds
