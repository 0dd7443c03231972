from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rgbt_perception.training.dataset import SequentialFrom, TrainingPairs, ValidationPairs
from rgbt_perception.training.joined_pairs import collate
from rgbt_perception.training.recipe import AugmentationConfig

SIZE = (128, 64)


def _equal(a, b) -> bool:
    same = [
        torch.equal(x, y)
        for x, y in zip(vars(a.inputs).values(), vars(b.inputs).values(), strict=True)
    ]
    return all(same) and torch.equal(
        torch.nan_to_num(a.thermal_truth), torch.nan_to_num(b.thermal_truth)
    )


def test_a_sample_depends_on_seed_and_number_only(recording):
    config = AugmentationConfig()
    first = TrainingPairs([recording], *SIZE, config, seed=5)
    second = TrainingPairs([recording], *SIZE, config, seed=5)
    other = TrainingPairs([recording], *SIZE, config, seed=6)
    for index in (0, 7, 3):
        assert _equal(first[index], second[index])
    assert not _equal(first[0], other[0])
    assert not _equal(first[0], first[4])


def test_every_pair_comes_once_a_round(recording):
    pairs = TrainingPairs([recording, recording], *SIZE, AugmentationConfig(), seed=1)
    assert len(pairs) == 8
    for turn in range(3):
        drawn = {pairs.drawn[turn * 8 + index] for index in range(8)}
        assert drawn == set(range(8))


def test_locate_crosses_recordings(recording):
    pairs = ValidationPairs([recording, replace(recording, name="second")], *SIZE)
    assert [pairs.locate(index)[1] for index in range(8)] == [0, 1, 2, 3, 0, 1, 2, 3]
    assert pairs.locate(4)[0].name == "second"


def test_absent_cameras_are_all_zero_and_the_gate_closes(recording):
    config = replace(AugmentationConfig(), drop_rgb=0.3, drop_thermal=0.3, ungate=0.5)
    pairs = TrainingPairs([recording], *SIZE, config, seed=2)
    batch = collate([pairs[index] for index in range(60)])
    inputs = batch.inputs
    without_rgb = inputs.rgb_mask.amax(dim=(1, 2, 3)) == 0
    without_thermal = inputs.thermal_mask.amax(dim=(1, 2, 3)) == 0
    assert 8 <= without_rgb.sum() <= 30
    assert 8 <= without_thermal.sum() <= 30
    assert not (without_rgb & without_thermal).any()
    assert not inputs.rgb[without_rgb].any()
    assert not inputs.thermal[without_thermal].any()
    assert set(inputs.gate.tolist()) == {0.0, 1.0}
    assert inputs.rgb.shape == (60, 3, 64, 128)
    assert inputs.rgb_intrinsics.dtype == torch.float32


def test_validation_pairs_are_plain(recording):
    pairs = ValidationPairs([recording], *SIZE)
    batch = pairs[0]
    assert _equal(batch, pairs[0])
    assert batch.inputs.gate.tolist() == [1.0]
    picture = batch.inputs.rgb[0, :, :, 24:104].numpy().transpose(1, 2, 0)
    np.testing.assert_allclose(picture, recording.rgb[0] / 255, atol=1e-6)


def test_resuming_goes_on_with_the_next_sample():
    sampler = SequentialFrom(6, 10)
    assert list(sampler) == [6, 7, 8, 9]
    assert len(sampler) == 10
