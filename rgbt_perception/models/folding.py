"""BatchNorm folded into the convolutions: what an exported network looks like (the usual algebra).

A folded network computes the same as before in evaluation mode. It can be trained further, faster
than before, and is the form in which exported weights can be read back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batchnorm(network: nn.Module) -> None:
    """Fold every BatchNorm that follows a convolution in a ``nn.Sequential``, in place.

    Convolutions get a bias; an identity stays in BatchNorm's place so that names do not move.
    """
    _fold(network, lambda conv, norm: True)


def fold_like(network: nn.Module, names: Iterable[str]) -> None:
    """Fold a network where the weights that it will get are folded, in place.

    Folded coarse networks may stand before a fusion that still learns with BatchNorm.

    Args:
        network: as built.
        names: of the weights; what none of them belongs to stays as it is.
    """
    known = set(names)
    _fold(network, lambda conv, norm: f"{conv}.weight" in known and f"{norm}.weight" not in known)


def _fold(network: nn.Module, wanted: Callable[[str, str], bool]) -> None:
    training = network.training
    network.eval()
    for path, module in network.named_modules():
        if not isinstance(module, nn.Sequential):
            continue
        for place in range(len(module) - 1):
            conv, norm = module[place], module[place + 1]
            if not isinstance(conv, nn.Conv2d) or not isinstance(norm, nn.BatchNorm2d):
                continue
            start = f"{path}." if path else ""
            if wanted(f"{start}{place}", f"{start}{place + 1}"):
                module[place] = fuse_conv_bn_eval(conv, norm).requires_grad_()
                module[place + 1] = nn.Identity()
    network.train(training)
