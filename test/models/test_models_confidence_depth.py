from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rgbt_perception.models.coarse_depth import MAX_DEPTH, MIN_DEPTH
from rgbt_perception.models.confidence_depth import (
    ConfidenceDepth,
    DeployedConfidenceDepth,
    DepthInputs,
    confidence,
)

HEIGHT, WIDTH = 64, 128


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(3)
    network = ConfidenceDepth()
    # The heads start flat; give every output something to say.
    for head in (network.rgb_network.head, network.thermal_network.head, network.fusion.head):
        torch.nn.init.normal_(head[1].weight, std=0.4)
    torch.nn.init.normal_(network.confidence_predictor.head.weight, std=1.0)
    return network.eval()


def _inputs(height: int = HEIGHT, width: int = WIDTH, seed: int = 0) -> DepthInputs:
    random = torch.Generator().manual_seed(seed)
    K = torch.tensor([[[90.0, 0, width / 2], [0, 90.0, height / 2], [0, 0, 1]]])
    pose = torch.eye(4)[None].clone()
    pose[0, 0, 3] = 0.15
    ones = torch.ones(1, 1, height, width)
    return DepthInputs(
        torch.rand(1, 3, height, width, generator=random),
        torch.rand(1, 1, height, width, generator=random),
        ones,
        ones.clone(),
        K,
        K.clone(),
        pose,
        torch.ones(1),
    )


def _run(network, inputs: DepthInputs) -> tuple[np.ndarray, ...]:
    with torch.no_grad():
        outputs = DeployedConfidenceDepth(network)(*vars(inputs).values())
    return tuple(output.numpy() for output in outputs)


def _check_values(outputs):
    depth, sure, thermal, rgb = outputs
    for array in outputs:
        assert np.isfinite(array).all()
    for array in (depth, thermal):
        known = array[array != 0]
        assert (known >= MIN_DEPTH * 0.999).all()
        assert (known <= MAX_DEPTH * 1.001).all()
    assert (rgb >= 0).all()
    assert ((sure >= 0) & (sure <= 1)).all()


@pytest.mark.parametrize(("height", "width"), [(64, 128), (128, 192)])
def test_outputs_have_the_size_of_the_inputs(network, height, width):
    outputs = _run(network, _inputs(height, width))
    assert [output.shape for output in outputs] == [(1, 1, height, width)] * 4
    _check_values(outputs)
    assert outputs[0].std() > 0


def test_size_is_compact(network):
    assert 2e6 < sum(parameter.numel() for parameter in network.parameters()) < 4e6


def test_gate_0_holds_both_confidences_at_one_half(network):
    inputs = _inputs()
    closed = replace(inputs, gate=torch.zeros(1))
    before, open_before = _run(network, closed)[0], _run(network, inputs)[0]
    bias = network.confidence_predictor.head.bias
    with torch.no_grad():
        kept = bias.clone()
        bias += torch.tensor([3.0, -3.0])
        after, open_after = _run(network, closed)[0], _run(network, inputs)[0]
        bias.copy_(kept)
    np.testing.assert_array_equal(before, after)
    assert np.abs(open_before - open_after).max() > 1e-3


def test_confident_rgb_pulls_the_depth_to_it(network):
    inputs = _inputs()
    with torch.no_grad():
        bias = network.confidence_predictor.head.bias
        kept, residual = bias.clone(), network.fusion.head[1].weight.clone()
        network.fusion.head[1].weight.zero_()
        bias.copy_(torch.tensor([12.0, -12.0]))
        trusting_rgb, _, thermal, rgb = _run(network, inputs)
        bias.copy_(torch.tensor([-12.0, 12.0]))
        trusting_thermal = _run(network, inputs)[0]
        bias.copy_(kept)
        network.fusion.head[1].weight.copy_(residual)
    landed = rgb > 0
    np.testing.assert_allclose(trusting_rgb[landed], rgb[landed], rtol=0.01)
    np.testing.assert_allclose(trusting_thermal, thermal, rtol=0.01)


