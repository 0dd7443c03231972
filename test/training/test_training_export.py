import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

from rgbt_perception.engines.depth_exchange import INPUTS, OUTPUTS
from rgbt_perception.errors import UsageError
from rgbt_perception.models.confidence_depth import ConfidenceDepth, DeployedConfidenceDepth
from rgbt_perception.models.folding import fold_batchnorm
from rgbt_perception.training.export import (
    TOLERANCE,
    example_inputs,
    export_onnx,
    parity,
)
from rgbt_perception.training.starting_weights import load_start


def _network() -> ConfidenceDepth:
    """As after some training: the exporter merges weights that are equal, as new ones may be."""
    torch.manual_seed(1)
    network = ConfidenceDepth()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter += 1e-3 * torch.randn_like(parameter)
        for name, value in network.named_buffers():
            if name.endswith("running_mean"):
                value += 1e-3 * torch.randn_like(value)
            elif name.endswith("running_var"):
                value += 0.1 * torch.rand_like(value)
    # The heads start flat; parity must be seen on depth that varies.
    for head in (network.rgb_network.head, network.thermal_network.head, network.fusion.head):
        torch.nn.init.normal_(head[1].weight, std=4.0)
    return network.eval()


def _scene_inputs(height: int, width: int):
    """Smooth pictures with padding, different lenses, a turned and shifted rig."""
    inputs = example_inputs(height, width, seed=3)
    for name in ("rgb", "thermal"):
        picture = inputs[name][0].transpose(1, 2, 0)
        smooth = cv2.GaussianBlur(picture, (0, 0), 6).reshape(picture.shape)
        smooth = (smooth - smooth.min()) / (smooth.max() - smooth.min())
        inputs[name] = np.ascontiguousarray(smooth.transpose(2, 0, 1)[None])
    inputs["rgb_mask"][..., : height // 6, :] = 0
    inputs["rgb_mask"][..., -height // 6 :, :] = 0
    inputs["thermal_intrinsics"][0, [0, 1], [0, 1]] *= 1.3
    inputs["thermal_T_rgb"][0, :3, :3] = cv2.Rodrigues(np.array([0.01, -0.03, 0.005]))[0]
    return inputs


def test_onnx_equals_torch_and_can_be_read_back(tmp_path):
    height, width = 256, 320
    network = _network()
    path = tmp_path / "model.onnx"
    difference = export_onnx(network, path, height, width, {"recipe_sha256": "abc"})
    assert difference <= TOLERANCE
    assert [item.name for item in tmp_path.iterdir()] == ["model.onnx"]
    assert path.stat().st_size <= 16e6

    model = onnx.load(path)
    onnx.checker.check_model(model)
    assert [opset.version for opset in model.opset_import if not opset.domain] == [18]
    assert [item.name for item in model.graph.input] == list(INPUTS)
    assert [item.name for item in model.graph.output] == list(OUTPUTS)
    properties = {item.key: item.value for item in model.metadata_props}
    assert properties["model"] == "confidence_depth"
    assert (properties["height"], properties["width"]) == (str(height), str(width))
    assert properties["recipe_sha256"] == "abc"
    assert properties["canonical_focal"] == "200.0"

    deployed = DeployedConfidenceDepth(network).eval()
    scene = _scene_inputs(height, width)
    absent = {**scene, "rgb_mask": scene["rgb_mask"] * 0, "gate": np.zeros(1, np.float32)}
    blind = {**scene, "thermal_mask": scene["thermal_mask"] * 0}
    for inputs in (scene, absent, blind):
        assert parity(deployed, path, inputs) <= TOLERANCE
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    depth, sure, thermal, rgb = session.run(list(OUTPUTS), scene)
    assert depth.shape == (1, 1, height, width)
    assert depth.std() > 0.05
    assert 0 < (rgb > 0).mean() < 1
    assert thermal.std() > 0.05
    assert 0 < sure.mean() < 1

    again = ConfidenceDepth()
    assert load_start(again, str(path)) == []
    assert parity(DeployedConfidenceDepth(again).eval(), path, scene) <= TOLERANCE
    fold_batchnorm(network)
    found, written = again.state_dict(), network.state_dict()
    assert found.keys() == written.keys()
    for name, value in written.items():
        torch.testing.assert_close(found[name], value)


@pytest.mark.parametrize(("height", "width"), [(100, 160), (128, 170), (32, 32)])
def test_bad_sizes_are_refused(tmp_path, height, width):
    with pytest.raises(UsageError, match="multiples of 64"):
        export_onnx(ConfidenceDepth(), tmp_path / "model.onnx", height, width)
