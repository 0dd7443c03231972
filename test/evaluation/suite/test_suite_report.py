from __future__ import annotations

import json
import math

import pytest

from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.suite.averages import averaged
from rgbt_perception.evaluation.suite.checks import Check, all_passed, worst
from rgbt_perception.evaluation.suite.report import write_results
from rgbt_perception.evaluation.suite.section import SectionResult
from rgbt_perception.evaluation.suite.tables import Table, number, share


def test_a_check_passes_up_to_its_limit():
    assert Check("ratio", 1.02, 1.02).passed
    assert not Check("ratio", 1.021, 1.02).passed
    assert Check("coverage", 0.98, 0.98, at_most=False).passed
    assert not Check("coverage", 0.97, 0.98, at_most=False).passed
    assert not Check("ratio", math.nan, 1.0).passed
    assert not Check("ratio", math.nan, 1.0, at_most=False).passed


def test_a_check_says_name_measured_wanted_and_verdict():
    check = Check("abs_rel", 0.961, 0.95, goal=0.9, where="street/day/fog")
    assert check.cells == (
        "abs_rel",
        "0.961 (street/day/fog)",
        "<= 0.950 (goal 0.900)",
        "FAIL",
    )


def test_worst_is_the_one_that_is_hardest_to_pass():
    values = {"a": 0.5, "b": 0.9, "c": 0.1}
    assert worst(values) == (0.9, "b")
    assert worst(values, at_most=False) == (0.1, "c")
    found, where = worst({**values, "d": math.nan})
    assert math.isnan(found)
    assert where == "d"
    assert math.isnan(worst({})[0])


def test_nothing_checked_is_nothing_passed():
    assert not all_passed([])
    assert all_passed([Check("x", 0, 1)])
    assert not all_passed([Check("x", 0, 1), Check("y", 2, 1)])


def test_conditions_count_alike_in_means():
    means = averaged({"street/a/b": {"x": 1.0}, "street/c/d": {"x": 2.0}, "rescue/a/b": {"x": 6.0}})
    assert means == {"street": {"x": 1.5}, "rescue": {"x": 6.0}, "all": {"x": 3.0}}
    assert averaged({}) == {}


def test_writes_what_was_measured(tmp_path):
    table = Table(
        "Depth", ("condition", "abs|rel"), [("a", number(0.1234)), ("b", share(math.nan))]
    )
    checks = [Check("good", 0.5, 1.0), Check("missing", math.nan, 1.0)]
    results = {"conditions": SectionResult({"a": {"x": math.nan, "y": 2}}, [table], checks)}
    paths = write_results(tmp_path / "new", {"model": "m", "scenes": ["s", "t"]}, results)
    tree = json.loads(paths[0].read_text())
    assert tree["model"] == "m"
    assert tree["passed"] is False
    assert [check["passed"] for check in tree["checks"]] == [True, False]
    assert tree["checks"][1]["measured"] is None
    assert tree["sections"] == {"conditions": {"a": {"x": None, "y": 2}}}
    text = paths[1].read_text()
    assert "- scenes: s, t" in text
    assert r"| condition | abs\|rel |" in text
    assert "| a | 0.123 |" in text
    assert "| b | - |" in text
    assert "| missing | nan | <= 1.000 | FAIL |" in text
    assert "Checks: 1 of 2 passed" in text


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RgbtError, match=r"accuracy\.json"):
        write_results(tmp_path / "file", {}, {})


def test_text_table_has_a_line_a_row():
    table = Table("Depth", ("condition", "x"), [("long name", "1"), ("b", "22")], "Note.")
    assert table.text().splitlines() == [
        "Depth",
        "condition   x",
        "long name   1",
        "b          22",
        "Note.",
    ]
