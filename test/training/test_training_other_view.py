"""A plane and a step seen by both cameras: truth costs nothing, errors cost their size."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import cv2
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbt_perception.models.coarse_depth import FEATURE_STRIDE, CoarseDepth
from rgbt_perception.models.confidence_depth import DepthInputs, DepthPrediction
from rgbt_perception.models.cross_modal import splat, view
from rgbt_perception.training.dataset import DepthBatch, ValidationPairs
from rgbt_perception.training.joined_pairs import collate
from rgbt_perception.training.losses import depth_losses
from rgbt_perception.training.other_view import fused_in_rgb, rgb_in_thermal
from rgbt_perception.training.recipe import LossConfig

HEIGHT, WIDTH = 64, 128


def _plane(K: np.ndarray, normal: np.ndarray, distance: float) -> np.ndarray:
    """Depth of the plane normal . X = distance, float64, metres."""
    u, v = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    rays = np.linalg.inv(K) @ np.stack([u, v, np.ones_like(u)]).reshape(3, -1)
    return (distance / (normal @ rays)).reshape(HEIGHT, WIDTH)


def _tensor(array: np.ndarray):
    return torch.from_numpy(np.asarray(array, np.float32))[None, None]


def _scene(tilt: tuple[float, float] = (0.0, 0.0), shift=(0.15, -0.03, 0.02), turn=0.02):
    """A wall about 6 m away in both views, with inputs that hold the geometry."""
    rgb_K = np.array([[80.0, 0, 47.0], [0, 80, 30], [0, 0, 1]])
    thermal_K = np.array([[95.0, 0, 50.0], [0, 95, 33], [0, 0, 1]])
    pose = np.eye(4)
    pose[:3, :3] = cv2.Rodrigues(np.array([0.01, turn, -0.01]))[0]
    pose[:3, 3] = shift
    normal = np.array([*tilt, 1.0])
    # R X + t = Y: the same plane in the thermal frame.
    thermal_normal = pose[:3, :3] @ normal
    rgb = _plane(rgb_K, normal, 6.0)
    thermal = _plane(thermal_K, thermal_normal, 6.0 + thermal_normal @ pose[:3, 3])
    ones = torch.ones(1, 1, HEIGHT, WIDTH)
    matrices = [torch.from_numpy(m.astype(np.float32))[None] for m in (rgb_K, thermal_K, pose)]
    inputs = DepthInputs(
        ones.expand(-1, 3, -1, -1), ones, ones, ones, *matrices, gate=torch.ones(1)
    )
    return _tensor(rgb), _tensor(thermal), inputs


def _prediction(rgb, thermal, inputs: DepthInputs) -> DepthPrediction:
    """These metres as coarse RGB depth and as fused depth, which want a gradient."""
    log_rgb = torch.log(rgb).requires_grad_()
    log_fused = torch.log(thermal).requires_grad_()
    landed = splat(
        torch.exp(log_rgb),
        inputs.rgb_mask,
        view(inputs.rgb_intrinsics, HEIGHT, WIDTH),
        inputs.thermal_intrinsics,
        inputs.thermal_T_rgb,
    )
    coarse = [CoarseDepth(x, x, x) for x in (log_rgb, log_fused)]
    known = torch.ones_like(thermal)
    logits = torch.zeros(1, 2, HEIGHT // FEATURE_STRIDE, WIDTH // FEATURE_STRIDE)
    return DepthPrediction(
        log_fused, torch.zeros_like(known), known, *coarse, landed, landed, logits
    )


def _truth(depth):
    valid = torch.isfinite(depth)
    return torch.cat([torch.log(torch.where(valid, depth, 1.0)), valid.float()], dim=1)


def _errors(prediction, rgb, thermal, inputs):
    arguments = prediction, _truth(rgb), _truth(thermal), inputs
    return rgb_in_thermal(*arguments), fused_in_rgb(*arguments)


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2)),
    st.tuples(st.floats(-0.3, 0.3), st.floats(-0.2, 0.2), st.floats(-0.2, 0.2)),
    st.floats(-0.05, 0.05),
)
def test_truth_costs_nothing(tilt, shift, turn):
    rgb, thermal, inputs = _scene(tilt, shift, turn)
    (landing, landed), (looked_up, seen) = _errors(
        _prediction(rgb, thermal, inputs), rgb, thermal, inputs
    )
    assert landed.mean() > 0.4
    assert seen.mean() > 0.4
    assert looked_up.abs().max() < 1e-3
    # A point lands up to half a pixel from its place, and a crack takes its neighbour's depth.
    assert landing.abs().max() < 2 * 1.5 * (abs(tilt[0]) + abs(tilt[1]) + 0.06) / 80 + 1e-3


@pytest.mark.parametrize("factor", [1.1, 0.8, 1.5])
def test_wrong_depth_costs_its_error(factor):
    rgb, thermal, inputs = _scene()
    (landing, landed), (looked_up, seen) = _errors(
        _prediction(rgb * factor, thermal * factor, inputs), rgb, thermal, inputs
    )
    for error, counts in ((landing, landed), (looked_up, seen)):
        mean = float(error.detach().sum() / counts.sum())
        assert mean == pytest.approx(np.log(factor), abs=0.02)


def test_gradients_reach_both_depths_and_pull_to_the_truth():
    rgb, thermal, inputs = _scene(tilt=(0.1, 0.0))
    prediction = _prediction(1.3 * rgb, 1.3 * thermal, inputs)
    (landing, _), (looked_up, _) = _errors(prediction, rgb, thermal, inputs)
    (landing.abs().sum() + looked_up.abs().sum()).backward()
    for depth in (prediction.rgb.log_depth, prediction.log_depth):
        assert (depth.grad >= -1e-6).all()  # down the gradient means nearer
        assert (depth.grad > 0).float().mean() > 0.2


def test_a_surface_that_one_camera_looks_past_does_not_count():
    rgb, thermal, inputs = _scene(shift=(0.5, 0.0, 0.0), turn=0.0)
    # A pole at 2 m whose place is moved by the parallax: to the right in the thermal view.
    rgb_pole, thermal_pole = rgb.clone(), thermal.clone()
    rgb_pole[..., 40:50] = 2.0
    thermal_pole[..., 65:77] = 2.0
    prediction = _prediction(rgb_pole, thermal_pole, inputs)
    (_, landed), (looked_up, seen) = _errors(prediction, rgb_pole, thermal_pole, inputs)
    rows = slice(6, -6)  # both cameras' pictures reach there
    assert seen[..., rows, 21:24].mean() > 0.9
    behind = seen[..., rows, 28:30]  # wall that the pole hides from the thermal camera
    assert behind.mean() < 0.3
    assert looked_up.abs().max() < 0.06
    assert landed.mean() > 0.5


def test_what_is_unknown_does_not_count():
    rgb, thermal, inputs = _scene()
    hole = torch.full_like(rgb, torch.nan)
    prediction = _prediction(rgb, thermal, inputs)
    for a, b in ((hole, thermal), (rgb, hole)):
        (landing, landed), (looked_up, seen) = _errors(prediction, a, b, inputs)
        assert not landed.any()
        assert not seen.any()
        assert torch.isfinite(landing).all()
        assert torch.isfinite(looked_up).all()
    unknown = replace(prediction, known=torch.zeros_like(thermal), rgb_depth=torch.zeros_like(rgb))
    (_, landed), (_, seen) = _errors(unknown, rgb, thermal, inputs)
    assert not landed.any()
    assert not seen.any()


def test_the_made_up_world_is_seen_alike_by_both_cameras(recording):
    """The geometry of the data set and of this loss are one and the same."""
    batch = collate([ValidationPairs([recording], WIDTH, HEIGHT)[0]])
    rgb, thermal = (
        torch.where(torch.isfinite(depth), depth, 500.0)
        for depth in (batch.rgb_truth, batch.thermal_truth)
    )
    prediction = _prediction(rgb, thermal, batch.inputs)
    truths = batch.rgb_truth, batch.thermal_truth, batch.inputs
    for error, counts in _errors(prediction, *truths):
        assert counts.mean() > 0.2
        assert error.abs().sum() / counts.sum() < 0.02


def test_the_weight_decides_whether_and_how_much():
    rgb, thermal, inputs = _scene()
    batch = DepthBatch(inputs, rgb, thermal)
    prediction = _prediction(1.2 * rgb, 1.2 * thermal, inputs)
    terms, doubled, without = (
        depth_losses(prediction, batch, LossConfig(other_view=weight)) for weight in (0.2, 0.4, 0.0)
    )
    for name in ("rgb_in_thermal", "fused_in_rgb"):
        assert terms[name] > 0.01
        torch.testing.assert_close(doubled[name], 2 * terms[name])
        assert name not in without
    exact = depth_losses(_prediction(rgb, thermal, inputs), batch, LossConfig())
    assert exact["fused_in_rgb"] < 1e-4
    assert exact["rgb_in_thermal"] < 1e-3
