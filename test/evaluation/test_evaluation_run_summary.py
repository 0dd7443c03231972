from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rgbt_perception.cli.main import main
from rgbt_perception.config import Config
from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.run_folder import open_run
from rgbt_perception.evaluation.run_summary import read_summary
from rgbt_perception.replay import ReplayOptions, replay

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -(10**400), 2**63, -1, 1e308]),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["", "\0", "x" * 300, "\ud800", "..", "/", "rgb", "<b>", "a\nb"]),
)
JUNK = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
WHOLE = {
    "source": "bag.mcap",
    "reference": "thermal",
    "frames_in": {"rgb": 3, "thermal": 4},
    "pairs": 3,
    "outputs": 4,
    "modes": {"FULL": 3, "THERMAL_ONLY": 1},
    "latency_ms": {"prepare": {"p50": 1.5, "p99": 2}},
    "weights": {"confidence_depth": "0123"},
    "networks": {
        "confidence_depth": {"file": "c.onnx", "precision": "fp32", "engine": "onnxruntime"}
    },
    "network": [320, 256],
    "problems": [{"name": "rgb_image", "count": 2, "first": "short"}],
    "topics": {"rgb/image": "/rgb/image"},
    "seconds": 1.5,
}


@pytest.fixture
def run_dir(recording_maker, tmp_path: Path) -> Path:
    """A real run, with a problem and a lost camera in it."""
    recording_maker.count = 4
    recording_maker.skip = lambda camera, index: camera == "rgb" and index == 1
    replay(recording_maker(), tmp_path / "run", Config(), ReplayOptions())
    return tmp_path / "run"


def places(tree: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something lies in a JSON tree."""
    keys = tree if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    return [place for key in keys for place in [(*at, key), *places(tree[key], (*at, key))]]


def mutated(tree: Any, draw: Any) -> Any:
    """A copy with one to three values deleted, added to or replaced."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(places(tree) or [("source",)]))
        inside = tree
        for key in path:
            inside = inside[key]
        change = draw(st.sampled_from(["replace", "delete", "add", "wrap"]))
        if change == "delete" and len(tree) > 1:
            del inside[last]
        elif change == "wrap":
            inside[last] = draw(st.sampled_from([[inside[last]], {"x": inside[last]}]))
        elif change == "add" and isinstance(inside, dict):
            inside[draw(st.text(max_size=5))] = draw(JUNK)
        else:
            inside[last] = draw(JUNK)
    return tree


def test_everything_that_a_replay_writes_is_checked(run_dir):
    info = json.loads((run_dir / "run.json").read_text())
    assert info["problems"] or info["dropped"]["thermal"]
    assert read_summary(run_dir / "run.json") == info
    for key in info:
        (run_dir / "run.json").write_text(json.dumps({**info, key: [[None]]}))
        with pytest.raises(InputError, match=rf"run\.json: {key} is \[\[None\]\], expected "):
            read_summary(run_dir / "run.json")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_garbled_content_is_of_the_right_types_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "garbled.json"
    path.write_text(json.dumps(mutated(WHOLE, data.draw)))
    problem = ""
    try:
        info = read_summary(path)
    except InputError as error:
        problem = str(error)
    if problem:
        assert problem.startswith(str(path))
        assert len(problem.splitlines()) == 1
        return
    assert type(info["source"]) is str
    for key in WHOLE.keys() & info.keys():
        assert type(info[key]) in (type(WHOLE[key]), int)
    assert all(0 <= n < 2**63 for n in info.get("frames_in", {}).values())
    for spread in info.get("latency_ms", {}).values():
        assert 0 <= float(spread["p50"]) < 1e300
    assert all(f"{p['first']} {p['count']}" for p in info.get("problems", []))


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_garbled_run_is_evaluated_or_refused_in_one_line(run_dir, capsys, data):
    path = run_dir / "run.json"
    whole = run_dir / "whole.json"
    if not whole.exists():
        whole.write_text(path.read_text())
    path.write_text(json.dumps(mutated(json.loads(whole.read_text()), data.draw)))
    code = main(["evaluate", str(run_dir)])
    lines = [x for x in capsys.readouterr().err.splitlines() if x.startswith("rgbt:")]
    assert code in (0, 1)
    assert len(lines) == code
    assert [line for line in lines if "internal error" in line] == []
    if code:
        assert "run.json" in lines[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not readable JSON"),
        ("{", "not readable JSON"),
        ("[]", "expected a JSON object"),
        ("7", "expected a JSON object"),
        ("{}", "source is missing"),
        (5000 * "[", "not readable JSON"),
        ('{"pairs": ' + 5000 * "9" + "}", "not readable JSON"),
        ('{"source": 5}', "source is 5, expected a path"),
        ('{"source": "\\ud800"}', "source is '\\ud800', expected a path"),
        ('{"source": "a\\u0000b"}', "expected a path"),
        ('{"source": "x", "reference": ["rgb"]}', "reference is ['rgb'], expected rgb or thermal"),
        ('{"source": "x", "seconds": NaN}', "seconds is nan, expected seconds"),
        ('{"source": "x", "latency_ms": {"prepare": {"p50": 1}}}', "expected p50 and p99"),
        ('{"source": "x", "problems": [{"name": "x"}]}', "expected a list of name, count"),
        ('{"source": "x", "topics": "%s"}' % ("x" * 9999), "topics is 'xxx"),
    ],
)
def test_what_is_wrong_is_named_shortly(tmp_path, text, problem):
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_summary(path)
    line = str(caught.value)
    assert line.startswith(str(path))
    assert problem in line
    assert len(line.splitlines()) == 1
    assert len(line) < len(str(path)) + 200


def test_a_source_that_the_system_refuses_is_named(run_dir):
    (run_dir / "run.json").write_text(json.dumps({"source": 300 * "x"}))
    with pytest.raises(
        InputError, match=r"run\.json: source 'xx.*xx': File name too long"
    ) as error:
        open_run(run_dir)
    assert len(str(error.value)) < len(str(run_dir)) + 100


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "run.json").write_bytes(b'{"source": "\xff"}')
    with pytest.raises(InputError, match="not readable JSON"):
        read_summary(tmp_path / "run.json")
