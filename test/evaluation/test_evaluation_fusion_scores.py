from __future__ import annotations

import json

import pytest

from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.fusion_metrics import FUSION_METRICS
from rgbt_perception.evaluation.fusion_scores import FusionScore, fusion_table, write_scores


def values(number):
    return dict.fromkeys(FUSION_METRICS, number)


def test_every_picture_counts_alike():
    score = FusionScore()
    assert score.mean() == {}
    score.add("one", values(1.0))
    score.add("two", values(4.0))
    assert score.mean() == values(2.5)
    assert score.tree() == {"fusion": values(2.5), "images": 2}
    assert score.tree(per_image=True)["per_image"] == {"one": values(1.0), "two": values(4.0)}


def test_an_infinite_psnr_is_null_in_json(tmp_path):
    score = FusionScore()
    score.add("same", {**values(1.0), "PSNR": float("inf")})
    path = tmp_path / "new" / "scores.json"
    write_scores(path, score.tree(per_image=True))
    tree = json.loads(path.read_text())
    assert tree["fusion"]["PSNR"] is None
    assert tree["per_image"]["same"]["PSNR"] is None
    assert tree["fusion"]["EN"] == 1.0


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RgbtError, match=r"file/scores.json"):
        write_scores(tmp_path / "file" / "scores.json", {})


def test_table():
    head, row = fusion_table({"average": values(1.23456)}, "method").splitlines()
    assert head.split() == ["method", *FUSION_METRICS]
    cells = ["1.235", "1.23", "1.23", "1.23", "1.235", *["1.2346"] * 5, "1.23"]
    assert row.split() == ["average", *cells]
    assert len(head) == len(row)