def test_absent_rgb_has_no_influence_and_no_depth(network):
    inputs = replace(_inputs(), rgb_mask=torch.zeros(1, 1, HEIGHT, WIDTH))
    other = replace(
        inputs,
        rgb=1 - inputs.rgb,
        rgb_intrinsics=torch.zeros(1, 3, 3),
        thermal_T_rgb=torch.zeros(1, 4, 4),
    )
    outputs, others = _run(network, inputs), _run(network, other)
    _check_values(others)
    assert not outputs[3].any()
    assert (outputs[0] > 0).all()
    for a, b in zip(outputs, others, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_without_thermal_depth_stands_where_rgb_lands(network):
    absent = replace(_inputs(), thermal_mask=torch.zeros(1, 1, HEIGHT, WIDTH))
    pose = absent.thermal_T_rgb.clone()
    pose[0, 0, 3] = 1.5  # far to the side: a part of the view is not seen by RGB
    absent = replace(absent, thermal_T_rgb=pose)
    outputs = _run(network, absent)
    others = _run(network, replace(absent, thermal=1 - absent.thermal))
    _check_values(outputs)
    depth, sure, thermal, rgb = outputs
    assert 0 < np.mean(rgb > 0) < 1
    np.testing.assert_array_equal(depth > 0, rgb > 0)
    np.testing.assert_array_equal(sure > 0, rgb > 0)
    assert not thermal.any()
    for a, b in zip(outputs, others, strict=True):
        np.testing.assert_array_equal(a, b)


def test_without_cameras_nothing_is_known(network):
    zeros = torch.zeros(1, 1, HEIGHT, WIDTH)
    outputs = _run(network, replace(_inputs(), rgb_mask=zeros, thermal_mask=zeros))
    for output in outputs:
        assert not output.any()


def test_padding_is_not_looked_at(network):
    mask = torch.ones(1, 1, HEIGHT, WIDTH)
    mask[..., :16, :] = 0
    inputs = replace(_inputs(), rgb_mask=mask, thermal_mask=mask)
    other = replace(
        inputs,
        rgb=torch.where(mask > 0, inputs.rgb, torch.tensor(0.7)),
        thermal=torch.where(mask > 0, inputs.thermal, torch.tensor(0.3)),
    )
    for a, b in zip(_run(network, inputs), _run(network, other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


@pytest.mark.parametrize("factor", [0.7, 1.4])
def test_depth_scales_with_the_focal_length(network, factor):
    inputs = replace(_inputs(), thermal_T_rgb=torch.eye(4)[None])
    zoom = torch.tensor([[[factor, 1, 1], [1, factor, 1], [1, 1, 1]]])
    longer = replace(
        inputs,
        rgb_intrinsics=inputs.rgb_intrinsics * zoom,
        thermal_intrinsics=inputs.thermal_intrinsics * zoom,
    )
    before, after = _run(network, inputs), _run(network, longer)
    for index in (0, 2, 3):
        bounded = (before[index] * factor > MIN_DEPTH) & (before[index] * factor < MAX_DEPTH)
        bounded &= (before[index] > MIN_DEPTH) & (before[index] < MAX_DEPTH)
        assert bounded.mean() > 0.5
        np.testing.assert_allclose(
            after[index][bounded], factor * before[index][bounded], rtol=1e-3
        )
    np.testing.assert_allclose(after[1], before[1], atol=1e-3)


def test_a_batch_equals_its_samples(network):
    first, second = _inputs(seed=1), replace(_inputs(seed=2), gate=torch.zeros(1))
    both = DepthInputs(
        *(torch.cat(pair) for pair in zip(vars(first).values(), vars(second).values(), strict=True))
    )
    together = _run(network, both)
    for index, single in enumerate((first, second)):
        for a, b in zip(together, _run(network, single), strict=True):
            np.testing.assert_allclose(a[index], b[0], rtol=1e-3, atol=1e-4)


def test_gradients_are_finite_whatever_is_missing(network):
    zeros, ones = torch.zeros(1, 1, HEIGHT, WIDTH), torch.ones(1, 1, HEIGHT, WIDTH)
    for rgb_mask, thermal_mask in ((ones, ones), (zeros, ones), (ones, zeros), (zeros, zeros)):
        network.zero_grad()
        prediction = network(replace(_inputs(), rgb_mask=rgb_mask, thermal_mask=thermal_mask))
        total = prediction.log_depth.sum() + prediction.log_scale.sum()
        (total + prediction.confidence_logits.sum() + prediction.rgb_depth.sum()).backward()
        for parameter in network.parameters():
            assert parameter.grad is None or torch.isfinite(parameter.grad).all()


def test_confidence_is_the_laplace_probability_of_25_percent():
    scales = np.array([0.05, 0.3, 1.0])
    errors = np.random.default_rng(0).laplace(size=200_000)[:, None] * scales
    share = np.mean(np.abs(errors) < np.log(1.25), axis=0)
    found = confidence(torch.log(torch.from_numpy(scales))).numpy()
    np.testing.assert_allclose(found, share, atol=0.01)
