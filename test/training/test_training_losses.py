from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rgbt_perception.models.coarse_depth import FEATURE_STRIDE, CoarseDepth
from rgbt_perception.models.confidence_depth import ConfidenceDepth, DepthPrediction
from rgbt_perception.training.dataset import TrainingPairs, ValidationPairs
from rgbt_perception.training.joined_pairs import collate
from rgbt_perception.training.losses import (
    FARTHEST_M,
    Truth,
    advantage_loss,
    depth_losses,
    edge_loss,
    laplace_confidence_loss,
    laplace_loss,
    relative_error,
    sky_loss,
    truth_of,
)
from rgbt_perception.training.recipe import AugmentationConfig, LossConfig


def _map(values) -> "torch.Tensor":
    return torch.tensor(np.asarray(values, np.float32))[None, None]


def test_truth_counts_only_where_it_is_known_and_in_range():
    truth = truth_of(_map([[np.nan, np.inf, 0.01], [2 * FARTHEST_M, np.e, 0.0]]))
    assert truth.valid.flatten().tolist() == [0, 0, 0, 0, 1, 0]
    assert truth.sky.flatten().tolist() == [0, 1, 0, 0, 0, 0]
    assert truth.log_depth[0, 0, 1, 1] == pytest.approx(1.0)
    assert torch.isfinite(truth.log_depth).all()


def test_edge_loss_sees_steps_not_offsets():
    valid = torch.ones(1, 1, 8, 8)
    assert edge_loss(0.7 * valid, valid) == pytest.approx(0.0, abs=1e-6)
    step = valid.clone()
    step[..., 4:] = 2
    assert edge_loss(step, valid) > 0.1
    hole = valid.clone()
    hole[..., 3:5] = 0
    assert edge_loss(step * hole, hole) < edge_loss(step, valid)


@pytest.mark.parametrize("factor", [0.3, 0.8, 1.0, 1.5, 1.9])
def test_relative_error_is_absrel_of_the_depth(factor):
    error = torch.log(torch.tensor([factor], dtype=torch.float64))
    assert float(relative_error(error)) == pytest.approx(abs(factor - 1))


def test_relative_error_grows_without_a_step_and_not_faster_for_ever():
    error = torch.linspace(-3, 4, 701, dtype=torch.float64, requires_grad=True)
    loss = relative_error(error)
    loss.sum().backward()
    slope = error.grad
    assert (loss.detach().diff().abs() < 0.021).all()
    assert float(slope.max()) == pytest.approx(float(slope[-1])) == pytest.approx(2.01, abs=0.01)


def test_sky_is_only_pushed_away():
    sky = torch.ones(1, 1, 2, 2)
    assert sky_loss(_map(np.full((2, 2), np.log(2 * FARTHEST_M))), sky) == 0
    near = sky_loss(_map(np.full((2, 2), np.log(FARTHEST_M / np.e))), sky)
    assert near == pytest.approx(1.0, abs=1e-5)


def test_the_best_scale_is_the_mean_error():
    error = _map([[0.1, 0.3]])
    scales = np.linspace(0.05, 0.8, 76)
    losses = [
        float(laplace_loss(error, torch.full_like(error, float(np.log(b))), torch.ones_like(error)))
        for b in scales
    ]
    assert scales[int(np.argmin(losses))] == pytest.approx(0.2, abs=0.011)


def _truth() -> Truth:
    return truth_of(torch.full((1, 1, 2 * FEATURE_STRIDE, 2 * FEATURE_STRIDE), 10.0))


def _prediction(rgb_depth: float, thermal_depth: float, logits: tuple[float, float]):
    flat = torch.ones(1, 1, 2 * FEATURE_STRIDE, 2 * FEATURE_STRIDE)
    coarse = CoarseDepth(flat * float(np.log(thermal_depth)), flat, flat)
    chosen = torch.tensor(logits).view(1, 2, 1, 1).expand(1, 2, 2, 2).clone().requires_grad_()
    rgb = flat * rgb_depth
    return DepthPrediction(flat, flat, flat, coarse, coarse, rgb, rgb, chosen)


def test_confidence_learns_which_camera_is_better():
    truth = _truth()
    prediction = _prediction(rgb_depth=10.1, thermal_depth=20.0, logits=(0.0, 0.0))
    advantage_loss(prediction, truth, truth).backward()
    gradient = prediction.confidence_logits.grad
    assert (gradient[:, 0] < 0).all()  # a step down the gradient raises RGB
    assert (gradient[:, 1] > 0).all()


