"""The MS2 data set as training data: import, cache, samples, and the shipped recipe."""

from dataclasses import replace

import numpy as np
import pytest
import yaml
from tiny_ms2 import TinyMs2

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")

from rgbt_perception.cli.main import main
from rgbt_perception.errors import InputError
from rgbt_perception.recording.ms2_splits import SPLITS
from rgbt_perception.resources import share
from rgbt_perception.training.dataset import TrainingPairs, ValidationPairs
from rgbt_perception.training.ms2_recordings import import_missing
from rgbt_perception.training.pair_cache import cache_recording, open_cached
from rgbt_perception.training.recipe import AugmentationConfig, Ms2Config
from rgbt_perception.training.recipe_file import load_recipe, recipe_from_yaml

TRAIN, VALIDATION = SPLITS["train"][6], SPLITS["val"][0]
RECIPE = share("config/recipes/confidence_depth_ms2.yaml")


@pytest.fixture
def tiny(tmp_path):
    made = TinyMs2(tmp_path / "MS2", frames=3)
    made(TRAIN)
    made(VALIDATION)
    return made


@pytest.fixture
def recording(tiny, tmp_path):
    (path,) = import_missing(Ms2Config(str(tiny.folder)), "train", 1, tmp_path / "data")
    return open_cached(cache_recording(path, 320, 256))


def test_a_split_is_imported_once(tiny, tmp_path):
    told = []
    ms2 = Ms2Config(str(tiny.folder), truth="raw")
    (path,) = import_missing(ms2, "train", 2, tmp_path / "data", tell=told.append)
    assert path.name == f"ms2{TRAIN}-raw-every2.mcap"
    assert told == ["MS2 train: 1 of 8 sequences, every 2. pair"]
    before = path.stat().st_mtime_ns
    assert import_missing(ms2, "train", 2, tmp_path / "data") == [path]
    assert path.stat().st_mtime_ns == before
    cached = open_cached(cache_recording(path, 320, 256))
    assert len(cached) == 2
    assert cached.condition == "ms2-raw/night/unknown"


def test_an_interrupted_import_is_not_taken_for_whole(tiny, tmp_path):
    (tiny.folder / f"proj_depth/{TRAIN}/thr/depth_filtered/000001.png").write_bytes(b"")
    ms2 = Ms2Config(str(tiny.folder))
    with pytest.raises(InputError, match="not a readable image"):
        import_missing(ms2, "train", 1, tmp_path / "data")
    assert not (tmp_path / "data" / f"ms2{TRAIN}-filtered-every1.mcap").exists()


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        (".", "no such folder.*not downloaded"),
        ("sync_data", "sync_data"),
        (f"sync_data/{TRAIN}", TRAIN),
    ],
)
def test_what_is_missing_is_named(tiny, tmp_path, gone, words):
    (tiny.folder / gone).resolve().rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=words):
        import_missing(Ms2Config(str(tiny.folder)), "train", 1, tmp_path / "data")


def test_the_truth_of_a_sample_is_the_lidars(tiny, recording):
    sample = ValidationPairs([recording], 64, 32)[1]
    truth = sample.thermal_truth[0, 0].numpy()
    steps = tiny.steps("thr", 1, "filtered")
    np.testing.assert_array_equal(np.isnan(truth), steps == 0)
    np.testing.assert_allclose(np.nan_to_num(truth), steps / 256, rtol=1e-3)
    assert sample.inputs.thermal_intrinsics[0, 0, 0] == pytest.approx(56.0)
    # Half the size: still a point wherever one was seen.
    small = ValidationPairs([recording], 32, 32)[1].thermal_truth[0, 0].numpy()[8:24]
    blocks = (steps > 0).reshape(16, 2, 32, 2).any(axis=(1, 3))
    np.testing.assert_array_equal(np.isfinite(small), blocks)


def test_smoke_does_not_draw_the_lidars_points(recording):
    smoky = replace(
        AugmentationConfig(),
        **dict.fromkeys(("darken", "glare", "noise", "blur", "flat", "quantise", "blind"), 0.0),
        **dict.fromkeys(("thermal_noise", "thermal_blur", "drop_rgb", "drop_thermal"), 0.0),
    )
    always, never = (
        TrainingPairs([recording], 64, 64, replace(smoky, veil=veil), seed=4) for veil in (1.0, 0.0)
    )
    for index in range(3):
        assert torch.equal(always[index].inputs.rgb, never[index].inputs.rgb)
    dense = replace(recording, is_dense=True)
    veiled = TrainingPairs([dense], 64, 64, replace(smoky, veil=1.0), seed=4)
    assert not torch.equal(veiled[0].inputs.rgb, never[0].inputs.rgb)


def test_the_shipped_recipe_fine_tunes(tiny, tmp_path, capsys):
    """Whole, but for sizes, numbers and the simulated part."""
    tree = yaml.safe_load(RECIPE.read_text())
    assert (tree["start_from"], tree["data"]["ms2"]["folder"]) == ("confidence_depth", "MS2")
    tree |= {"width": 64, "height": 64}
    tree["data"]["train"]["count"] = tree["data"]["validation"]["count"] = 0
    tree["data"]["ms2"] |= {"folder": str(tiny.folder), "every": 1, "validation_every": 2}
    tree["schedule"] |= {"steps": 1, "batch": 2, "validate_every": 1, "workers": 0, "threads": 1}
    recipe = tmp_path / "small.yaml"
    recipe.write_text(yaml.safe_dump(tree))
    words = ["train", recipe, "--data", tmp_path / "data", "--out", tmp_path / "run"]
    assert main([str(word) for word in words]) == 0
    printed = capsys.readouterr().out
    assert "MS2 train: 1 of 8 sequences, every 1. pair" in printed
    assert "MS2 val: 1 of 3 sequences, every 2. pair" in printed
    assert "step 1: abs_rel_fused" in printed
    assert (tmp_path / "run" / "last.ckpt").is_file()


MS2_ONLY = """
name: tiny
data:
  train: {first_seed: 0, count: 0, seconds: 1, rate: 2.0}
  validation: {first_seed: 800000, count: 0, seconds: 1.0, rate: 1.0}
  ms2: {folder: MS2, truth: filtered}
width: 128
"""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("folder: MS2, ", ""), ["data.train.count", "more than 0"]),
        (("truth: filtered", "truth: best"), ["data.ms2.truth", "'best'", "raw, filtered"]),
        (("filtered}", "filtered, every: 0}"), ["data.ms2.every", "more than 0"]),
        (("filtered}", "filtered, split: test_day}"), ["data.ms2.split", "unknown"]),
    ],
)
def test_bad_settings_are_named(change, words):
    assert recipe_from_yaml(MS2_ONLY, "r.yaml").data.ms2.folder == "MS2"
    with pytest.raises(InputError) as error:
        recipe_from_yaml(MS2_ONLY.replace(*change), "r.yaml")
    for word in words:
        assert word in str(error.value)


def test_the_shipped_recipe_keeps_simulated_recordings():
    data = load_recipe(RECIPE).data
    assert data.ms2.folder
    assert data.train.count > 0  # sky and smoke are not forgotten
    assert data.validation.count > 0
