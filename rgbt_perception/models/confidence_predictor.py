"""Where each camera's coarse depth is likely the better one ("Unveiling the Depths").

The paper gives the map's meaning; inputs and the small U-Net are ours (the inputs follow what
related work feeds: depths, their difference and the similarity of features, all detached).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rgbt_perception.models.blocks import GlobalContext, SeparableConv, UpBlock, conv_bn_relu
from rgbt_perception.models.coarse_depth import FEATURES

_PROJECTED = 8


@dataclass(frozen=True)
class Branch:
    """One camera's evidence in the thermal view at a quarter of the resolution.

    Attributes:
        log_depth: (B, 1, h, w), log of canonical metres, 0 where not known.
        known: (B, 1, h, w), 1 where ``log_depth`` is known.
        features: (B, FEATURES, h, w), 0 where the camera sees nothing.
        picture: (B, C, h, w), 0 to 1.
    """

    log_depth: Tensor
    known: Tensor
    features: Tensor
    picture: Tensor

    def detached(self) -> Branch:
        """The same values, cut off from the gradient."""
        return Branch(
            self.log_depth.detach(),
            self.known.detach(),
            self.features.detach(),
            self.picture.detach(),
        )


class ConfidencePredictor(nn.Module):
    """U-Net of three levels over both cameras' evidence; gradients stop at its inputs.

    Args:
        per_pixel: without, each camera gets one logit for the whole picture, the mean over what it
            knows (for comparison).
    """

    def __init__(self, per_pixel: bool = True) -> None:
        super().__init__()
        self.per_pixel = per_pixel
        self.project_rgb = nn.Conv2d(FEATURES, _PROJECTED, 1)
        self.project_thermal = nn.Conv2d(FEATURES, _PROJECTED, 1)
        self.enter = conv_bn_relu(6 + 4 + 2 * _PROJECTED, 32, 3)
        self.down8 = SeparableConv(32, 48, stride=2)
        self.down16 = nn.Sequential(
            SeparableConv(48, 64, stride=2), SeparableConv(64, 64, 5), GlobalContext(64)
        )
        self.up8 = UpBlock(64, 48, 48)
        self.up4 = UpBlock(48, 32, 32)
        self.head = nn.Conv2d(32, 2, 1)

    def forward(self, rgb: Branch, thermal: Branch) -> Tensor:
        """Logits (B, 2, h, w): confidence in RGB, confidence in thermal."""
        rgb, thermal = rgb.detached(), thermal.detached()
        a, b = self.project_rgb(rgb.features), self.project_thermal(thermal.features)
        similarity = F.cosine_similarity(a, b, dim=1, eps=1e-4).unsqueeze(1)
        both = rgb.known * thermal.known
        difference = (rgb.log_depth - thermal.log_depth).abs() * both
        evidence = [rgb.log_depth, thermal.log_depth, difference, rgb.known, thermal.known]
        pictures = [similarity, rgb.picture - 0.5, thermal.picture - 0.5]
        at4 = self.enter(torch.cat([*evidence, *pictures, a, b], dim=1))
        at8 = self.down8(at4)
        logits: Tensor = self.head(self.up4(self.up8(self.down16(at8), at8), at4))
        if self.per_pixel:
            return logits
        known = torch.cat([rgb.known, thermal.known], dim=1)
        total = (logits * known).sum(dim=(2, 3), keepdim=True)
        return (total / known.sum(dim=(2, 3), keepdim=True).clamp(min=1.0)).expand_as(logits)
