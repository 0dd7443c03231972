import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from rgbt_perception.engines.choice import model_path
from rgbt_perception.errors import InputError
from rgbt_perception.models.confidence_depth import (
    ConfidenceDepth,
    DeployedConfidenceDepth,
    DepthInputs,
)
from rgbt_perception.training.export import TOLERANCE, example_inputs, parity
from rgbt_perception.training.starting_weights import load_start

SHIPPED = "confidence_depth"


def _new():
    torch.manual_seed(2)
    return ConfidenceDepth()


def _predict(network):
    inputs = {name: torch.from_numpy(array) for name, array in example_inputs(64, 128).items()}
    with torch.no_grad():
        return network.eval()(DepthInputs(**inputs))


def test_an_exported_network_can_be_read_back():
    network = _new()
    assert load_start(network, SHIPPED) == []
    deployed = DeployedConfidenceDepth(network).eval()
    assert parity(deployed, model_path(SHIPPED), example_inputs(256, 320)) <= TOLERANCE


def test_single_parts_can_be_taken():
    trained, network = _new(), _new()
    load_start(trained, SHIPPED)
    fresh = load_start(network, SHIPPED, ("rgb_network",))
    assert "rgb_network" not in fresh
    assert {"thermal_network", "fusion"} <= set(fresh)
    found, expected = _predict(network), _predict(trained)
    torch.testing.assert_close(found.rgb.log_depth, expected.rgb.log_depth, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(found.thermal.log_depth, expected.thermal.log_depth, atol=1e-3)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["neither a file"]),
        (b"\xff\xff\xff\xff", ["not an ONNX file"]),
        (b"", ["no weights"]),
    ],
)
def test_what_cannot_be_a_beginning_is_told(tmp_path, content, words):
    path = tmp_path / "x.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as error:
        load_start(ConfidenceDepth(), str(path))
    assert str(path) in str(error.value)
    assert all(word in str(error.value) for word in words)


def test_another_network_is_refused():
    class Other(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fusion = torch.nn.Conv2d(1, 1, 1)

    with pytest.raises(InputError, match="not the weights of this network"):
        load_start(Other(), SHIPPED)
