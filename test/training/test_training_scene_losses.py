import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")

from rgbt_perception.models.scene import SceneInputs, ScenePrediction
from rgbt_perception.scene.classes import IGNORED, PERSON, SCENE_CLASSES, UNLABELLED
from rgbt_perception.training.scene_balance import TaskBalance
from rgbt_perception.training.scene_dataset import SceneBatch
from rgbt_perception.training.scene_losses import (
    class_weights,
    fusion_loss,
    gradient,
    segmentation_loss,
    ssim,
)
from rgbt_perception.training.scene_phases import Learner, phase_at
from rgbt_perception.training.scene_recipe import SceneLossConfig, SceneScheduleConfig
from rgbt_perception.training.scene_scores import confusion, intersection_over_union
from rgbt_perception.training.scene_targets import fusion_target, masked_mean

CLASSES = len(SCENE_CLASSES)
PLAIN = SceneLossConfig(classes="plain")


def _inputs(luminance, thermal, height=32, width=32) -> SceneInputs:
    ones = torch.ones(1, 1, height, width)
    return SceneInputs(
        ones.repeat(1, 3, 1, 1) * luminance, ones.clone(), ones * thermal, ones.clone()
    )


def test_the_gradient_of_a_ramp_is_its_slope():
    ramp = torch.arange(8.0).view(1, 1, 1, 8).repeat(1, 1, 6, 1) * 0.1
    found = gradient(ramp)
    torch.testing.assert_close(found[..., 1:-1], torch.full((1, 1, 6, 6), 0.1))
    torch.testing.assert_close(gradient(ramp.transpose(2, 3)), found.transpose(2, 3))


