from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rgbt_perception.models.coarse_depth import CoarseDepth
from rgbt_perception.models.confidence_depth import ConfidenceDepth, DepthPrediction
from rgbt_perception.training.dataset import TrainingPairs, ValidationPairs, collate
from rgbt_perception.training.losses import (
    FARTHEST_M,
    Truth,
    confidence_loss,
    depth_losses,
    edge_loss,
    laplace_loss,
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


def _prediction(rgb_depth: float, thermal_depth: float, logits: tuple[float, float]):
    flat = torch.ones(1, 1, 8, 8)
    coarse = CoarseDepth(flat * float(np.log(thermal_depth)), flat, flat)
    chosen = torch.tensor(logits).view(1, 2, 1, 1).expand(1, 2, 2, 2).clone().requires_grad_()
    return DepthPrediction(flat, flat, flat, coarse, coarse, flat * rgb_depth, chosen)


def test_confidence_learns_which_camera_is_better():
    truth = truth_of(torch.full((1, 1, 8, 8), 10.0))
    prediction = _prediction(rgb_depth=10.1, thermal_depth=20.0, logits=(0.0, 0.0))
    confidence_loss(prediction, truth, truth).backward()
    gradient = prediction.confidence_logits.grad
    assert (gradient[:, 0] < 0).all()  # a step down the gradient raises RGB
    assert (gradient[:, 1] > 0).all()


def test_confidence_learns_nothing_where_rgb_does_not_land():
    truth = truth_of(torch.full((1, 1, 8, 8), 10.0))
    prediction = _prediction(rgb_depth=0.0, thermal_depth=20.0, logits=(0.5, 0.5))
    assert confidence_loss(prediction, truth, truth) == 0


def test_masked_truth_is_not_counted():
    ones = torch.ones(1, 1, 2, 2)
    masked = Truth(ones, ones, ones).where(torch.zeros_like(ones))
    assert not masked.valid.any()
    assert not masked.sky.any()


def test_all_terms_are_finite_with_missing_cameras_and_weigh_as_told(recording):
    torch.manual_seed(0)
    config = replace(AugmentationConfig(), drop_rgb=0.4, drop_thermal=0.4)
    pairs = TrainingPairs([recording], 96, 64, config, seed=3)
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
    pairs = ValidationPairs([recording], 96, 64)
    batch = collate([pairs[index] for index in range(4)])
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
        assert history[-1][name] < 0.35 * history[0][name]
