from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from rgbt_perception.models.fusion_network import CORRECTION_BOUND, feathered
from rgbt_perception.models.scene import (
    DeployedScene,
    Scene,
    SceneInputs,
    luminance_and_chroma,
)
from rgbt_perception.models.scene_config import SceneConfig
from rgbt_perception.models.segmentation_network import LOGITS_STRIDE
from rgbt_perception.scene.classes import SCENE_CLASSES

HEIGHT, WIDTH = 64, 96


def _inputs(seed: int = 0, batch: int = 1) -> SceneInputs:
    generator = torch.Generator().manual_seed(seed)

    def random(channels):
        return torch.rand(batch, channels, HEIGHT, WIDTH, generator=generator)

    ones = torch.ones(batch, 1, HEIGHT, WIDTH)
    return SceneInputs(random(3), ones, random(1), ones.clone())


def _network(**config) -> Scene:
    torch.manual_seed(0)
    network = Scene(SceneConfig(**config))
    # The last layer starts flat; what it may and may not do must be seen on strong output.
    torch.nn.init.normal_(network.fusion.leave.weight, std=2.0)
    return network.eval()


@pytest.fixture(scope="module")
def network():
    return _network()


def test_small_enough_and_of_the_promised_shapes(network):
    assert sum(p.numel() for p in network.parameters()) <= 6e6
    inputs = _inputs(batch=2)
    with torch.no_grad():
        found = network(inputs)
        fused, weight, logits = DeployedScene(network)(
            inputs.rgb, inputs.rgb_mask, inputs.thermal, inputs.thermal_mask
        )
    assert found.fused.shape == found.weight.shape == (2, 1, HEIGHT, WIDTH)
    small = (HEIGHT // LOGITS_STRIDE, WIDTH // LOGITS_STRIDE)
    assert found.logits.shape == (2, len(SCENE_CLASSES), *small)
    assert logits.shape == (2, len(SCENE_CLASSES), HEIGHT, WIDTH)
    assert 0 <= float(fused.min()) <= float(fused.max()) <= 1
    assert 0 <= float(weight.min()) <= float(weight.max()) <= 1
    assert float(weight.std()) > 0.1


def test_no_ghosts_where_rgb_is_not_seen(network):
    inputs = _inputs()
    inputs.rgb_mask[..., 20:50, 30:70] = 0
    hidden = inputs.rgb_mask == 0
    other_inside = replace(inputs, rgb=torch.where(hidden, 1 - inputs.rgb, inputs.rgb))
    other_outside = replace(inputs, rgb=torch.where(hidden, inputs.rgb, 1 - inputs.rgb))
    with torch.no_grad():
        found, inside, outside = (network(x) for x in (inputs, other_inside, other_outside))
    # What lies under the mask has no say anywhere, labels included.
    assert torch.equal(found.fused, inside.fused)
    assert torch.equal(found.logits, inside.logits)
    # What stands beside the hole does not leak into it.
    assert torch.equal(found.fused[hidden], inputs.thermal[hidden])
    assert torch.equal(outside.fused[hidden], inputs.thermal[hidden])
    assert not found.weight[hidden].any()
    assert not torch.equal(found.fused[~hidden], outside.fused[~hidden])


def test_the_thermal_picture_fades_out_at_a_hole_without_a_seam():
    mask = torch.ones(1, 1, 32, 32)
    assert torch.equal(feathered(mask), mask)
    mask[..., 16:] = 0
    row = feathered(mask)[0, 0, 16]
    assert not row[16:].any()
    assert float(row[15]) < 0.35
    assert torch.equal(row[:8], torch.ones(8))
    assert torch.all(row[:16].diff() <= 0)


@pytest.mark.parametrize("attention", ["own", "shared", "none"])
def test_an_absent_camera_leaves_the_other_one(attention):
    network = _network(attention=attention)
    inputs = _inputs()
    none = torch.zeros_like(inputs.rgb_mask)
    luminance, _ = luminance_and_chroma(inputs.rgb)
    with torch.no_grad():
        without_rgb = network(replace(inputs, rgb_mask=none))
        without_thermal = network(replace(inputs, thermal_mask=none))
        blind = network(replace(inputs, rgb_mask=none, thermal_mask=none))
        anything = network(replace(inputs, rgb=inputs.rgb * 0.3, rgb_mask=none))
    assert torch.equal(without_rgb.fused, inputs.thermal)
    torch.testing.assert_close(without_thermal.fused, luminance)
    assert torch.equal(anything.logits, without_rgb.logits)
    assert not blind.fused.any()
    for found in (without_rgb, without_thermal, blind):
        assert torch.isfinite(found.logits).all()


def test_the_fused_picture_is_bound_to_the_cameras(network):
    inputs = _inputs(seed=3)
    luminance, _ = luminance_and_chroma(inputs.rgb)
    with torch.no_grad():
        found = network(inputs)
    mixture = found.weight * luminance + (1 - found.weight) * inputs.thermal
    assert float((found.fused - mixture).abs().max()) <= CORRECTION_BOUND + 1e-6
    assert float((found.fused - mixture).abs().max()) > 0.05


@pytest.mark.parametrize("config", [{}, {"attention": "shared", "thermal_input": False}])
def test_gradients_reach_every_parameter(config):
    network = _network(**config).train()
    found = network(_inputs(seed=5))
    (found.fused.square().mean() + found.logits.square().mean()).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
    # A softmax does not see what shifts all its scores, so a key's bias has no gradient.
    dead = [n for n, p in network.named_parameters() if not p.grad.any()]
    assert not dead


def test_labels_teach_the_fusion_only_when_coupled():
    network = _network().train()
    for couple in (True, False):
        network.zero_grad()
        network(_inputs(), couple=couple).logits.square().mean().backward()
        learned = network.fusion.leave.weight.grad
        assert (learned is not None and bool(learned.any())) == couple
        assert network.segmentation.classify.weight.grad is not None


def test_shared_attention_has_one_set_of_parameters():
    own, shared, none = (
        sum(p.numel() for p in Scene(SceneConfig(attention=kind)).fusion.attention.parameters())
        for kind in ("own", "shared", "none")
    )
    assert own == 2 * shared > 0
    assert none == 0


def test_without_thermal_input_labels_see_the_fused_picture_only():
    network = _network(thermal_input=False)
    inputs = _inputs()
    picture, extra = torch.rand(1, 3, HEIGHT, WIDTH), torch.rand(1, 3, HEIGHT, WIDTH)
    with torch.no_grad():
        assert torch.equal(
            network.segmentation(picture, extra), network.segmentation(picture, extra * 0)
        )
        with_thermal = _network()
        assert not torch.equal(
            with_thermal.segmentation(picture, extra),
            with_thermal.segmentation(picture, extra * 0),
        )
        assert network(inputs).logits.isfinite().all()


def test_grey_has_no_chroma_and_luminance_is_opencvs():
    cv2 = pytest.importorskip("cv2")
    rgb = torch.rand(1, 3, 4, 5)
    luminance, chroma = luminance_and_chroma(rgb)
    reference = cv2.cvtColor(rgb[0].permute(1, 2, 0).numpy(), cv2.COLOR_RGB2YCrCb)
    torch.testing.assert_close(luminance[0, 0], torch.from_numpy(reference[..., 0]))
    torch.testing.assert_close(
        chroma[0],
        torch.from_numpy(reference[..., [2, 1]] - 0.5).permute(2, 0, 1),
        atol=2e-3,
        rtol=0,
    )
    _, nothing = luminance_and_chroma(torch.full((1, 3, 2, 2), 0.4))
    assert float(nothing.abs().max()) < 1e-6


def test_a_named_encoder_works_too():
    pytest.importorskip("transformers")
    torch.manual_seed(0)
    network = Scene(SceneConfig(backbone="segformer-b0")).eval()
    with torch.no_grad():
        found = network(_inputs())
    assert found.logits.shape[1] == len(SCENE_CLASSES)
    assert float(found.logits.std()) > 0
