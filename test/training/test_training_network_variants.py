"""Variants of the network on their way from the recipe through a checkpoint to ONNX."""

from dataclasses import asdict, replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")

from rgbt_perception.engines.depth_exchange import INPUTS, OUTPUTS
from rgbt_perception.errors import InputError
from rgbt_perception.models import backbone
from rgbt_perception.models.confidence_depth import ConfidenceDepth, DeployedConfidenceDepth
from rgbt_perception.models.folding import fold_batchnorm
from rgbt_perception.models.network_config import NetworkConfig
from rgbt_perception.training.checkpoint import Checkpoint
from rgbt_perception.training.export import TOLERANCE, example_inputs, export_onnx, parity
from rgbt_perception.training.recipe_file import recipe_from_yaml

SIZE = (64, 128)
RECIPE = """
name: tiny
data:
  train: {first_seed: 0, count: 1, seconds: 1, rate: 1}
  validation: {first_seed: 800000, count: 1, seconds: 1, rate: 1}
"""


def _network(config: NetworkConfig) -> ConfidenceDepth:
    torch.manual_seed(1)
    network = ConfidenceDepth(config)
    # The heads start flat; parity must be seen on depth that varies.
    for head in (network.rgb_network.head, network.thermal_network.head, network.fusion.head):
        torch.nn.init.normal_(head[1].weight, std=1.0)
    return network.eval()


def test_a_variant_is_exported_with_the_same_inputs_and_outputs(tmp_path, monkeypatch):
    """Another one goes the whole way in ``test_training_cli``."""
    pytest.importorskip("transformers")
    # The exporter's time goes with the number of layers; one of each stage is enough.
    shallow = replace(backbone._ENCODERS["segformer-b0"], options={"depths": [1, 1, 1, 1]})
    monkeypatch.setitem(backbone._ENCODERS, "segformer-b0", shallow)
    network = _network(NetworkConfig(backbone="segformer-b0", confidence="none"))
    path = tmp_path / "model.onnx"
    assert export_onnx(network, path, *SIZE) <= TOLERANCE
    graph = onnx.load(path).graph
    assert [item.name for item in graph.input] == list(INPUTS)
    assert [item.name for item in graph.output] == list(OUTPUTS)
    inputs = example_inputs(*SIZE, seed=4)
    inputs["gate"] = np.zeros(1, np.float32)
    assert parity(DeployedConfidenceDepth(network).eval(), path, inputs) <= TOLERANCE


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize(
    "variant",
    [
        {"attention": False, "confidence": "image"},
        {"confidence": "none", "warp": False},
        {"backbone": "mobilenet-v2", "backbone_weights": "gone"},
    ],
)
def test_a_checkpoint_builds_the_variant_of_its_recipe(variant, folded):
    if "backbone" in variant:
        pytest.importorskip("transformers")
    config = NetworkConfig(**variant)
    network = _network(replace(config, backbone_weights=""))
    if folded:
        fold_batchnorm(network)
    recipe = {"network": asdict(config)}
    again = Checkpoint(1, "", recipe, network.state_dict()).network()
    assert again.warp == network.warp
    inputs = [torch.from_numpy(array) for array in example_inputs(*SIZE).values()]
    with torch.no_grad():
        found, wanted = (DeployedConfidenceDepth(n)(*inputs)[0] for n in (again, network))
    torch.testing.assert_close(found, wanted)


def test_a_checkpoint_from_before_there_were_variants_is_the_usual_network():
    network = _network(NetworkConfig())
    again = Checkpoint(1, "", {"name": "old"}, network.state_dict()).network()
    assert again.state_dict().keys() == network.state_dict().keys()


def test_a_checkpoint_of_another_version_is_refused():
    weights = _network(NetworkConfig()).state_dict()
    with pytest.raises(InputError, match=r"another version.*colour"):
        Checkpoint(1, "", {"network": {"colour": True}}, weights).network()


def test_the_recipe_file_names_the_variant():
    text = RECIPE + (
        "network: {warp: false, attention: false, confidence: image, backbone: segformer-b0}\n"
        "loss: {confidence_kind: laplace, other_view: 0}\n"
    )
    recipe = recipe_from_yaml(text, "r.yaml")
    assert recipe.network == NetworkConfig("segformer-b0", "", False, False, "image")
    assert recipe.loss.confidence_kind == "laplace"
    assert recipe.loss.other_view == 0.0
    assert recipe_from_yaml(RECIPE, "r.yaml").network == NetworkConfig()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("network: {warp: 1}", ["network.warp", "bool"]),
        ("network: {confidence: pixels}", ["network.confidence", "'pixels'", "pixel, image, none"]),
        ("network: {backbone: resnet}", ["network.backbone", "'resnet'", "mobilenet-v2"]),
        ("network: {backbone: 3}", ["network.backbone", "segformer-b0"]),
        ("network: {backbone_weights: x}", ["network.backbone_weights", "network.backbone"]),
        ("loss: {confidence_kind: gauss}", ["loss.confidence_kind", "advantage, laplace"]),
    ],
)
def test_a_bad_choice_is_told_with_what_was_expected(line, words):
    with pytest.raises(InputError) as error:
        recipe_from_yaml(f"{RECIPE}{line}\n", "r.yaml")
    for word in ["r.yaml", *words]:
        assert word in str(error.value)