def test_ssim_equals_skimage():
    metrics = pytest.importorskip("skimage.metrics")
    random = np.random.default_rng(1)
    one = random.random((24, 30)).astype(np.float32)
    other = np.clip(one + 0.2 * random.standard_normal(one.shape), 0, 1).astype(np.float32)
    _, expected = metrics.structural_similarity(
        one,
        other,
        data_range=1.0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    found, whole = ssim(*(torch.from_numpy(x)[None, None] for x in (one, other, one * 0 + 1)))
    np.testing.assert_allclose(found[0, 0], expected[5:-5, 5:-5], atol=2e-4)
    assert whole.all()


def test_ssim_by_hand():
    """Constant pictures: only the luminance term is left."""
    first, second = torch.full((1, 1, 11, 11), 0.5), torch.full((1, 1, 11, 11), 0.25)
    expected = (2 * 0.125 + 1e-4) / (0.25 + 0.0625 + 1e-4)
    found, whole = ssim(first, second, torch.ones(1, 1, 11, 11))
    assert float(found) == pytest.approx(expected, abs=1e-4)
    assert float(whole) == 1
    hole = torch.ones(1, 1, 11, 11)
    hole[..., 0, 0] = 0
    assert float(ssim(first, second, hole)[1]) == 0


def _fusion_loss(fused, inputs, config=PLAIN, first=False) -> float:
    prediction = ScenePrediction(fused, fused * 0, torch.zeros(1))
    return float(fusion_loss(prediction, SceneBatch(inputs, torch.zeros(1)), config, first))


def test_the_fusion_loss_by_hand():
    inputs = _inputs(0.25, 0.5)
    config = replace(PLAIN, target="max")
    off = torch.full((1, 1, 32, 32), 0.4)
    assert _fusion_loss(off, inputs, config, first=True) == pytest.approx(0.1, abs=1e-5)
    likeness = (2 * 0.4 * 0.5 + 1e-4) / (0.16 + 0.25 + 1e-4)
    expected = 0.01 + 1.1 * (1 - likeness)
    assert _fusion_loss(off, inputs, config) == pytest.approx(expected, abs=1e-3)
    assert _fusion_loss(torch.full((1, 1, 32, 32), 0.5), inputs, config) == pytest.approx(
        0, abs=1e-3
    )
    # The ramp alone: every inner pixel lacks a slope of 0.01.
    ramp = 0.5 + 0.01 * (torch.arange(32.0) - 15.5).expand(1, 1, 32, 32)
    level = float((ramp - 0.5).abs().mean())
    found = _fusion_loss(ramp, inputs, config, first=True) - level
    assert found == pytest.approx(0.01 * 31 / 32, abs=1e-4)


def test_the_fusion_loss_ignores_what_no_camera_sees():
    inputs = _inputs(0.3, 0.6)
    for mask in (inputs.rgb_mask, inputs.thermal_mask):
        mask[..., :10] = 0
    fused = fusion_target(inputs, "salient")
    wrong = fused.clone()
    wrong[..., :10] = 1.0
    for first in (True, False):
        config = replace(PLAIN, gradient=1.0)
        # One column beyond the border shares its Sobel window and does not count either.
        assert _fusion_loss(wrong, inputs, config, first) == pytest.approx(
            _fusion_loss(fused, inputs, config, first), abs=1e-5
        )


@pytest.mark.parametrize("kind", ["max", "salient"])
def test_where_one_camera_sees_alone_its_picture_is_the_target(kind):
    generator = torch.Generator().manual_seed(1)
    inputs = _inputs(0.0, 0.0)
    inputs = replace(
        inputs,
        rgb=torch.rand(1, 1, 32, 32, generator=generator).repeat(1, 3, 1, 1),
        thermal=torch.rand(1, 1, 32, 32, generator=generator),
    )
    inputs.rgb_mask[..., :8] = 0
    inputs.thermal_mask[..., 24:] = 0
    target = fusion_target(inputs, kind)
    torch.testing.assert_close(target[..., :8], inputs.thermal[..., :8])
    torch.testing.assert_close(target[..., 24:], inputs.rgb[:, :1, :, 24:])
    assert 0 <= float(target.min()) <= float(target.max()) <= 1


def test_the_salient_target_shows_hot_things_and_keeps_the_visible_pattern():
    inputs = _inputs(0.0, 0.3, 64, 64)
    stripes = 0.4 + 0.1 * torch.cos(torch.arange(64.0) * math.pi / 2)
    rgb = stripes.expand(1, 3, 64, 64).clone()
    thermal = inputs.thermal.clone()
    thermal[..., 24:40, 28:36] = 0.95
    target = fusion_target(replace(inputs, rgb=rgb, thermal=thermal), "salient")
    assert float(target[..., 28:36, 30:34].mean()) > 0.8
    away = target[0, 0, 5:10, 5:60]
    assert float(away.amax(dim=1).mean() - away.amin(dim=1).mean()) > 0.15


def test_the_masked_mean_equals_a_slow_one():
    generator = torch.Generator().manual_seed(4)
    picture = torch.rand(1, 1, 7, 9, generator=generator)
    mask = (torch.rand(1, 1, 7, 9, generator=generator) > 0.4).float()
    found = masked_mean(picture, mask, 3)[0, 0]
    for row in range(7):
        for column in range(9):
            window = (slice(max(row - 1, 0), row + 2), slice(max(column - 1, 0), column + 2))
            seen = mask[0, 0][window] > 0
            expected = picture[0, 0][window][seen].mean() if seen.any() else 0.0
            assert float(found[row, column]) == pytest.approx(float(expected), abs=1e-5)


def test_cross_entropy_by_hand():
    logits = torch.zeros(1, CLASSES, 2, 2)
    logits[0, PERSON, 0, 0] = 5.0
    labels = torch.zeros(1, 4, 4, dtype=torch.int64)
    labels[0, 1, 1], labels[0, 1, 3], labels[0, 3, 1] = PERSON, 1, IGNORED
    right = -math.log(math.exp(5) / (math.exp(5) + CLASSES - 1))
    flat = math.log(CLASSES)
    ones = torch.ones(CLASSES)
    assert float(segmentation_loss(logits, labels, PLAIN, ones)) == pytest.approx(
        (right + flat) / 2, abs=1e-5
    )
    weights = ones.clone()
    weights[PERSON] = 3.0
    weighted = replace(PLAIN, classes="weighted")
    assert float(segmentation_loss(logits, labels, weighted, weights)) == pytest.approx(
        (3 * right + flat) / 4, abs=1e-5
    )
    hardest = replace(PLAIN, classes="hardest")
    assert float(segmentation_loss(logits, labels, hardest, ones)) == pytest.approx(flat, abs=1e-5)
    nothing = torch.full_like(labels, IGNORED)
    nothing[..., ::2] = UNLABELLED
    for config in (PLAIN, weighted, hardest):
        assert float(segmentation_loss(logits, nothing, config, ones)) == 0


def test_rare_classes_weigh_more_and_unseen_ones_nothing():
    counts = torch.zeros(CLASSES)
    counts[UNLABELLED], counts[1], counts[PERSON] = 1e6, 9000, 1000
    weights = class_weights(counts)
    assert float(weights[PERSON] / weights[1]) == pytest.approx(3.0)
    assert float(0.9 * weights[1] + 0.1 * weights[PERSON]) == pytest.approx(1.0)
    assert float(weights.sum()) == pytest.approx(float(weights[1] + weights[PERSON]))


def test_the_original_balance_hardly_moves_and_ours_does():
    found = {}
    for kind in ("static", "original", "moving"):
        balance = TaskBalance(kind)
        for step in range(40):
            # The fusion gets better by half, the segmentation not at all.
            balance.observe(0, torch.tensor(1.0 if step < 20 else 0.5))
            assert kind == "static" or step == 39 or torch.equal(balance.weights(), torch.ones(2))
            balance.observe(1, torch.tensor(2.0))
        found[kind] = balance.weights()
        torch.testing.assert_close(found[kind].sum(), torch.tensor(2.0))
    assert torch.equal(found["static"], torch.ones(2))
    gap = math.exp(-0.5 / 1000)
    assert float(found["original"][0] / found["original"][1]) == pytest.approx(gap, abs=1e-6)
    assert float(found["moving"][0] / found["moving"][1]) == pytest.approx(math.exp(-5), rel=1e-3)


def test_the_state_of_the_balance_is_kept():
    first, second = TaskBalance("moving"), TaskBalance("moving")
    for step in range(45):
        for task in (0, 1):
            first.observe(task, torch.tensor(1.0 + 0.1 * task * step))
    second.load_state_dict(first.state_dict())
    assert torch.equal(first.weights(), second.weights())
    assert not torch.equal(first.weights(), torch.ones(2))


def test_rounds_alternate_and_end_together():
    schedule = SceneScheduleConfig(steps=100, rounds=3, fusion_share=0.4, joint_share=0.4)
    phases = [phase_at(step, schedule) for step in range(100)]
    order = [phases[0]]
    for phase in phases:
        if phase != order[-1]:
            order.append(phase)
    assert [(p.round, p.learner) for p in order] == [
        (1, Learner.FUSION),
        (1, Learner.SEGMENTATION),
        (2, Learner.FUSION),
        (2, Learner.SEGMENTATION),
        (3, Learner.FUSION),
        (3, Learner.SEGMENTATION),
        (4, Learner.BOTH),
    ]
    assert sum(p.learner is Learner.BOTH for p in phases) == 40
    assert sum(p.learner is Learner.FUSION for p in phases) == 24
    joint = replace(schedule, joint_share=1.0)
    assert {phase_at(step, joint).learner for step in range(100)} == {Learner.BOTH}
    rounds = replace(schedule, joint_share=0.0)
    assert phase_at(99, rounds).learner is Learner.SEGMENTATION


def test_iou_by_hand():
    truth = torch.tensor([1, 1, 1, 8, 8, 0, 255, 3])
    found = torch.tensor([1, 1, 8, 8, 1, 1, 8, 2])
    iou, present = intersection_over_union(confusion(found, truth))
    assert present.nonzero().flatten().tolist() == [1, 3, 8]
    assert float(iou[1]) == pytest.approx(2 / 4)
    assert float(iou[8]) == pytest.approx(1 / 3)
    assert float(iou[3]) == 0
