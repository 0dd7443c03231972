import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")

from rgbt_perception.errors import InputError
from rgbt_perception.models.fusion_network import FOLD
from rgbt_perception.models.scene import Scene, SceneInputs
from rgbt_perception.resources import share
from rgbt_perception.training import scene_subpixels
from rgbt_perception.training.checkpoint import read_checkpoint, replace_weights, write_weights
from rgbt_perception.training.scene_pair import ScenePair
from rgbt_perception.training.scene_subpixels import BIAS, balance_subpixels, main


def pictures(seed: int, seen: float = 1.0) -> SceneInputs:
    """Noise, smooth over more than a cell, both cameras; ``seen`` of RGB's rows."""
    random = torch.Generator().manual_seed(seed)
    noise = torch.rand(1, 4, 64, 96, generator=random)
    smooth = torch.nn.functional.avg_pool2d(noise, 9, 1, 4)
    ones = torch.ones(1, 1, 64, 96)
    rgb_mask = ones.clone()
    rgb_mask[:, :, int(64 * seen) :] = 0
    return SceneInputs(smooth[:, :3] * rgb_mask, rgb_mask, smooth[:, 3:], ones)


def grid(network: Scene, inputs: SceneInputs) -> float:
    """How far the fused picture's means at each place within a cell are apart."""
    with torch.inference_mode():
        fused = network(inputs).fused[0, 0]
    means = fused.unfold(0, FOLD, FOLD).unfold(1, FOLD, FOLD).mean(dim=(0, 1))
    return float(means.std())


def test_a_grid_is_taken_out_and_nothing_else() -> None:
    torch.manual_seed(1)
    network, plain = Scene().eval(), pictures(7)
    measured = [pictures(seed) for seed in range(3)]
    balance_subpixels(network, measured)  # random weights have a grid of their own
    with torch.inference_mode():
        before = network(plain).fused
    with torch.no_grad():
        network.fusion.leave.bias[FOLD**2 :] += torch.linspace(-0.2, 0.2, FOLD**2)  # of mean 0
    assert grid(network, plain) > 0.01
    sizes = balance_subpixels(network, measured)
    assert sizes[0] > 0.05
    assert sizes[1] < 1e-6
    assert grid(network, plain) < 0.002
    with torch.inference_mode():
        assert torch.allclose(network(plain).fused, before, atol=1e-5)


def test_what_only_one_camera_sees_does_not_count() -> None:
    torch.manual_seed(1)
    network, other = Scene().eval(), Scene().eval()
    other.load_state_dict(network.state_dict())
    balance_subpixels(network, [pictures(1)])
    balance_subpixels(other, [pictures(1), pictures(2, seen=0.0)])
    assert torch.equal(network.state_dict()[BIAS], other.state_dict()[BIAS])
    with pytest.raises(InputError, match="both cameras"):
        balance_subpixels(network, [pictures(2, seen=0.0)])


def test_the_checkpoint_stays_as_it_was_but_for_the_bias(tmp_path) -> None:
    network = Scene()
    write_weights(tmp_path / "a.ckpt", network.state_dict())
    bias = network.state_dict()[BIAS] + 1
    replace_weights(tmp_path / "a.ckpt", tmp_path / "b.ckpt", {BIAS: bias})
    first, second = (read_checkpoint(tmp_path / f"{name}.ckpt") for name in "ab")
    assert first.recipe == second.recipe
    assert first.step == second.step
    changed = [n for n in first.weights if not torch.equal(first.weights[n], second.weights[n])]
    assert changed == [BIAS]
    np.testing.assert_array_equal(second.weights[BIAS].numpy(), bias.numpy())


class Source:
    name, condition, least_span = "made-up", "street/day/clear", 10.0

    def __len__(self) -> int:
        return 2

    def pair(self, index: int, found: bool) -> ScenePair:
        random = np.random.default_rng(index)
        ones = np.ones((128, 160), np.float32)
        color, counts = random.random((128, 160, 3), np.float32), random.random((128, 160))
        thermal = (1000 + 50 * counts).astype(np.float32)
        return ScenePair(color, ones, thermal, ones, ones * 9, np.ones((128, 160), np.uint8))


def test_the_command(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(scene_subpixels, "gather", lambda *_: ([Source()], []))
    state = {f"network.{name}": value for name, value in Scene().state_dict().items()}
    settings = {"recipe": {"system": "scene"}, "recipe_sha256": "abc"}
    tree = {"global_step": 7, "hyper_parameters": settings, "state_dict": state}
    torch.save(tree, tmp_path / "last.ckpt")
    recipe = str(share("config/recipes/scene.yaml"))
    words = ["--data", str(tmp_path), "--recipe", recipe, "--out", str(tmp_path / "out.ckpt")]
    assert main([str(tmp_path / "last.ckpt"), *words]) == 0
    assert capsys.readouterr().out.endswith(" 0.0000 after\n")
    made = read_checkpoint(tmp_path / "out.ckpt")
    assert (made.step, made.recipe_sha256) == (7, "abc")
    assert not torch.equal(made.weights[BIAS], state[f"network.{BIAS}"])

    words[3] = str(share("config/recipes/confidence_depth.yaml"))
    assert main([str(tmp_path / "last.ckpt"), *words]) == 1
    assert "expected a scene network" in capsys.readouterr().err
