import csv
import json
import os
import signal
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")

from rgbt_perception.errors import InputError
from rgbt_perception.training.checkpoint import read_checkpoint
from rgbt_perception.training.fit import fit
from rgbt_perception.training.module import ConfidenceDepthModule
from rgbt_perception.training.recipe import (
    DataConfig,
    RecipeConfig,
    RecordingsConfig,
    ScheduleConfig,
)

STEPS = 6
_DATA = DataConfig(RecordingsConfig(0, 1, 1.0, 1.0), RecordingsConfig(800_000, 1, 1.0, 1.0))
RECIPE = RecipeConfig(
    "tiny",
    _DATA,
    width=128,
    height=64,
    schedule=ScheduleConfig(steps=STEPS, batch=2, validate_every=3, workers=0, threads=1),
)


def _fit(recording, out, **more):
    return fit(RECIPE, "digest", [recording], [recording], out, **more)


@pytest.fixture(scope="module")
def whole(recording, tmp_path_factory):
    """The folder of an undisturbed training, its last checkpoint and what was told meanwhile."""
    out, told = tmp_path_factory.mktemp("whole"), []
    return out, _fit(recording, out, tell=told.append), told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_ends_after_the_step(recording, tmp_path, number):
    before = signal.getsignal(number)
    told: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _fit(
            recording,
            tmp_path,
            progress=lambda step, _: os.kill(os.getpid(), number) if step == 1 else None,
            tell=told.append,
        )
    assert read_checkpoint(tmp_path / "last.ckpt").step == 1
    assert json.loads((tmp_path / "summary.json").read_text())["steps"] == 1
    assert told == []
    assert signal.getsignal(number) is before


def test_an_interrupted_training_goes_on_exactly(recording, whole, tmp_path):
    undisturbed = read_checkpoint(whole[1])

    def interrupt(step: int, steps: int) -> None:
        assert steps == STEPS
        if step == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        _fit(recording, tmp_path / "parts", progress=interrupt)
    part = read_checkpoint(tmp_path / "parts" / "last.ckpt")
    assert part.step == 2
    seen: list[int] = []
    last = _fit(
        recording, tmp_path / "parts", resume=True, progress=lambda step, _: seen.append(step)
    )
    resumed = read_checkpoint(last)

    assert seen == [3, 4, 5, 6]
    assert undisturbed.step == resumed.step == STEPS
    assert undisturbed.weights.keys() == resumed.weights.keys()
    for name, weight in undisturbed.weights.items():
        assert torch.equal(weight, resumed.weights[name]), name
    assert not torch.equal(
        part.weights["fusion.head.1.weight"], resumed.weights["fusion.head.1.weight"]
    )


def test_scores_are_told_and_written(whole):
    out, _, told = whole
    assert [line.split(":")[0] for line in told] == ["step 3", "step 6"]
    assert "abs_rel_fused" in told[0]
    summary = json.loads((out / "summary.json").read_text())
    assert summary["steps"] == STEPS
    assert summary["training"] == {"recordings": 1, "pairs": 4}
    assert set(summary["scores"]) >= {"abs_rel_fused", "abs_rel_by_row", "abs_rel_constant"}
    with (out / "logs" / "from_step_000000" / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert any(row["validation/abs_rel_ungated"] for row in rows)


def test_what_cannot_be_resumed_is_told(recording, tmp_path):
    with pytest.raises(InputError, match=r"last\.ckpt: No such file"):
        _fit(recording, tmp_path, resume=True)
    (tmp_path / "last.ckpt").write_bytes(b"no checkpoint")
    with pytest.raises(InputError, match="not written by rgbt train"):
        _fit(recording, tmp_path, resume=True)
    with pytest.raises(InputError, match="add --resume"):
        _fit(recording, tmp_path)


def test_training_starts_from_other_weights(recording, tmp_path):
    still = replace(RECIPE.schedule, steps=1, validate_every=1, learning_rate=1e-12)
    first = replace(RECIPE, schedule=still)
    start = fit(first, "one", [recording], [recording], tmp_path / "one")
    second = replace(first, seed=2, width=192, height=128, start_from=str(start))
    last = fit(second, "two", [recording], [recording], tmp_path / "two")
    name = "fusion.thermal.enter.0.weight"
    before, after = (read_checkpoint(path).weights[name] for path in (start, last))
    assert torch.allclose(before, after, atol=1e-6)
    missing = replace(second, start_from=str(tmp_path / "none.ckpt"))
    with pytest.raises(InputError, match=r"none\.ckpt"):
        fit(missing, "three", [recording], [recording], tmp_path / "three")


def test_frozen_parts_stay_and_a_folded_training_goes_on(recording, whole, tmp_path):
    start = whole[1]
    schedule = replace(
        RECIPE.schedule, steps=4, validate_every=4, fold=True, frozen=("rgb_network",)
    )
    recipe = replace(RECIPE, schedule=schedule, start_from=str(start))

    def interrupt(step: int, steps: int) -> None:
        if step == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        fit(recipe, "x", [recording], [recording], tmp_path / "next", progress=interrupt)
    half = read_checkpoint(tmp_path / "next" / "last.ckpt").weights
    last = fit(recipe, "x", [recording], [recording], tmp_path / "next", resume=True)
    weights = read_checkpoint(last).weights
    assert not any("running_mean" in name for name in weights)
    for name, weight in weights.items():
        if name.startswith("rgb_network."):
            assert torch.equal(weight, half[name]), name
    assert not torch.equal(weights["fusion.head.1.bias"], half["fusion.head.1.bias"])
    expected, found = (read_checkpoint(path).network().rgb_network for path in (start, last))
    image, mask = torch.rand(1, 3, 64, 128), torch.ones(1, 1, 64, 128)
    K = torch.tensor([[[90.0, 0, 64], [0, 90.0, 32], [0, 0, 1]]])
    with torch.no_grad():
        before, after = (network(image, mask, K).log_depth for network in (expected, found))
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-4)


def test_freezing_an_unknown_part_is_told(recording, tmp_path):
    schedule = replace(RECIPE.schedule, frozen=("rgb_net",))
    with pytest.raises(InputError, match=r"rgb_net.*rgb_network"):
        fit(replace(RECIPE, schedule=schedule), "x", [recording], [recording], tmp_path)


def test_another_recipe_is_not_resumed(recording, tmp_path):
    short = replace(RECIPE, schedule=replace(RECIPE.schedule, steps=1, validate_every=1))
    fit(short, "one", [recording], [recording], tmp_path)
    with pytest.raises(InputError, match="another recipe"):
        fit(short, "two", [recording], [recording], tmp_path, resume=True)


def test_every_weight_learns_once_and_the_exponent_fast_enough():
    module = ConfidenceDepthModule(RECIPE, "digest")
    groups = module.configure_optimizers()["optimizer"].param_groups
    found = [id(p) for group in groups for p in group["params"]]
    assert sorted(found) == sorted(id(p) for p in module.network.parameters())
    exponent = next(
        g for g in groups if any(p is module.network.blend.exponent for p in g["params"])
    )
    steps = 600  # of a third stage
    assert (
        exponent["initial_lr"] / groups[0]["initial_lr"] * RECIPE.schedule.learning_rate * steps > 2
    )
