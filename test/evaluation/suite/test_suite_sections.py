"""Each section's arithmetic against values worked out by hand from ``KnownErrors``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny_accuracy import KnownErrors, write_recording

from rgbt_perception.config import Config
from rgbt_perception.evaluation.suite.calibration import (
    CalibrationSection,
    disturbed,
    random_axis,
)
from rgbt_perception.evaluation.suite.conditions import ConditionsSection, with_better
from rgbt_perception.evaluation.suite.confidence import ConfidenceSection
from rgbt_perception.evaluation.suite.one_camera import OneCameraSection
from rgbt_perception.evaluation.suite.scenes import seen_pairs
from rgbt_perception.evaluation.suite.time_offset import TimeOffsetSection, lagging
from rgbt_perception.pipeline import DepthPipeline


@pytest.fixture
def pipeline():
    return DepthPipeline(Config().output, KnownErrors())


@pytest.fixture
def seen(tmp_path):
    """One pair: an RGB picture of value 0."""
    return seen_pairs(write_recording(tmp_path / "one.mcap", pairs=1), KnownErrors())


def with_estimate(item, name, depth):
    estimates = {**item.perception.estimates, name: depth}
    return replace(item, perception=replace(item.perception, estimates=estimates))


def named(result):
    return {check.name: check for check in result.checks}


# Depth is rounded to steps of 0.024 %, of which errors of some per cent feel the more.
def about(value):
    return pytest.approx(value, rel=5e-3)


def test_conditions(seen, pipeline):
    section = ConditionsSection()
    section.add(seen, pipeline)
    night = [replace(item, condition="rescue/night/smoke") for item in seen]
    # There the fused depth of 11 m on the left half is the only thing known of it.
    half = np.full((32, 40), 12.0, np.float32)
    half[:, 20:] = np.nan
    section.add([with_estimate(item, "thermal", half) for item in night], pipeline)
    result = section.result()
    street = result.values["conditions"]["street/day/fog"]
    assert street["abs_rel/fused"] == about(0.05)
    assert street["abs_rel/rgb"] == about(0.4)
    assert street["abs_rel/thermal"] == street["abs_rel/better"] == about(0.2)
    assert street["abs_rel/ungated"] == about(0.15)
    assert street["abs_rel/ratio"] == about(0.25)
    assert street["rmse/fused"] == about(np.sqrt(0.5))
    assert street["rmse/ratio"] == about(np.sqrt(0.5) / 2)
    assert street["coverage"] == 1.0
    rescue = result.values["conditions"]["rescue/night/smoke"]
    assert rescue["abs_rel/fused"] == about(0.1)
    means = result.values["means"]
    assert list(means) == ["rescue", "street", "all"]
    assert means["all"]["abs_rel/ratio"] == about(0.075 / 0.2)
    # The best guess is 10 m itself.
    baselines = result.values["baselines"]
    assert set(baselines) == {"rescue", "street"}
    assert max(baselines["street"].values()) < 0.003
    checks = named(result)
    every = checks["abs_rel of fused / better camera, every condition"]
    assert (every.measured, every.where) == (about(0.5), "rescue/night/smoke")
    assert checks["abs_rel of gated / ungated, mean of all"].measured == about(0.5)
    # Everything is 10 m away, which one depth knows as well as anybody.
    flat = [check for check in result.checks if "without pictures" in check.name]
    assert len(flat) == 2
    assert not any(check.passed for check in flat)
    assert all(check.passed for check in result.checks if check not in flat)


def test_a_camera_that_is_better_in_one_condition_only_counts_there():
    values = {"abs_rel/fused": 0.3, "abs_rel/rgb": 0.2, "abs_rel/thermal": 0.4}
    values |= {"rmse/fused": 3.0, "rmse/rgb": 5.0, "rmse/thermal": 4.0}
    found = with_better(values)
    assert found["abs_rel/better"] == 0.2
    assert found["abs_rel/ratio"] == pytest.approx(1.5)
    assert found["rmse/better"] == 4.0
    assert found["rmse/ratio"] == pytest.approx(0.75)


def test_conditions_fail_where_the_fusion_is_worse_or_depth_is_missing(seen, pipeline):
    section = ConditionsSection()
    bare = seen[0].perception.depth.copy()
    bare[31] = np.nan
    item = replace(seen[0], perception=replace(seen[0].perception, depth=bare * 1.2))
    section.add([item], pipeline)
    result = section.result()
    failed = {check.name for check in result.checks if not check.passed}
    # 13.2 m and 12 m against 12 m: abs_rel 0.26 to 0.2; one row of 23 is unknown.
    coverage = named(result)["coverage of the fused depth, every condition"]
    assert coverage.measured == pytest.approx(22 / 23)
    assert coverage.name in failed
    assert "abs_rel of fused / better camera, every condition" in failed
    assert "rmse of fused / better camera, mean of all" in failed
    assert "abs_rel of gated / ungated, mean of all" in failed


def test_confidence(seen, pipeline):
    section = ConfidenceSection()
    section.add(seen, pipeline)
    result = section.result()
    values = result.values["conditions"]["street/day/fog"]
    # The surer half is right, so of the kept share k it is 0.5 / k without any error.
    for kept in (1.0, 0.9, 0.8, 0.7):
        assert values[f"abs_rel/{kept:.0%}"] == pytest.approx(0.1 * (kept - 0.5) / kept, rel=5e-3)
    assert values["abs_rel/50%"] == 0.0
    assert values["lowered"] == pytest.approx(1 - (0.2 / 0.7) / 0.5, rel=5e-3)
    assert all(check.passed for check in result.checks)


def test_a_confidence_that_says_nothing_fails(seen, pipeline):
    section = ConfidenceSection()
    flat = np.full_like(seen[0].perception.confidence, 0.7)
    perception = replace(seen[0].perception, confidence=flat)
    section.add([replace(seen[0], perception=perception)], pipeline)
    result = section.result()
    assert result.values["conditions"]["street/day/fog"]["lowered"] == pytest.approx(0.0)
    assert not any(check.passed for check in result.checks)


def test_one_camera(seen, pipeline):
    section = OneCameraSection()
    section.add(seen, pipeline)
    values = section.result().values
    without_rgb = values["without_rgb"]["conditions"]["street/day/fog"]
    assert without_rgb["fused"] == about(0.25)
    assert without_rgb["coarse"] == about(0.2)
    assert without_rgb["ratio"] == about(1.25)
    without_thermal = values["without_thermal"]["means"]["all"]
    assert without_thermal["fused"] == about(0.3)
    assert without_thermal["coarse"] == about(0.4)
    assert without_thermal["coverage"] == 1.0


def test_calibration(seen, pipeline):
    section = CalibrationSection()
    section.add(seen, pipeline)
    result = section.result()
    assert list(result.values) == [
        "exact",
        "0.5 degrees",
        "1 degrees",
        "2 degrees",
        "2 cm",
        "5 cm",
    ]
    fused = {level: values["means"]["all"]["fused"] for level, values in result.values.items()}
    # The engine does not see rotations; 5 cm make its depth 0.5 m farther.
    for level in ("exact", "0.5 degrees", "2 degrees"):
        assert fused[level] == about(0.05)
    assert fused["2 cm"] == about(0.07)
    assert fused["5 cm"] == about(0.10)
    checks = named(result)
    check = checks["abs_rel of fused / better camera, calibration error: 5 cm"]
    assert check.measured == about(0.5)
    assert check.limit == 1.05


@pytest.mark.parametrize("index", range(3))
def test_extrinsics_are_wrong_by_just_so_much(index):
    axis = random_axis(index)
    exact = np.eye(4)
    exact[:3, 3] = (0.2, -0.1, 0.05)
    turned = disturbed(exact, axis, 2.0, 0.0)
    angle = np.degrees(np.arccos((np.trace(turned[:3, :3]) - 1) / 2))
    assert angle == pytest.approx(2.0)
    np.testing.assert_allclose(turned[:3, :3] @ axis, axis, atol=1e-12)
    np.testing.assert_array_equal(turned[:3, 3], exact[:3, 3])
    moved = disturbed(exact, axis, 0.0, 0.05)
    np.testing.assert_array_equal(moved[:3, :3], np.eye(3))
    assert np.linalg.norm(moved[:3, 3] - exact[:3, 3]) == pytest.approx(0.05)
    assert not np.allclose(axis, random_axis(index + 1))
    np.testing.assert_array_equal(axis, random_axis(index))


def test_time_offset(tmp_path, pipeline):
    bag = write_recording(tmp_path / "fast.mcap", pairs=4, period_ms=50)
    seen = seen_pairs(bag, KnownErrors())
    section = TimeOffsetSection()
    section.add(seen, pipeline)
    result = section.result()
    # Pairs 2 and 3 are scored. Of the RGB value 10 n the engine makes n metres, so that n pictures
    # give 10.5 + n metres on average: an error of 0.05 + 0.1 n.
    for lag, pictures in (("0 ms", (2, 3)), ("50 ms", (1, 2)), ("100 ms", (0, 1))):
        values = result.values[lag]
        assert values["frames"] == 2
        expected = np.mean([0.05 + 0.1 * n for n in pictures])
        assert values["means"]["all"]["fused"] == about(expected)


def test_time_offset_leaves_out_what_is_not_as_old_as_it_should_be(tmp_path, pipeline):
    seen = seen_pairs(
        write_recording(tmp_path / "slow.mcap", pairs=3, period_ms=100), KnownErrors()
    )
    assert lagging(seen, 2, 0) is not None
    assert lagging(seen, 2, 1) is None
    section = TimeOffsetSection()
    section.add(seen, pipeline)
    result = section.result()
    assert not any(check.passed for check in result.checks)
    assert all(np.isnan(check.measured) for check in result.checks)
