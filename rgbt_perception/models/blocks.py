"""Building blocks that the networks share: cheap on a CPU, and BatchNorm folds at export."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def conv_bn_relu(
    inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Convolution with "same" padding, BatchNorm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def head_conv(inputs: int, outputs: int, bias: float, std: float) -> nn.Conv2d:
    """Pointwise convolution of a head that starts near the constant ``bias``."""
    conv = nn.Conv2d(inputs, outputs, 1)
    nn.init.normal_(conv.weight, std=std)
    assert conv.bias is not None
    nn.init.constant_(conv.bias, bias)
    return conv


class SeparableConv(nn.Sequential):
    """Depthwise convolution, then a pointwise one, each with BatchNorm and ReLU.

    (B, inputs, H, W) to (B, outputs, H / stride, W / stride).
    """

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(
            conv_bn_relu(inputs, inputs, kernel, stride, groups=inputs),
            conv_bn_relu(inputs, outputs),
        )


class InvertedResidual(nn.Module):
    """Expand, depthwise convolution, project (MobileNetV2), with a shortcut where shapes allow.

    (B, inputs, H, W) to (B, outputs, H / stride, W / stride).
    """

    def __init__(
        self, inputs: int, outputs: int, stride: int = 1, expansion: int = 4, kernel: int = 3
    ) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.body = nn.Sequential(
            conv_bn_relu(inputs, hidden),
            conv_bn_relu(hidden, hidden, kernel, stride, groups=hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Transform features; see the class."""
        y: Tensor = self.body(x)
        return x + y if self.shortcut else y


class GlobalContext(nn.Module):
    """Adds to every pixel what the whole picture says (mean over H and W through an MLP)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, channels // 2, 1)
        self.expand = nn.Conv2d(channels // 2, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        pooled = x.mean(dim=(2, 3), keepdim=True)
        y: Tensor = x + self.expand(torch.relu(self.squeeze(pooled)))
        return y


class UpBlock(nn.Module):
    """Upsample by two, add the projected skip, convolve.

    (B, inputs, H, W) and a skip of (B, skip, 2H, 2W) to (B, outputs, 2H, 2W).
    """

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.project = nn.Conv2d(skip, outputs, 1)
        self.mix = SeparableConv(outputs, outputs)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Bring ``x`` to the resolution of ``skip``."""
        y: Tensor = self.mix(torch.relu(upsample(self.reduce(x), 2) + self.project(skip)))
        return y


def upsample(x: Tensor, factor: int) -> Tensor:
    """Bilinear upsampling; pixel centres on integer coordinates."""
    return F.interpolate(x, scale_factor=float(factor), mode="bilinear", align_corners=False)


def downsample(x: Tensor, factor: int) -> Tensor:
    """Mean over blocks of ``factor`` x ``factor`` pixels."""
    return F.avg_pool2d(x, factor)
