"""Parameters: the list, checking, files, and the shipped file."""

from __future__ import annotations

from dataclasses import fields
from enum import Enum

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbt_perception.config import (
    Config,
    EngineName,
    Normalization,
    Parameter,
    changed_values,
    parameters,
    value_of,
    with_run_time_values,
    with_values,
)
from rgbt_perception.config_file import load_config
from rgbt_perception.config_yaml import perception_yaml
from rgbt_perception.errors import InputError
from rgbt_perception.resources import share

ALL = {spec.name: spec for spec in parameters()}


# The list


def test_the_list_holds_every_field() -> None:
    expected = []
    for section in fields(Config):
        inner = getattr(Config(), section.name)
        if hasattr(inner, "__dataclass_fields__"):
            expected += [f"{section.name}.{item.name}" for item in fields(inner)]
        else:
            expected.append(section.name)
    assert list(ALL) == expected


@pytest.mark.parametrize("spec", ALL.values(), ids=ALL)
def test_a_parameter_is_fully_described(spec: Parameter) -> None:
    assert spec.help
    assert "\n" not in spec.help
    assert spec.kind in (bool, int, float, str) or issubclass(spec.kind, Enum)
    assert isinstance(spec.default, spec.kind)
    assert value_of(Config(), spec.name) == spec.default
    if spec.low is not None and spec.high is not None:
        assert spec.low <= spec.default <= spec.high
    if spec.name.endswith("_s"):
        assert spec.unit == "s"
    if spec.name.endswith("_m"):
        assert spec.unit == "m"


def test_what_other_parts_rely_on() -> None:
    config = Config()
    assert config.pairing.tolerance_s == 0.025
    assert config.output.reference.value == "thermal"
    assert config.engine.name is EngineName.AUTO


# Changing values


def test_values_replace_defaults_and_nothing_else() -> None:
    base = with_values(Config(), {"thermal.smoothing_s": 3.0})
    changed = with_values(base, {"pairing.queue_size": 7, "thermal.normalization": "clahe"})
    assert changed.thermal.normalization is Normalization.CLAHE
    assert changed.thermal.smoothing_s == 3.0
    different = {name for name in ALL if value_of(changed, name) != ALL[name].default}
    assert different == {"pairing.queue_size", "thermal.normalization", "thermal.smoothing_s"}
    assert base.pairing.queue_size == Config().pairing.queue_size


def test_whole_numbers_serve_as_floats_but_not_the_reverse() -> None:
    timeout = with_values(Config(), {"pairing.timeout_s": 2}).pairing.timeout_s
    assert timeout == 2.0
    assert isinstance(timeout, float)
    with pytest.raises(InputError, match=r"pairing\.queue_size = 3\.0: expected int"):
        with_values(Config(), {"pairing.queue_size": 3.0})


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("pairing.queue_size", 0, "expected at least 1"),
        ("pairing.queue_size", 1001, "expected at most 1000"),
        ("pairing.queue_size", True, "expected int"),
        ("pairing.queue_size", "20", "expected int"),
        ("pairing.tolerance_s", -0.1, "expected at least 0"),
        ("pairing.tolerance_s", float("nan"), "expected a finite number"),
        ("thermal.range_low", float("-inf"), "expected a finite number"),
        ("thermal.range_high", 10**400, "expected a finite number"),
        ("pairing.queue_size", 10**400, "expected at most 1000"),
        ("pairing.tolerance_s", True, "expected float"),
        ("pairing.tolerance_s", None, "expected float"),
        ("pairing.tolerance_s", [0.1], "expected float"),
        ("rig", 5, "expected str"),
        ("thermal.normalization", "agc", "none of: fixed, percentile, shoulder, clahe"),
        ("thermal.normalization", ["fixed"], "none of: fixed, percentile, shoulder, clahe"),
        ("output.reference", "rgb", "none of: thermal"),
        ("engine.name", "tensorflow", "none of: auto, "),
        ("thermal.range_high", -1.0, "expected more than thermal.range_low = 0"),
        ("output.max_depth_m", 1, None),
        ("watchdog.error_ms", 100.0, "expected at least watchdog.warn_ms = 200"),
        ("qos.rgb_image", "maybe", "none of: best_effort, reliable"),
        ("host.always_compute", 1, "expected bool"),
        ("host.rgb_transport", "theora", "none of: auto, raw, compressed"),
    ],
)
def test_a_bad_value_is_named(name: str, value: object, problem: str | None) -> None:
    if problem is None:
        assert value_of(with_values(Config(), {name: value}), name) == value
        return
    with pytest.raises(InputError) as caught:
        with_values(Config(), {name: value})
    line = str(caught.value)
    assert line.startswith(f"parameter {name}")
    assert problem in line
    assert "\n" not in line


