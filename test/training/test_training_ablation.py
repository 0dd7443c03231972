import json
import shutil
from dataclasses import fields, replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("onnx")

from rgbt_perception.errors import InputError
from rgbt_perception.models.confidence_depth import ConfidenceDepth
from rgbt_perception.training.ablation import ablate, main, table
from rgbt_perception.training.ablation_variants import COARSE, VARIANTS, variant_recipe
from rgbt_perception.training.checkpoint import read_checkpoint, write_weights
from rgbt_perception.training.recipe import (
    DataConfig,
    RecipeConfig,
    RecordingsConfig,
    ScheduleConfig,
)

_DATA = DataConfig(RecordingsConfig(0, 1, 1.0, 1.0), RecordingsConfig(800_000, 1, 1.0, 1.0))
RECIPE = RecipeConfig(
    "tiny",
    _DATA,
    width=128,
    height=64,
    schedule=ScheduleConfig(batch=2, workers=0, threads=1, fold=True),
)
BY_NAME = {variant.name: variant for variant in VARIANTS}


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    torch.manual_seed(5)
    path = tmp_path_factory.mktemp("start") / "trained.ckpt"
    write_weights(path, ConfidenceDepth().state_dict())
    return str(path)


@pytest.fixture(scope="module")
def ablated(recording, start, tmp_path_factory):
    """Two variants, trained and scored: the folder, to be left as it is, and the results."""
    out = tmp_path_factory.mktemp("ablated")
    return out, _ablate(recording, start, out)


@pytest.fixture
def copy(ablated, tmp_path):
    """A copy of that folder, to be changed."""
    return Path(shutil.copytree(ablated[0], tmp_path / "out"))


def _ablate(recording, start, out, names=("full", "no_warp"), steps=2, recipe=RECIPE):
    chosen = [BY_NAME[name] for name in names]
    return ablate(recipe, start, steps, [recording], [recording], out, chosen)


def test_every_variant_but_the_first_changes_one_thing():
    full, *others = (variant_recipe(RECIPE, variant, 10, "start.ckpt") for variant in VARIANTS)
    assert full.network == RECIPE.network
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


def test_the_recipe_itself_may_be_a_variant():
    changed = replace(
        RECIPE,
        network=replace(RECIPE.network, warp=False, confidence="none"),
        loss=replace(RECIPE.loss, confidence_kind="laplace"),
    )
    for variant in VARIANTS:
        assert variant_recipe(changed, variant, 1, "") == variant_recipe(RECIPE, variant, 1, "")


def test_coarse_networks_are_taken_over_and_stay_all_else_is_new(start, ablated):
    out, results = ablated
    before = read_checkpoint(Path(start)).weights
    for name in results:
        after = read_checkpoint(out / name / "last.ckpt").weights
        coarse = [n for n in after if n.split(".")[0] in COARSE]
        assert coarse
        assert all(torch.equal(after[n], before[n]) for n in coarse)
        rest = [n for n in after if n not in coarse and n.endswith("weight")]
        assert any(not torch.equal(after[n], before[n]) for n in rest)
    # The coarse estimates are the same on the same pixels, so that rows can be compared.
    for estimate in ("abs_rel_rgb", "abs_rel_thermal"):
        full, other = (results[name]["scores"][estimate] for name in ("full", "no_warp"))
        assert full == pytest.approx(other, rel=1e-6)
    assert results["full"]["settings"] != results["no_warp"]["settings"]


def test_folded_coarse_networks_stand_before_a_fusion_with_batchnorm(recording, tmp_path):
    from rgbt_perception.models.folding import fold_batchnorm

    torch.manual_seed(5)
    network = ConfidenceDepth().eval()
    fold_batchnorm(network)
    write_weights(tmp_path / "folded.ckpt", network.state_dict())
    _ablate(recording, str(tmp_path / "folded.ckpt"), tmp_path / "out", ["no_attention"])
    trained = read_checkpoint(tmp_path / "out" / "no_attention" / "last.ckpt")
    normed = {n.split(".")[0] for n in trained.weights if n.endswith("running_mean")}
    assert "fusion" in normed
    assert not normed & set(COARSE)
    trained.network()


