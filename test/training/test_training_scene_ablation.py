import json
import shutil
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("onnx")

from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.fusion_metrics import FUSION_METRICS
from rgbt_perception.models.scene import Scene
from rgbt_perception.models.scene_config import SceneConfig
from rgbt_perception.resources import share
from rgbt_perception.training import scene_ablation
from rgbt_perception.training.checkpoint import read_checkpoint, write_weights
from rgbt_perception.training.recipe import RecordingsConfig
from rgbt_perception.training.recipe_file import load_recipe
from rgbt_perception.training.scene_ablation import ablate_scene, main, table
from rgbt_perception.training.scene_ablation_variants import (
    SCENE_VARIANTS,
    fitted_weights,
    scene_variant_recipe,
)
from rgbt_perception.training.scene_pair import ScenePair
from rgbt_perception.training.scene_recipe import (
    SceneDataConfig,
    SceneLossConfig,
    SceneRecipe,
    SceneScheduleConfig,
)

_DATA = SceneDataConfig(RecordingsConfig(0, 1, 1.0, 1.0), RecordingsConfig(800_000, 1, 1.0, 1.0))
RECIPE = SceneRecipe(
    "scene",
    "tiny",
    _DATA,
    width=96,
    height=64,
    schedule=SceneScheduleConfig(batch=2, workers=0, threads=1, rounds=1, joint_share=0.5),
)
BY_NAME = {variant.name: variant for variant in SCENE_VARIANTS}


class Source:
    name, condition, least_span = "made-up", "street/day/clear", 10.0

    def __len__(self) -> int:
        return 2

    def pair(self, index: int, found: bool) -> ScenePair:
        random = np.random.default_rng(index)
        labels = np.ones((64, 96), np.uint8)
        labels[20:50, 20:50] = 8
        ones = np.ones((64, 96), np.float32)
        seen = ones.copy()
        seen[:, :8] = 0
        return ScenePair(
            random.random((64, 96, 3), np.float32) * seen[..., None],
            seen,
            (1000 + 50 * (labels == 8) + random.random((64, 96))).astype(np.float32),
            ones,
            ones * 9,
            labels,
        )


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    torch.manual_seed(5)
    path = tmp_path_factory.mktemp("start") / "trained.ckpt"
    write_weights(path, Scene().state_dict())
    return str(path)


@pytest.fixture(scope="module")
def ablated(start, tmp_path_factory):
    """Two variants, trained and scored: the folder, to be left as it is, and the results."""
    out = tmp_path_factory.mktemp("ablated")
    return out, _ablate(start, out)


def _ablate(start, out, names=("full", "no_thermal_input"), steps=2, recipe=RECIPE):
    chosen = [BY_NAME[name] for name in names]
    return ablate_scene(recipe, start, steps, [Source()], [Source()], out, chosen)


def test_every_variant_but_the_first_changes_one_thing():
    full, *others = (scene_variant_recipe(RECIPE, item, 10, "s.ckpt") for item in SCENE_VARIANTS)
    assert full.network == SceneConfig()
    assert full.loss == SceneLossConfig()
    for other in others:
        changed = [
            (part, item.name)
            for part in ("network", "loss", "schedule", "augmentation", "data")
            for item in fields(getattr(full, part))
            if getattr(getattr(full, part), item.name) != getattr(getattr(other, part), item.name)
        ]
        assert len(changed) == 1
        assert replace(other, network=full.network, loss=full.loss, name=full.name) == full
    assert len({recipe.name for recipe in others}) == len(others)


def test_the_shipped_recipe_may_be_any_variant():
    recipe = load_recipe(share("config/recipes/scene_ablation.yaml"))
    odd = replace(
        recipe,
        network=SceneConfig(attention="none"),
        loss=replace(recipe.loss, target="max", balance="moving", classes="plain", couple=False),
    )
    for variant in SCENE_VARIANTS:
        made = scene_variant_recipe(recipe, variant, recipe.schedule.steps, "")
        assert scene_variant_recipe(odd, variant, recipe.schedule.steps, "") == made
        assert made.schedule == recipe.schedule


