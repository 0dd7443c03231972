"""Encoders of transformers in front of our decoder. All weights are random."""

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from rgbt_perception.errors import InputError
from rgbt_perception.models.backbone import STRIDES, Backbone
from rgbt_perception.models.coarse_depth import FEATURE_STRIDE, FEATURES, CoarseDepthNetwork
from rgbt_perception.models.network_config import NetworkConfig

HEIGHT, WIDTH = 64, 96
WIDTHS = (8, 12, 16, 20)
NAMES = ("segformer-b0", "segformer-b1", "swin-tiny", "efficientnet-b0", "mobilenet-v2")


def _picture(channels: int = 3):
    random = torch.Generator().manual_seed(0)
    return torch.rand(2, channels + 3, HEIGHT, WIDTH, generator=random) * 4 - 2


@pytest.mark.parametrize("name", NAMES)
def test_the_pyramid_has_our_widths_at_the_four_strides_and_learns(name):
    torch.manual_seed(0)
    backbone = Backbone(1, NetworkConfig(backbone=name), WIDTHS)
    maps = backbone(_picture(1))
    assert [tuple(item.shape) for item in maps] == [
        (2, width, HEIGHT // stride, WIDTH // stride)
        for width, stride in zip(WIDTHS, STRIDES, strict=True)
    ]
    sum(item.square().mean() for item in maps).backward()
    gradients = [p.grad for p in backbone.parameters() if p.grad is not None]
    assert all(torch.isfinite(gradient).all() for gradient in gradients)
    # All but what classifiers have on top.
    assert len(gradients) > 0.95 * len(list(backbone.parameters()))
    assert backbone.enter.weight.grad.abs().min() > 0


@pytest.mark.parametrize("name", ["efficientnet-b0", "mobilenet-v2"])
def test_random_encoders_say_something_and_their_statistics_settle(name):
    torch.manual_seed(0)
    backbone = Backbone(3, NetworkConfig(backbone=name), WIDTHS)
    for module in backbone.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            assert module.momentum == 0.1
            assert (module.weight == 1).all()
    assert all(item.std() > 1e-3 for item in backbone(_picture()))


@pytest.mark.parametrize("channels", [1, 3])
def test_at_first_the_encoder_sees_the_picture_in_the_range_of_its_weights(channels):
    backbone = Backbone(channels, NetworkConfig(backbone="segformer-b0"), WIDTHS)
    colour = torch.rand(1, channels, 4, 4)
    rest = torch.rand(1, 3, 4, 4)  # mask and offsets do not matter yet
    found = backbone.enter(torch.cat([(colour - 0.5) * 4, rest], dim=1))
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    torch.testing.assert_close(found, (colour.expand(1, 3, 4, 4) - mean) / std)


def _saved(folder, **options):
    torch.manual_seed(9)
    model = transformers.SegformerModel(transformers.SegformerConfig(**options))
    model.save_pretrained(folder)
    return model


def test_local_weights_are_taken(tmp_path):
    model = _saved(tmp_path)
    config = NetworkConfig(backbone="segformer-b0", backbone_weights=str(tmp_path))
    backbone = Backbone(1, config, WIDTHS)
    found = backbone.encoder.state_dict()
    assert found.keys() == model.state_dict().keys()
    assert all(torch.equal(value, found[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("segformer-b0", None, ["no such folder", "nothing is downloaded"]),
        ("segformer-b1", {}, ["not weights of segformer-b1"]),
        ("mobilenet-v2", {}, ["not weights of mobilenet-v2"]),
    ],
)
def test_weights_of_something_else_are_refused_in_one_line(tmp_path, name, options, words):
    folder = tmp_path / "weights"
    if options is not None:
        _saved(folder, **options)
    with pytest.raises(InputError) as error:
        Backbone(3, NetworkConfig(backbone=name, backbone_weights=str(folder)), WIDTHS)
    assert "\n" not in str(error.value)
    for word in [str(folder), *words]:
        assert word in str(error.value)


def test_the_coarse_network_gives_the_same_things_with_another_encoder():
    network = CoarseDepthNetwork(1, NetworkConfig(backbone="mobilenet-v2")).eval()
    K = torch.tensor([[[90.0, 0, 64], [0, 90.0, 32], [0, 0, 1]]])
    ones = torch.ones(1, 1, 64, 128)
    with torch.no_grad():
        coarse = network(torch.rand(1, 1, 64, 128), ones, K)
    assert coarse.log_depth.shape == (1, 1, 64, 128)
    assert coarse.features.shape == (1, FEATURES, 64 // FEATURE_STRIDE, 128 // FEATURE_STRIDE)
    assert not any(name.startswith("stage") for name in network.state_dict())
