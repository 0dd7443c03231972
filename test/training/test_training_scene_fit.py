import os
import signal
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

from rgbt_perception.engines.scene_exchange import INPUTS, OUTPUTS, input_shapes
from rgbt_perception.errors import InputError
from rgbt_perception.models.scene import DeployedScene, Scene
from rgbt_perception.resources import share
from rgbt_perception.scene.classes import SCENE_CLASSES
from rgbt_perception.training.checkpoint import read_checkpoint
from rgbt_perception.training.export import example_scene, export_onnx
from rgbt_perception.training.fit import fit
from rgbt_perception.training.recipe import RecordingsConfig
from rgbt_perception.training.recipe_file import load_recipe, recipe_from_yaml
from rgbt_perception.training.scene_pair import ScenePair
from rgbt_perception.training.scene_recipe import (
    SceneDataConfig,
    SceneLossConfig,
    SceneRecipe,
    SceneScheduleConfig,
)

STEPS = 6
_DATA = SceneDataConfig(RecordingsConfig(0, 1, 1.0, 1.0), RecordingsConfig(800_000, 1, 1.0, 1.0))
RECIPE = SceneRecipe(
    "scene",
    "tiny",
    _DATA,
    width=96,
    height=64,
    schedule=SceneScheduleConfig(
        steps=STEPS,
        batch=2,
        validate_every=3,
        workers=0,
        threads=1,
        rounds=2,
        fusion_share=0.5,
        joint_share=0.34,
    ),
    loss=SceneLossConfig(balance="moving"),
)


class Source:
    name, condition, least_span = "made-up", "street/day/clear", 10.0

    def __len__(self) -> int:
        return 4

    def pair(self, index: int, found: bool) -> ScenePair:
        random = np.random.default_rng(index)
        labels = np.ones((64, 96), np.uint8)
        labels[20:50, 10 * index : 10 * index + 30] = 8
        ones = np.ones((64, 96), np.float32)
        return ScenePair(
            random.random((64, 96, 3), np.float32),
            ones,
            (1000 + 50 * (labels == 8) + random.random((64, 96))).astype(np.float32),
            ones,
            ones * 9,
            labels,
        )


def _fit(out, recipe=RECIPE, **more):
    return fit(recipe, "digest", [Source()], [Source()], out, **more)


def test_an_interrupted_training_goes_on_exactly(tmp_path):
    told: list[str] = []
    whole = read_checkpoint(_fit(tmp_path / "whole", tell=told.append))

    def interrupt(step: int, steps: int) -> None:
        if step == 3:  # between two rounds
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        _fit(tmp_path / "parts", progress=interrupt)
    part = read_checkpoint(tmp_path / "parts" / "last.ckpt")
    assert part.step == 3
    resumed = read_checkpoint(_fit(tmp_path / "parts", resume=True))
    assert whole.step == resumed.step == STEPS
    for name, weight in whole.weights.items():
        assert torch.equal(weight, resumed.weights[name]), name
    assert not torch.equal(
        part.weights["fusion.leave.weight"], resumed.weights["fusion.leave.weight"]
    )
    assert isinstance(resumed.network(), Scene)
    assert "miou_fused" in told[0]
    assert "person_thermal" in told[0]


def test_only_the_one_whose_turn_it_is_learns(tmp_path):
    # Steps 0: fusion, 1: segmentation, as long as they alternate.
    schedule = replace(
        RECIPE.schedule, steps=2, validate_every=2, rounds=1, joint_share=0.0, learning_rate=0.01
    )
    states = {}

    def keep(step: int, steps: int) -> None:
        if step == 1:
            os.kill(os.getpid(), signal.SIGINT)

    recipe = replace(RECIPE, schedule=schedule)
    torch.manual_seed(recipe.seed)
    states[0] = Scene().state_dict()
    with pytest.raises(KeyboardInterrupt):
        _fit(tmp_path, recipe, progress=keep)
    states[1] = read_checkpoint(tmp_path / "last.ckpt").weights
    states[2] = read_checkpoint(_fit(tmp_path, recipe, resume=True)).weights

    def moved(part, before, after):
        return any(
            not torch.equal(states[before][name], states[after][name])
            for name in states[0]
            if name.startswith(part)
        )

    assert moved("fusion.", 0, 1)
    assert not moved("segmentation.", 0, 1)
    assert not moved("fusion.", 1, 2)
    assert moved("segmentation.", 1, 2)


def test_onnx_equals_torch(tmp_path):
    torch.manual_seed(1)
    network = Scene().eval()
    torch.nn.init.normal_(network.fusion.leave.weight, std=1.0)
    path, height, width = tmp_path / "scene.onnx", 64, 128
    export_onnx(network, path, height, width, {"steps": "7"})
    model = onnx.load(path)
    assert [opset.version for opset in model.opset_import if not opset.domain] == [18]
    properties = {item.key: item.value for item in model.metadata_props}
    assert (properties["model"], properties["steps"]) == ("scene", "7")
    assert properties["classes"].split(",")[8] == "person"
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert {item.name: tuple(item.shape) for item in session.get_inputs()} == dict(
        input_shapes(height, width)
    )
    assert [item.name for item in session.get_outputs()] == list(OUTPUTS)
    plain = example_scene(height, width, seed=2)
    absent = {**plain, "rgb_mask": plain["rgb_mask"] * 0}
    blind = {**plain, "thermal_mask": plain["thermal_mask"] * 0}
    for inputs in (plain, absent, blind):
        found = session.run(list(OUTPUTS), inputs)
        with torch.no_grad():
            expected = DeployedScene(network)(*(torch.from_numpy(inputs[n]) for n in INPUTS))
        assert found[2].shape == (1, len(SCENE_CLASSES), height, width)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other.numpy(), atol=1e-4, rtol=0)


GOOD = """
system: scene
name: tiny
width: 160
height: 128
data:
  train: {first_seed: 0, count: 2, seconds: 1, rate: 2.0}
  validation: {first_seed: 800000, count: 1, seconds: 1.0, rate: 1.0}
"""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("system: scene", "system: seen"), ["system", "'seen'", "confidence_depth, scene"]),
        (("width: 160", "width: 144"), ["width", "144", "multiple of 32"]),
        (("width: 160", "width: 160\nloss: {target: best}"), ["loss.target", "salient, max"]),
        (("width: 160", "width: 160\nloss: {structure: -1}"), ["loss.structure", "0 or more"]),
        (("width: 160", "width: 160\nschedule: {rounds: 0}"), ["schedule.rounds", "more than 0"]),
        (("width: 160", "width: 160\nschedule: {joint_share: 2}"), ["joint_share", "0 to 1"]),
        (("data:", "data:\n  real_share: 0.2"), ["data.real_share", "data.real"]),
        (("data:", "data:\n  ms2: {}"), ["data.ms2", "unknown"]),
    ],
)
def test_errors_name_the_key_and_what_was_expected(change, words):
    assert isinstance(recipe_from_yaml(GOOD, "r.yaml"), SceneRecipe)
    with pytest.raises(InputError) as error:
        recipe_from_yaml(GOOD.replace(*change), "r.yaml")
    for word in ["r.yaml", *words]:
        assert word in str(error.value)


def test_the_shipped_stages_go_on_from_one_another():
    names = ("scene", "scene_finish")
    stages = [load_recipe(share(f"config/recipes/{name}.yaml")) for name in names]
    for earlier, later in pairwise(stages):
        assert later.start_from == f"runs/{earlier.name}/last.ckpt"
        assert (later.width, later.height) == (320, 256)
        assert stages[0].data == replace(later.data, real=(), real_share=0.0)
