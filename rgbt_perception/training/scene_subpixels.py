r"""Take the grid out of the fused picture: every place within a cell of pixels gets the same mean.

    python -m rgbt_perception.training.scene_subpixels runs/scene_finish/last.ckpt --data data \
        --recipe scene_finish --out runs/scene_finish/balanced.ckpt

The fusion network decides 4 x 4 pixels from one place of its last layer, each by weights of its
own. Their means drift apart while the learning rate is high, which shows as a faint grid. A picture
has no reason to be brighter at every fourth pixel, so the difference of the means over many
pictures is an error whatever they show; it is taken from the layer's bias (ours).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F

from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.models.fusion_network import FOLD
from rgbt_perception.models.scene import Scene, SceneInputs
from rgbt_perception.training.ablation_command import unseen
from rgbt_perception.training.checkpoint import read_checkpoint, replace_weights
from rgbt_perception.training.gather import gather
from rgbt_perception.training.recipe_file import load_recipe
from rgbt_perception.training.scene_dataset import ValidationScenes
from rgbt_perception.training.scene_pair import SceneSource
from rgbt_perception.training.scene_recipe import SceneRecipe

BIAS = "fusion.leave.bias"
_PAIRS = 96


def balance_subpixels(network: Scene, batches: Iterable[SceneInputs]) -> tuple[float, float]:
    """Change the bias of the fusion network's last layer, in place.

    Args:
        network: trained.
        batches: what it is measured on; only places that both cameras see count.

    Returns:
        Root mean square of the differences between the means before, and after (of a bias that is
        right for all pictures it is 0), as the layer gives them: a step of 0.1 in the correction
        is one of 6 grey levels.

    Raises:
        InputError: no place that both cameras see.
    """
    layer = network.fusion.leave
    bias = layer.bias
    assert bias is not None, "the layer is built with one"
    before = _differences(network, batches)
    with torch.no_grad():
        bias -= before
    return _size(before), _size(_differences(network, batches))


def _differences(network: Scene, batches: Iterable[SceneInputs]) -> Tensor:
    """(2 FOLD^2,): each output's mean less that of its kind, weights first, then corrections."""
    sums, count = torch.zeros(2 * FOLD**2, dtype=torch.float64), 0.0
    found: list[Tensor] = []
    hook = network.fusion.leave.register_forward_hook(
        lambda layer, inputs, output: found.append(output)
    )
    try:
        with torch.inference_mode():
            for inputs in batches:
                network(inputs)
                both = F.avg_pool2d(inputs.rgb_mask * inputs.thermal_mask, FOLD) == 1.0
                sums += (found.pop() * both).double().sum(dim=(0, 2, 3))
                count += float(both.sum())
    finally:
        hook.remove()
    if not count:
        raise InputError("no place that both cameras see: nothing to measure the grid on")
    means = (sums / count).view(2, FOLD**2)
    return (means - means.mean(dim=1, keepdim=True)).flatten().float()


def _size(differences: Tensor) -> float:
    return float(differences.square().mean().sqrt())


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m rgbt_perception.training.scene_subpixels",
        description="Take the grid out of a trained scene network's fused picture.",
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of the recordings")
    parser.add_argument("--recipe", type=Path, required=True, help="file; its training pairs count")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write")
    options = parser.parse_args(words)
    try:
        checkpoint, recipe = read_checkpoint(options.checkpoint), load_recipe(options.recipe)
        network = checkpoint.network()
        if not isinstance(network, Scene) or not isinstance(recipe, SceneRecipe):
            raise InputError(f"{options.checkpoint}, {options.recipe}: expected a scene network")
        training, _ = gather(recipe, options.data, unseen, print)
        sources = [s for s in cast("Sequence[SceneSource]", training) if len(s)]
        pairs = ValidationScenes(sources, recipe.width, recipe.height)
        step = max(1, len(pairs) // _PAIRS)
        batches = [pairs[index].inputs for index in range(0, len(pairs), step)]
        before, after = balance_subpixels(network, batches)
        replace_weights(options.checkpoint, options.out, {BIAS: network.state_dict()[BIAS]})
    except RgbtError as error:
        print(f"scene_subpixels: {error}", file=sys.stderr)
        return 1
    print(f"{options.out}: differences of the means {before:.4f} before, {after:.4f} after")
    return 0


if __name__ == "__main__":
    sys.exit(main())