def test_conditions_between_parameters_are_checked_at_the_end() -> None:
    both = {"thermal.range_low": 70000.0, "thermal.range_high": 80000.0}
    assert with_values(Config(), both).thermal.range_low == 70000.0
    with pytest.raises(InputError, match=r"output\.max_depth_m = 2: .* output\.min_depth_m = 2"):
        with_values(Config(), {"output.min_depth_m": 2.0, "output.max_depth_m": 2.0})


def test_a_name_with_a_slip_is_told_the_right_one() -> None:
    line = (
        r"parameter pairing\.tolerence_s: unknown; did you mean pairing\.tolerance_s\? known are "
    )
    with pytest.raises(InputError, match=line):
        with_values(Config(), {"pairing.tolerence_s": 0.1})


@pytest.mark.parametrize("name", ["pairing.tolerance", "tolerance_s", "pairing", "", "a.b.c"])
def test_an_unknown_name_is_refused_and_the_known_are_listed(name: str) -> None:
    with pytest.raises(InputError, match=r"unknown; .*known are .*pairing\.tolerance_s"):
        with_values(Config(), {name: 1})


@settings(max_examples=200, deadline=None)
@given(
    name=st.sampled_from(sorted(ALL)),
    value=st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())
    ),
)
def test_any_value_is_taken_or_refused_in_one_line(name: str, value: object) -> None:
    spec = ALL[name]
    problem = ""
    try:
        taken = value_of(with_values(Config(), {name: value}), name)
    except InputError as error:
        problem = str(error)
    if problem:
        assert len(problem.splitlines()) == 1
    else:
        assert isinstance(taken, spec.kind)
        if spec.low is not None and spec.high is not None:
            assert spec.low <= taken <= spec.high


@pytest.mark.parametrize("spec", ALL.values(), ids=ALL)
def test_at_run_time_only_what_is_not_fixed_at_start_changes(spec: Parameter) -> None:
    other: object = spec.default
    if issubclass(spec.kind, Enum):
        others = [member.value for member in spec.kind if member is not spec.default]
        other = others[0] if others else spec.default.value
    elif spec.kind is bool:
        other = not spec.default
    elif spec.kind is str:
        other = f"{spec.default}x"
    else:
        higher = spec.high is None or spec.default < spec.high
        other = spec.default + (1 if spec.kind is int else 0.01) * (1 if higher else -1)
    same = value_of(with_run_time_values(Config(), {spec.name: spec.default}), spec.name)
    assert same == spec.default
    if other in (spec.default, getattr(spec.default, "value", None)):
        return  # one value only
    if not spec.read_only:
        changed = with_run_time_values(Config(), {spec.name: other})
        assert value_of(changed, spec.name) == other
        return
    with pytest.raises(InputError, match="fixed at start") as caught:
        with_run_time_values(Config(), {spec.name: other})
    line = str(caught.value)
    assert line.startswith(f"parameter {spec.name} = {other!r}: ")
    assert repr(getattr(spec.default, "value", spec.default)) in line


# Files


def test_the_shipped_file_is_what_the_parameters_say() -> None:
    shipped = share("config/perception.yaml").read_text(encoding="utf-8")
    assert shipped == perception_yaml(), (
        "run: python -m rgbt_perception.config_yaml > config/perception.yaml"
    )


def test_the_shipped_file_reads_back_as_the_defaults() -> None:
    assert load_config(share("config/perception.yaml")) == Config()


def test_the_shipped_file_keeps_the_types_that_ros_declares() -> None:
    """ROS refuses 1 for a parameter declared as 1.0."""
    tree = yaml.safe_load(perception_yaml())["/**"]["ros__parameters"]
    for name, spec in ALL.items():
        value = tree
        for part in name.split("."):
            value = value[part]
        assert type(value) is (str if issubclass(spec.kind, Enum) else spec.kind)


def test_the_shipped_file_explains_every_parameter() -> None:
    lines = perception_yaml().splitlines()
    assert max(map(len, lines)) <= 100
    text = " ".join(line.strip().removeprefix("# ") for line in lines).lower()
    for spec in ALL.values():
        assert spec.help.lower() in text
    assert "# Largest stamp difference within a pair. [0 to 1 s]" in perception_yaml()
    assert "[one of fixed, percentile, shoulder, clahe]" in perception_yaml()


def test_changed_values_are_those_that_make_the_configuration() -> None:
    assert changed_values(Config()) == {}
    values = {"thermal.normalization": "clahe", "output.cloud_stride": 2, "rig": "rig.yaml"}
    config = with_values(Config(), values)
    assert changed_values(config) == values
    assert with_values(Config(), changed_values(config)) == config
