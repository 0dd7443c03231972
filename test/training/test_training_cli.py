import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("mujoco")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")

from rgbt_perception.cli.main import main
from rgbt_perception.engines.depth_exchange import INPUTS, OUTPUTS
from rgbt_perception.models.confidence_depth import DeployedConfidenceDepth
from rgbt_perception.resources import share
from rgbt_perception.training.checkpoint import read_checkpoint
from rgbt_perception.training.export import TOLERANCE, example_inputs, parity

SHIPPED = sorted(path.stem for path in share("config/recipes").glob("*.yaml"))
RECIPE = """
name: tiny
width: 128
height: 64
data:
  train: {first_seed: 3, count: 1, seconds: 0.4, rate: 5.0}
  validation: {first_seed: 800003, count: 1, seconds: 0.4, rate: 2.5}
  rgb_sizes: [64x48]
  thermal_sizes: [64x64]
  width: 64
  height: 64
  processes: 1
network: {backbone: mobilenet-v2, confidence: image, attention: false, warp: false}
schedule: {steps: 2, batch: 1, validate_every: 2, workers: 0, threads: 1}
"""


def _run(capsys, *words) -> tuple[int, str, list[str]]:
    code = main([str(word) for word in words])
    captured = capsys.readouterr()
    return code, captured.out, [x for x in captured.err.splitlines() if x.startswith("rgbt:")]


def _with_depth_that_varies(checkpoint):
    """The heads start flat, and two steps leave them so."""
    tree = torch.load(checkpoint, weights_only=True)
    for part in ("rgb_network", "thermal_network", "fusion"):
        torch.nn.init.normal_(tree["state_dict"][f"network.{part}.head.1.weight"], std=1.0)
    torch.save(tree, checkpoint)


def test_from_the_recipe_of_a_variant_to_onnx(tmp_path, capsys):
    pytest.importorskip("transformers")
    recipe, out, model = tmp_path / "tiny.yaml", tmp_path / "run", tmp_path / "tiny.onnx"
    recipe.write_text(RECIPE)
    train = ("train", recipe, "--data", tmp_path / "data", "--out", out)

    code, printed, errors = _run(capsys, *train)
    assert (code, errors) == (0, [])
    assert "step 2: abs_rel_fused" in printed
    assert "rgbt export" in printed

    code, _, errors = _run(capsys, *train)
    assert code == 1
    assert "--resume" in errors[0]
    assert len(errors) == 1

    _with_depth_that_varies(out / "last.ckpt")
    size = ("--size", "192x128")
    code, printed, errors = _run(capsys, "export", out / "last.ckpt", "--out", model, *size)
    assert (code, errors) == (0, [])
    assert "192x128" in printed
    written = onnx.load(model)
    assert [item.name for item in written.graph.input] == list(INPUTS)
    assert [item.name for item in written.graph.output] == list(OUTPUTS)
    properties = {item.key: item.value for item in written.metadata_props}
    assert properties["steps"] == "2"
    assert len(properties["recipe_sha256"]) == 64
    inputs = {**example_inputs(128, 192, seed=4), "gate": np.zeros(1, np.float32)}
    deployed = DeployedConfidenceDepth(read_checkpoint(out / "last.ckpt").network()).eval()
    assert parity(deployed, model, inputs) <= TOLERANCE


def test_a_folder_of_the_same_name_does_not_hide_a_shipped_recipe(tmp_path, monkeypatch):
    from rgbt_perception.cli import train

    monkeypatch.chdir(tmp_path)
    (tmp_path / SHIPPED[0]).mkdir()
    assert train._find(SHIPPED[0]) == share(f"config/recipes/{SHIPPED[0]}.yaml")


@pytest.mark.parametrize(
    ("words", "code", "parts"),
    [
        (("train", "none.yaml"), 1, ["none.yaml", "No such file"]),
        (("train", "no_such_recipe"), 1, ["'no_such_recipe'", "neither a file", *SHIPPED]),
        (("export", "none.ckpt", "--out", "m.onnx"), 1, ["none.ckpt", "No such file"]),
        (("export", "none.ckpt", "--out", "m.onnx", "--size", "big"), 2, ["big", "WIDTHxHEIGHT"]),
    ],
)
def test_errors_are_one_line(tmp_path, capsys, monkeypatch, words, code, parts):
    monkeypatch.chdir(tmp_path)
    found, _, errors = _run(capsys, *words)
    assert found == code
    assert len(errors) == 1
    for part in parts:
        assert part in errors[0]
    assert not list(tmp_path.iterdir())
