from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rgbt_perception.cli.main import main as rgbt
from rgbt_perception.evaluation.fusion_baselines import (
    BASELINES,
    average,
    laplacian_pyramid,
    main,
    maximum,
)
from rgbt_perception.evaluation.fusion_metrics import FUSION_METRICS

ROADSCENE = Path(__file__).parents[3] / "shared" / "data" / "roadscene"
PAIRS = st.tuples(st.integers(16, 40), st.integers(16, 40)).flatmap(
    lambda shape: st.tuples(arrays(np.uint8, shape), arrays(np.uint8, shape))
)


def test_by_hand():
    a, b = np.array([[0, 250]], np.uint8), np.array([[10, 255]], np.uint8)
    assert average(a, b).tolist() == [[5, 252]]
    assert maximum(a, b).tolist() == [[10, 255]]


@settings(max_examples=30, deadline=None)
@given(PAIRS)
def test_a_picture_fused_with_itself_is_itself(pair):
    for fuse in BASELINES.values():
        np.testing.assert_array_equal(fuse(pair[0], pair[0]), pair[0])
        fused, swapped = fuse(*pair), fuse(*pair[::-1])
        assert fused.shape == pair[0].shape
        assert fused.dtype == np.uint8
        if fuse is not laplacian_pyramid:  # coefficients of equal strength and opposite sign
            np.testing.assert_array_equal(fused, swapped)


def test_the_pyramid_takes_detail_from_both():
    y, x = np.mgrid[:64, :64]
    left = np.where((x < 32) & ((x + y) % 4 < 2), 140, 100).astype(np.uint8)
    right = np.where((x >= 32) & ((x + y) % 4 < 2), 140, 100).astype(np.uint8)
    fused = laplacian_pyramid(left, right).astype(float)
    for source, part in ((left, np.s_[8:-8, 8:24]), (right, np.s_[8:-8, 40:56])):
        contrast = fused[part].std() / source[part].std()
        assert contrast == pytest.approx(1.0, abs=0.1)
        assert average(left, right)[part].std() / source[part].std() < 0.6


@pytest.fixture
def folders(tmp_path):
    rng = np.random.default_rng(3)
    for part in ("vi", "ir"):
        (tmp_path / part).mkdir()
        for name in ("a", "b"):
            picture = cv2.GaussianBlur(rng.integers(0, 256, (48, 50)).astype(np.uint8), (5, 5), 1)
            cv2.imwrite(str(tmp_path / part / f"{name}.png"), picture)
    (tmp_path / "split.json").write_text(json.dumps({"test": ["b"], "odd": 3}))
    return tmp_path


def run(folders, *words):
    return main([str(folders / "vi"), str(folders / "ir"), *map(str, words)])


def test_table_pictures_and_json(folders, capsys):
    out, scores = folders / "out", folders / "scores.json"
    assert run(folders, "--pictures", out, "--json", scores) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 pairs"
    assert [line.split()[0] for line in lines[1:5]] == ["method", *BASELINES]
    tree = json.loads(scores.read_text())
    assert set(tree["maximum"]["fusion"]) == set(FUSION_METRICS)
    # `rgbt evaluate` says the same of the pictures that were written.
    for name in BASELINES:
        file = folders / f"{name}.json"
        words = ["--images", str(folders / "vi"), str(folders / "ir"), str(out / name)]
        assert rgbt(["evaluate", *words, "--json", str(file)]) == 0
        assert json.loads(file.read_text()) == tree[name]


def test_a_split_and_another_method(folders, capsys):
    words = ["--split", folders / "split.json", "test", "--method", "visible", folders / "vi"]
    assert run(folders, *words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1 pairs"
    row = dict(zip(lines[1].split(), lines[-1].split(), strict=True))
    assert row["method"] == "visible"
    assert float(row["MI"]) > float(lines[2].split()[5])


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--split", "split.json", "val"], 1, "expected a list of names under 'val'"),
        (["--split", "split.json", "odd"], 1, "expected a list of names under 'odd'"),
        (["--split", "vi/a.png", "test"], 1, "is not JSON"),
        (["--split", "none.json", "test"], 1, "none.json"),
        (["--method", "average", "vi"], 2, "expected names that differ"),
        (["--method", "ours", "none"], 1, "none: no such folder"),
    ],
)
def test_wrong_use_is_one_line(folders, capsys, monkeypatch, words, code, told):
    monkeypatch.chdir(folders)
    assert run(folders, *words) == code
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


@pytest.mark.skipif(not ROADSCENE.is_dir(), reason="needs ../shared/data/roadscene")
def test_on_real_pairs(tmp_path, capsys):
    names = json.loads((ROADSCENE / "split.json").read_text())["test"][:2]
    (tmp_path / "few.json").write_text(json.dumps({"few": names}))
    words = [str(ROADSCENE / "rgb"), str(ROADSCENE / "thermal")]
    assert main([*words, "--split", str(tmp_path / "few.json"), "few"]) == 0
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()[1:]}
    head = rows.pop("method")
    value = {name: dict(zip(head, map(float, row), strict=True)) for name, row in rows.items()}
    # The pyramid keeps the edges that averaging blurs.
    assert value["laplacian"]["Qabf"] > value["average"]["Qabf"]
    assert value["laplacian"]["AG"] > value["average"]["AG"]
