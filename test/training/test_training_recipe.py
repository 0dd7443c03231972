from itertools import pairwise

import pytest

pytest.importorskip("torch")

from rgbt_perception.errors import InputError
from rgbt_perception.resources import share
from rgbt_perception.training.recipe import RecipeConfig
from rgbt_perception.training.recipe_file import load_recipe, recipe_from_yaml

GOOD = """
name: tiny
data:
  train: {first_seed: 0, count: 2, seconds: 1, rate: 2.0}
  validation: {first_seed: 800000, count: 1, seconds: 1.0, rate: 1.0}
  rgb_sizes: [320x256, 320x180]
schedule: {steps: 10}
"""


def test_a_recipe_is_read():
    recipe = recipe_from_yaml(GOOD, "r.yaml")
    assert isinstance(recipe, RecipeConfig)
    assert recipe.data.train.seconds == 1.0
    assert recipe.data.rgb_sizes == ((320, 256), (320, 180))
    assert recipe.schedule.steps == 10
    assert recipe.width == 320


@pytest.mark.parametrize(
    "path", sorted(share("config/recipes").glob("*.yaml")), ids=lambda path: path.stem
)
def test_shipped_recipes_are_valid_and_named_like_their_file(path):
    assert load_recipe(path).name == path.stem


def test_each_stage_goes_on_from_the_one_before_it():
    names = ("confidence_depth", "confidence_depth_finish", "confidence_depth_more")
    stages = [load_recipe(share(f"config/recipes/{name}.yaml")) for name in names]
    for before, after in pairwise(stages):
        assert after.start_from == f"runs/{before.name}/last.ckpt"
        assert (after.width, after.height) == (before.width, before.height) == (320, 256)
    assert stages[1].data.train.first_seed >= _end(stages[0])


def test_the_last_stage_learns_from_recordings_that_the_coarse_networks_have_not_seen():
    names = ("confidence_depth", "confidence_depth_finish", "confidence_depth_more")
    seen = max(_end(load_recipe(share(f"config/recipes/{name}.yaml"))) for name in names)
    fusion = load_recipe(share("config/recipes/confidence_depth_fusion.yaml"))
    assert fusion.data.train.first_seed >= seen
    assert set(fusion.schedule.frozen) == {"rgb_network", "thermal_network"}


def _end(recipe):
    return recipe.data.train.first_seed + recipe.data.train.count


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("steps: 10", "stepz: 10"), ["schedule.stepz", "unknown", "steps"]),
        (("steps: 10", "steps: ten"), ["schedule.steps", "'ten'", "int"]),
        (("steps: 10", "steps: 0"), ["schedule.steps", "more than 0"]),
        (("steps: 10", "steps: true"), ["schedule.steps", "int"]),
        (("name: tiny", "seed: 3"), ["name", "missing"]),
        (("name: tiny", "name: tiny\nwidth: 100"), ["width", "100", "multiple of 64"]),
        (("name: tiny", "name: tiny\naugmentation: {flip: 1.5}"), ["augmentation.flip", "0 to 1"]),
        (("name: tiny", "name: tiny\naugmentation: {way_m: -1}"), ["way_m", "0 or more"]),
        (("name: tiny", "name: tiny\nloss: 3"), ["loss", "mapping"]),
        (("[320x256, 320x180]", "[320]"), ["data.rgb_sizes", "320x256"]),
        (("[320x256, 320x180]", "320x256"), ["data.rgb_sizes", "list"]),
        (("first_seed: 0", "first_seed: 799999"), ["data.train", "800000", "799999"]),
        (("first_seed: 0", "first_seed: 900000"), ["data.train", "900000", "final checks"]),
        (("first_seed: 800000", "first_seed: 900001"), ["data.validation", "900001"]),
        (("first_seed: 800000", "first_seed: 12"), ["data.validation", "800000 to 809999"]),
        (("name: tiny", "name: [tiny"), ["not YAML"]),
        ((GOOD, "- 1"), ["expected a mapping"]),
    ],
)
def test_errors_name_the_key_and_what_was_expected(change, words):
    with pytest.raises(InputError) as error:
        recipe_from_yaml(GOOD.replace(*change), "r.yaml")
    line = str(error.value)
    assert "\n" not in line
    for word in ["r.yaml", *words]:
        assert word in line


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.yaml.*No such file"):
        load_recipe(tmp_path / "none.yaml")
