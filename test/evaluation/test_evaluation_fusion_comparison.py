"""The pipeline's fused pictures beside the baselines, on small made-up pairs."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from rgbt_perception.engines import scene_exchange
from rgbt_perception.evaluation import fusion_comparison
from rgbt_perception.evaluation.fusion_baselines import BASELINES
from rgbt_perception.evaluation.fusion_comparison import COMPARED, OURS, fuse_aligned, leads, main
from rgbt_perception.evaluation.fusion_metrics import FUSION_METRICS
from rgbt_perception.evaluation.fusion_scores import score_images
from rgbt_perception.evaluation.image_folders import match_folders
from rgbt_perception.scene.classes import SCENE_CLASSES
from rgbt_perception.scene.stage import SceneStage

SIZE = (60, 48)


class Visible:
    """A scene engine whose fused picture is the visible luminance, and all of its detail."""

    name, model, digest = "visible", "visible", "2" * 64
    outputs, metadata = scene_exchange.OUTPUTS, {}
    inputs = scene_exchange.input_shapes(32, 64)

    def run(self, inputs, outputs):
        luminance = np.tensordot(np.float32([0.299, 0.587, 0.114]), inputs["rgb"][0], axes=1)
        ones = np.ones((1, 1, 32, 64), np.float32)
        logits = np.zeros((1, len(SCENE_CLASSES), 32, 64), np.float32)
        values = {"fused": luminance[None, None], "weight": ones, "logits": logits}
        return {name: values[name] for name in outputs}


@pytest.fixture
def folders(tmp_path, monkeypatch):
    rng = np.random.default_rng(3)
    for part in ("vi", "ir"):
        (tmp_path / part).mkdir()
        for name in ("a", "b"):
            picture = rng.integers(0, 256, (*SIZE[::-1], 3)).astype(np.uint8)
            picture = cv2.GaussianBlur(picture, (5, 5), 1)
            cv2.imwrite(
                str(tmp_path / part / f"{name}.png"), picture if part == "vi" else picture[..., 0]
            )
    (tmp_path / "split.json").write_text(json.dumps({"test": ["b"]}))
    monkeypatch.setattr(fusion_comparison, "make_scene_engine", lambda config, model: Visible())
    return tmp_path


def run(folders, *words):
    fixed = [str(folders / "vi"), str(folders / "ir"), "--out", str(folders / "out")]
    return main([*fixed, *map(str, words)])


def test_at_full_size_and_in_colour():
    rng = np.random.default_rng(1)
    visible = rng.integers(0, 256, (*SIZE[::-1], 3)).astype(np.uint8)
    thermal = rng.integers(0, 256, SIZE[::-1]).astype(np.uint8)
    fused = fuse_aligned(SceneStage(Visible()), visible, thermal)
    # Nothing of the detail is lost at the network's size; chroma is rounded on the way.
    assert np.abs(fused.astype(int) - visible).max() <= 3


def test_leads_need_to_be_ahead_of_all():
    low, high = dict.fromkeys(COMPARED, 1.0), dict.fromkeys(COMPARED, 2.0)
    assert leads({"one": low, "two": low, OURS: high}) == list(COMPARED)
    assert leads({"one": low, "two": {**low, "MI": 2.0, "CC": 3.0}, OURS: high}) == [
        name for name in COMPARED if name not in ("MI", "CC")
    ]


def test_table_page_json_and_pictures(folders, capsys):
    assert run(folders, "--pictures", folders / "fused") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 pairs"
    assert [line.split()[0] for line in lines[1:6]] == ["method", *BASELINES, OURS]
    tree = json.loads((folders / "out" / "fusion.json").read_text())
    assert tree["scene_model"] == "visible"
    ours = tree["methods"][OURS]["fusion"]
    assert set(ours) == set(FUSION_METRICS)
    # `rgbt evaluate` says the same of the pictures that were written.
    made = match_folders((folders / "vi", folders / "ir"), folders / "fused").sets
    assert ours == pytest.approx(score_images(made).mean())
    assert f"ahead of all in {len(tree['leads'])} of " in lines[6]
    page = (folders / "out" / "fusion.md").read_text()
    assert f"| {OURS} | " in page
    assert lines[6] in page
    assert len({line.count("|") for line in page.splitlines() if line.startswith("|")}) == 1


def test_a_split(folders, capsys):
    assert run(folders, "--split", folders / "split.json", "test") == 0
    assert capsys.readouterr().out.startswith("1 pairs\n")


def test_the_page_names_the_command_that_made_it(folders):
    page = folders / "out" / "fusion.md"
    assert run(folders, "--split", folders / "split.json", "test", "--scene-model", "mine") == 0
    assert f" --split {folders / 'split.json'} test --scene-model mine\n" in page.read_text()
    assert run(folders, "--split", folders / "split.json", "test") == 0
    assert " test\n" in page.read_text()


def test_what_is_wrong_is_told(folders, capsys, monkeypatch):
    assert run(folders, "--split", folders / "none.json", "test") == 1
    assert "none.json" in capsys.readouterr().err
    monkeypatch.setattr(fusion_comparison, "make_scene_engine", lambda config, model: None)
    assert run(folders, "--scene-model", "") == 2
    assert "--scene-model: expected" in capsys.readouterr().err
