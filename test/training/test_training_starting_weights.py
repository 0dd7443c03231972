import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from rgbt_perception.errors import InputError
from rgbt_perception.models.confidence_depth import ConfidenceDepth, DepthInputs
from rgbt_perception.training.export import example_inputs, export_onnx
from rgbt_perception.training.starting_weights import load_start

SIZE = (64, 128)


def _trained(seed):
    """As after some training: the exporter merges weights that are equal, as new ones may be."""
    torch.manual_seed(seed)
    network = ConfidenceDepth()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.01 * torch.randn_like(parameter)
        for name, value in network.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                value += 0.1 * torch.rand_like(value)
    return network.eval()


def _predict(network):
    inputs = {name: torch.from_numpy(array) for name, array in example_inputs(*SIZE).items()}
    with torch.no_grad():
        return network.eval()(DepthInputs(**inputs))


def test_an_exported_network_can_be_read_back(tmp_path):
    trained = _trained(1)
    export_onnx(trained, tmp_path / "model.onnx", *SIZE)
    torch.manual_seed(2)
    network = ConfidenceDepth()
    assert load_start(network, str(tmp_path / "model.onnx")) == []
    found, expected = _predict(network), _predict(trained)
    torch.testing.assert_close(found.log_depth, expected.log_depth, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(
        found.confidence_logits, expected.confidence_logits, rtol=1e-3, atol=1e-3
    )


def test_single_parts_can_be_taken(tmp_path):
    trained = _trained(1)
    export_onnx(trained, tmp_path / "model.onnx", *SIZE)
    torch.manual_seed(2)
    network = ConfidenceDepth()
    fresh = load_start(network, str(tmp_path / "model.onnx"), ("rgb_network",))
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


def test_another_network_is_refused(tmp_path):
    export_onnx(_trained(1), tmp_path / "model.onnx", *SIZE)

    class Other(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fusion = torch.nn.Conv2d(1, 1, 1)

    with pytest.raises(InputError, match="not the weights of this network"):
        load_start(Other(), str(tmp_path / "model.onnx"))