def test_the_segmentation_goes_on_and_the_fusion_begins_anew(start, ablated):
    out, results = ablated
    before = read_checkpoint(Path(start)).weights
    for name in results:
        began = read_checkpoint(out / name / "start.ckpt").weights
        assert {weight.split(".")[0] for weight in began} == {"segmentation"}
        after = read_checkpoint(out / name / "last.ckpt").weights
        deep = "segmentation.encoder.stages.3.embed.weight"
        assert torch.equal(began[deep], before[deep])
        assert torch.allclose(after[deep], before[deep], atol=0.01)
        assert not torch.equal(after[deep], before[deep])
        enter = "fusion.enter.0.weight"
        assert not torch.allclose(after[enter], before[enter], atol=0.01)


def test_fewer_channels_keep_their_filters():
    whole = Scene().state_dict()
    narrow = Scene(SceneConfig(thermal_input=False))
    fitted = fitted_weights({n: v for n, v in whole.items() if "segmentation" in n}, narrow)
    name = "segmentation.detail.0.weight"
    assert whole[name].shape[1] == 6
    assert torch.equal(fitted[name], whole[name][:, :3])
    assert {n: v.shape for n, v in fitted.items()} == {
        n: v.shape for n, v in narrow.state_dict().items() if "segmentation" in n
    }


def test_scores_are_of_labels_and_pictures(ablated):
    _, results = ablated
    for result in results.values():
        scores = result["scores"]
        assert set(FUSION_METRICS) <= set(scores)
        assert all(0 <= scores[f"miou_{name}"] <= 1 for name in ("fused", "rgb", "thermal"))
        assert scores["MI"] > 0
    full, narrow = results["full"], results["no_thermal_input"]
    assert narrow["parameters"] < full["parameters"]
    assert narrow["settings"] != full["settings"]


def test_a_result_that_is_there_is_not_made_again(start, ablated, tmp_path, capsys):
    out, first = ablated
    copy = Path(shutil.copytree(out, tmp_path / "out"))
    (copy / "full" / "result.json").unlink()  # ended after training, before its scores
    again = _ablate(start, copy)
    assert again["full"]["scores"] == pytest.approx(first["full"]["scores"])
    assert again["no_thermal_input"] == first["no_thermal_input"]
    assert "no_thermal_input: there already" in capsys.readouterr().out
    for change in ({"steps": 3}, {"recipe": replace(RECIPE, seed=9)}):
        with pytest.raises(InputError, match=r"no_thermal_input/result\.json.*another --out"):
            _ablate(start, copy, ["no_thermal_input"], **change)


def test_the_table_has_a_row_for_every_variant():
    scores = {f"miou_{name}": 0.31 for name in ("fused", "rgb", "thermal")}
    scores |= {"person_fused": 0.5, **dict.fromkeys(FUSION_METRICS, 1.25)}
    lines = table({"full": {"description": "everything", "scores": scores}}).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2].startswith("| full | everything | 31.0 | 31.0 | 31.0 | 50.0 | 1.25 | 1.250 |")


def test_the_command_writes_the_page_and_names_what_is_wrong(start, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(scene_ablation, "gather", lambda *_: ([Source()], [Source()]))
    monkeypatch.setattr(scene_ablation, "SCENE_VARIANTS", SCENE_VARIANTS[:1])
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(
        "system: scene\nname: tiny\nwidth: 96\nheight: 64\n"
        "data:\n  train: {first_seed: 0, count: 1, seconds: 1, rate: 1}\n"
        "  validation: {first_seed: 800000, count: 1, seconds: 1, rate: 1}\n"
        "schedule: {batch: 2, workers: 0, threads: 1}\n"
    )
    words = ["--data", tmp_path, "--recipe", recipe, "--out", tmp_path / "out", "--steps", 1]
    words = [str(word) for word in words]
    assert main([*words, "--start", start]) == 0
    summary = json.loads((tmp_path / "out" / "ablation.json").read_text())
    assert list(summary["variants"]) == ["full"]
    text = (tmp_path / "out" / "ablation.md").read_text()
    assert capsys.readouterr().out.endswith(text)
    assert f"--start {start}" in text
    assert "seeds 800000 to 800000" in text
    assert "| full |" in text

    assert main([*words, "--start", "nowhere.ckpt"]) == 1
    assert "nowhere.ckpt" in capsys.readouterr().err
    words[3] = str(share("config/recipes/confidence_depth.yaml"))
    assert main([*words, "--start", start]) == 1
    assert "expected one with `system: scene`" in capsys.readouterr().err