def test_confidence_learns_nothing_where_rgb_does_not_land():
    truth = _truth()
    prediction = _prediction(rgb_depth=0.0, thermal_depth=20.0, logits=(0.5, 0.5))
    assert advantage_loss(prediction, truth, truth) == 0


def _best_confidence(rgb_depth: float, thermal_depth: float) -> list[float]:
    """Confidences that minimise the loss where the truth is 10 m, found by descent."""
    truth = _truth()
    logits = torch.zeros(1, 2, 2, 2, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.1)
    for _ in range(400):
        prediction = replace(
            _prediction(rgb_depth, thermal_depth, (0.0, 0.0)), confidence_logits=logits
        )
        optimizer.zero_grad()
        laplace_confidence_loss(prediction, truth, truth).backward()
        optimizer.step()
    return torch.sigmoid(logits.detach()).mean(dim=(0, 2, 3)).tolist()


def test_laplace_confidence_is_the_chance_of_an_error_below_25_percent():
    rgb, thermal = _best_confidence(rgb_depth=11.0, thermal_depth=20.0)
    # The likelihood is best where the scale is the error (which has a floor of 0.02).
    for found, ratio in ((rgb, 1.1), (thermal, 2.0)):
        scale = abs(np.log(ratio)) + 0.02
        assert found == pytest.approx(1 - np.exp(-np.log(1.25) / scale), abs=0.02)


def test_laplace_confidence_judges_a_camera_where_the_other_is_absent():
    truth = _truth()
    prediction = _prediction(rgb_depth=0.0, thermal_depth=10.0, logits=(0.0, 0.0))
    laplace_confidence_loss(prediction, truth, truth).backward()
    gradient = prediction.confidence_logits.grad
    assert (gradient[:, 0] == 0).all()
    assert (gradient[:, 1] < 0).all()


@pytest.mark.parametrize("logit", [-80.0, 80.0])
def test_laplace_confidence_is_finite_for_any_logit(logit):
    truth = _truth()
    prediction = _prediction(11.0, 20.0, (logit, logit))
    loss = laplace_confidence_loss(prediction, truth, truth)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(prediction.confidence_logits.grad).all()


def test_the_recipe_chooses_the_confidence_loss(recording):
    torch.manual_seed(0)
    pairs = ValidationPairs([recording], 128, 64)
    batch = collate([pairs[index] for index in range(2)])
    prediction = ConfidenceDepth().eval()(batch.inputs)
    terms = {
        kind: depth_losses(prediction, batch, LossConfig(confidence_kind=kind))
        for kind in ("advantage", "laplace")
    }
    assert terms["advantage"]["confidence"] != terms["laplace"]["confidence"]
    assert terms["advantage"]["fused"] == terms["laplace"]["fused"]


def test_masked_truth_is_not_counted():
    ones = torch.ones(1, 1, 2, 2)
    masked = Truth(ones, ones, ones).where(torch.zeros_like(ones))
    assert not masked.valid.any()
    assert not masked.sky.any()


def test_all_terms_are_finite_with_missing_cameras_and_weigh_as_told(recording):
    torch.manual_seed(0)
    config = replace(AugmentationConfig(), drop_rgb=0.4, drop_thermal=0.4)
    pairs = TrainingPairs([recording], 128, 64, config, seed=3)
    batch = collate([pairs[index] for index in range(8)])
    absent = batch.inputs.rgb_mask.amax(dim=(1, 2, 3)) == 0
    assert absent.any()
    prediction = ConfidenceDepth()(batch.inputs)
    weights = LossConfig()
    terms = depth_losses(prediction, batch, weights)
    total = torch.stack(list(terms.values())).sum()
    total.backward()
    assert torch.isfinite(total)
    doubled = depth_losses(prediction, batch, replace(weights, fused=2 * weights.fused))
    assert torch.allclose(doubled["fused"], 2 * terms["fused"])
    assert torch.allclose(doubled["rgb"], terms["rgb"])


def test_a_tiny_batch_is_learned(recording):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    pairs = ValidationPairs([recording], 128, 64)
    batch = collate([pairs[index] for index in range(2)])
    network = ConfidenceDepth().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    history = []
    for _ in range(30):
        terms = depth_losses(network(batch.inputs), batch, LossConfig())
        history.append({name: float(term.detach()) for name, term in terms.items()})
        optimizer.zero_grad()
        torch.stack(list(terms.values())).sum().backward()
        optimizer.step()
    for name in ("fused", "rgb", "thermal"):
        assert history[-1][name] < 0.5 * history[0][name]
