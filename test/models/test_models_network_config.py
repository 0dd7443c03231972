"""The variants of system A: what each one leaves out, and that nothing else moves."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rgbt_perception.models.coarse_depth import FEATURE_STRIDE, FEATURES, STEM, STEM_STRIDE
from rgbt_perception.models.confidence_depth import (
    ConfidenceDepth,
    DeployedConfidenceDepth,
    DepthInputs,
)
from rgbt_perception.models.network_config import NetworkConfig

HEIGHT, WIDTH = 64, 128


def _network(**variant) -> ConfidenceDepth:
    torch.manual_seed(3)
    network = ConfidenceDepth(NetworkConfig(**variant))
    # The heads start flat; give every output something to say.
    for head in (network.rgb_network.head, network.thermal_network.head, network.fusion.head):
        torch.nn.init.normal_(head[1].weight, std=0.4)
    if network.confidence_predictor is not None:
        torch.nn.init.normal_(network.confidence_predictor.head.weight, std=1.0)
    return network.eval()


def _inputs(shift: float = 0.15) -> DepthInputs:
    random = torch.Generator().manual_seed(0)
    K = torch.tensor([[[90.0, 0, WIDTH / 2], [0, 90.0, HEIGHT / 2], [0, 0, 1]]])
    pose = torch.eye(4)[None].clone()
    pose[0, 0, 3] = shift
    ones = torch.ones(1, 1, HEIGHT, WIDTH)
    return DepthInputs(
        torch.rand(1, 3, HEIGHT, WIDTH, generator=random),
        torch.rand(1, 1, HEIGHT, WIDTH, generator=random),
        ones,
        ones.clone(),
        K,
        K.clone(),
        pose,
        torch.ones(1),
    )


def _run(network, inputs: DepthInputs):
    with torch.no_grad():
        return network(inputs)


def _parts(network) -> set[str]:
    return {name.rpartition(".")[0] for name in network.state_dict()}


def test_without_arguments_the_shipped_variant_is_built():
    plain, configured = ConfidenceDepth(), _network()
    assert list(plain.state_dict()) == list(configured.state_dict())


def test_the_shipped_weights_fit_and_give_what_they_gave():
    pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    from rgbt_perception.engines.choice import model_path
    from rgbt_perception.training.export import TOLERANCE, example_inputs, parity
    from rgbt_perception.training.starting_weights import load_start

    network = ConfidenceDepth(NetworkConfig())
    load_start(network, "confidence_depth")
    deployed = DeployedConfidenceDepth(network).eval()
    assert parity(deployed, model_path("confidence_depth"), example_inputs(256, 320)) < TOLERANCE


@pytest.mark.parametrize(
    ("variant", "gone"),
    [
        ({"attention": False}, ("fusion.thermal_asks_rgb", "fusion.rgb_asks_thermal")),
        ({"confidence": "none"}, ("confidence_predictor",)),
        ({"confidence": "image"}, ()),
        ({"warp": False}, ()),
    ],
)
def test_a_variant_lacks_only_its_part(variant, gone):
    full, less = _parts(ConfidenceDepth()), _parts(_network(**variant))
    assert less <= full
    assert {name for name in full - less if not name.startswith(gone or ("-",))} == set()
    assert bool(full - less) == bool(gone)


def test_without_warp_the_rig_does_not_matter_for_the_fused_depth():
    network = _network(warp=False)
    near, far = _run(network, _inputs(0.0)), _run(network, _inputs(0.6))
    torch.testing.assert_close(near.log_depth, far.log_depth)
    torch.testing.assert_close(near.confidence_logits, far.confidence_logits)
    # The RGB estimate itself is still reported where it belongs in the thermal view.
    assert not torch.equal(near.rgb_depth, far.rgb_depth)
    warped = _network()
    assert not torch.allclose(
        _run(warped, _inputs(0.0)).log_depth, _run(warped, _inputs(0.6)).log_depth
    )


def test_with_one_camera_centre_and_lens_the_warp_changes_nothing():
    inputs = _inputs(0.0)
    with_warp, without = _run(_network(), inputs), _run(_network(warp=False), inputs)
    torch.testing.assert_close(with_warp.rgb_evidence, without.rgb_evidence, rtol=1e-4, atol=1e-4)
    difference = (with_warp.log_depth - without.log_depth).abs()
    assert difference.median() < 1e-3


@pytest.mark.parametrize("attention", [True, False])
def test_only_attention_carries_evidence_across_the_picture(attention):
    fusion = _network(attention=attention).fusion
    random = torch.Generator().manual_seed(0)

    def features(channels: int, stride: int):
        return torch.randn(1, channels, HEIGHT // stride, WIDTH // stride, generator=random)

    rgb, thermal = (
        (
            features(FEATURES, FEATURE_STRIDE),
            features(1, FEATURE_STRIDE),
            features(STEM, STEM_STRIDE),
        )
        for _ in range(2)
    )
    mixed = []
    fusion.up8.register_forward_pre_hook(lambda _, given: mixed.append(given[0]))
    changed = thermal[0].clone()
    changed[..., :1, :1] += 5.0
    with torch.no_grad():
        for corner in (thermal[0], changed):
            confidence = torch.full((1, 2, *thermal[1].shape[2:]), 0.5)
            fusion(rgb, (corner, *thermal[1:]), torch.zeros_like(confidence), confidence)
    moved = (mixed[1] - mixed[0]).abs().amax(dim=1)[0]
    assert moved[0, 0] > 0
    assert (moved[-1, -1] > 1e-7) == attention


def test_one_confidence_for_a_picture_is_the_mean_over_what_the_camera_knows():
    pixel, image = _network(), _network(confidence="image")
    mask = torch.ones(1, 1, HEIGHT, WIDTH)
    mask[..., :16, :] = 0
    inputs = replace(_inputs(), thermal_mask=mask)
    each, one = _run(pixel, inputs).confidence_logits, _run(image, inputs).confidence_logits
    assert each.shape == one.shape
    assert each.std() > 0
    torch.testing.assert_close(one, one[..., :1, :1].expand_as(one))
    torch.testing.assert_close(one[0, 1, 0, 0], each[0, 1, 16 // FEATURE_STRIDE :].mean())


def test_without_confidence_the_gate_has_no_effect():
    network = _network(confidence="none")
    inputs = _inputs()
    opened, closed = _run(network, inputs), _run(network, replace(inputs, gate=torch.zeros(1)))
    assert torch.equal(opened.log_depth, closed.log_depth)
    assert not opened.confidence_logits.any()
    with_predictor = _network()
    with_predictor.load_state_dict(network.state_dict(), strict=False)
    # The same fusion with the confidences of the full network held at one half.
    held = _run(with_predictor, replace(inputs, gate=torch.zeros(1)))
    torch.testing.assert_close(held.log_depth, opened.log_depth)


@pytest.mark.parametrize(
    "variant",
    [{"warp": False}, {"attention": False}, {"confidence": "image"}, {"confidence": "none"}],
)
@pytest.mark.parametrize("absent", ["", "rgb_mask", "thermal_mask"])
def test_every_variant_gives_finite_depth_and_gradients_whatever_is_missing(variant, absent):
    network = _network(**variant)
    inputs = _inputs()
    if absent:
        inputs = replace(inputs, **{absent: torch.zeros(1, 1, HEIGHT, WIDTH)})
    outputs = DeployedConfidenceDepth(network)(*vars(inputs).values())
    for output in outputs:
        assert output.shape == (1, 1, HEIGHT, WIDTH)
        assert torch.isfinite(output).all()
    assert np.mean(outputs[0].detach().numpy() > 0) > 0.5
    (outputs[0].log1p().sum() + outputs[1].sum()).backward()
    for parameter in network.parameters():
        assert parameter.grad is None or torch.isfinite(parameter.grad).all()
