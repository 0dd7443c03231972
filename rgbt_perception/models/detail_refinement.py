"""The last step to sharp edges: decoded fusion features and both pictures at half size (ours)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rgbt_perception.models.attention_fusion import DECODED
from rgbt_perception.models.blocks import SeparableConv, conv_bn_relu, head_conv, upsample
from rgbt_perception.models.coarse_depth import STEM_STRIDE

DETAIL_STRIDE = 2

_WIDTH = 24


class DetailRefinement(nn.Module):
    """Brings the fusion's answer from a quarter to half of the picture's size."""

    def __init__(self) -> None:
        super().__init__()
        # Both masks, three colours, one temperature.
        self.enter = conv_bn_relu(6, _WIDTH, 3)
        self.mix = SeparableConv(_WIDTH, _WIDTH)
        # Start with what the fusion says.
        self.head = head_conv(_WIDTH, 2, bias=0.0, std=0.0)
        self.project = nn.Conv2d(DECODED, _WIDTH, 1)

    def forward(self, fused: tuple[Tensor, Tensor], pictures: Tensor) -> Tensor:
        """Refine.

        Args:
            fused: the fusion's answer (B, 2, h, w) and the features it was read from
                (B, DECODED, h, w), at 1 / STEM_STRIDE.
            pictures: (B, 6, 2h, 2w), mask and colour of RGB, mask and picture of thermal, all in
                the thermal view, 0 to 1.

        Returns:
            (B, 2, 2h, 2w): the same two channels as the fusion's answer.
        """
        factor = STEM_STRIDE // DETAIL_STRIDE
        answer, features = fused
        both = torch.relu(upsample(self.project(features), factor) + self.enter(pictures))
        y: Tensor = upsample(answer, factor) + self.head(self.mix(both))
        return y