def test_a_result_that_is_there_is_not_made_again(recording, start, ablated, copy, capsys):
    _, first = ablated
    stamp = (copy / "full" / "last.ckpt").stat().st_mtime_ns
    second = _ablate(recording, start, copy, ["full", "no_confidence"])
    assert second["full"] == first["full"]
    assert (copy / "full" / "last.ckpt").stat().st_mtime_ns == stamp
    assert "full: there already" in capsys.readouterr().out
    assert second["no_confidence"]["scores"]["abs_rel_ungated"] == pytest.approx(
        second["no_confidence"]["scores"]["abs_rel_fused"]
    )


def test_an_interrupted_variant_goes_on(recording, start, ablated, copy):
    _, whole = ablated
    (copy / "full" / "result.json").unlink()  # ended after training, before its scores
    assert _ablate(recording, start, copy, ["full"])["full"]["scores"] == pytest.approx(
        whole["full"]["scores"]
    )


def test_results_of_other_settings_are_not_mixed(recording, start, copy, tmp_path):
    with pytest.raises(InputError, match=r"full/result\.json.*another --out"):
        _ablate(recording, start, copy, ["full"], steps=3)
    write_weights(tmp_path / "other.ckpt", ConfidenceDepth().state_dict())
    with pytest.raises(InputError, match="another --out"):
        _ablate(recording, str(tmp_path / "other.ckpt"), copy, ["full"])


def test_weights_without_a_coarse_network_are_refused(recording, tmp_path):
    weights = ConfidenceDepth().state_dict()
    partly = {name: value for name, value in weights.items() if not name.startswith("thermal")}
    write_weights(tmp_path / "partly.ckpt", partly)
    with pytest.raises(InputError, match="thermal_network"):
        _ablate(recording, str(tmp_path / "partly.ckpt"), tmp_path / "out")


def test_the_table_compares_with_its_first_row():
    scores = {f"abs_rel_{name}": 0.2 for name in ("fused", "ungated", "rgb", "thermal", "keep70")}
    results = {
        "full": {"description": "everything", "scores": scores},
        "less": {"description": "no", "scores": {**scores, "abs_rel_fused": 0.25}},
    }
    lines = table(results).splitlines()
    assert len(lines) == 4
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2].endswith("+0.0 % |")
    assert lines[3].startswith("| less | no | 0.2500 | 0.2000 |")
    assert lines[3].endswith("+25.0 % |")


def test_the_command_writes_both_files_and_names_what_is_wrong(
    recording, start, tmp_path, capsys, monkeypatch
):
    from rgbt_perception.training import ablation

    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(
        "name: tiny\nwidth: 128\nheight: 64\n"
        "data:\n  train: {first_seed: 0, count: 1, seconds: 1, rate: 1}\n"
        "  validation: {first_seed: 800000, count: 1, seconds: 1, rate: 1}\n"
        "schedule: {batch: 2, workers: 0, threads: 1}\n"
    )
    monkeypatch.setattr(ablation, "gather_recordings", lambda *_: ([recording], [recording]))
    words = ["--data", tmp_path, "--recipe", recipe, "--out", tmp_path / "out"]
    words = [str(word) for word in words]
    assert main([*words, "--start", start, "--steps", "1"]) == 0
    summary = json.loads((tmp_path / "out" / "ablation.json").read_text())
    assert list(summary["variants"]) == [variant.name for variant in VARIANTS]
    assert summary["training"] == {"recordings": 1, "pairs": 4}
    text = (tmp_path / "out" / "ablation.md").read_text()
    assert capsys.readouterr().out.endswith(text)
    assert "| no_confidence |" in text

    assert main([*words, "--start", "nowhere.ckpt", "--steps", "1"]) == 1
    assert "nowhere.ckpt" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        main([*words, "--start", start, "--steps", "0"])
    assert stop.value.code == 2
