"""The average of both coarse depths that the fusion starts from, weighted by their confidences."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rgbt_perception.models.blocks import upsample
from rgbt_perception.models.coarse_depth import FEATURE_STRIDE

_LEAST = 1e-4


class ConfidenceBlend(nn.Module):
    """Weights are a power of the confidences (ours).

    Confidences stand in the inverse ratio of the errors. Two independent estimates are best
    averaged with the inverse squares of theirs, so the exponent starts at 2; errors of two cameras
    that look at the same scene are alike, which asks for more, so it is learned.
    """

    def __init__(self) -> None:
        super().__init__()
        self.exponent = nn.Parameter(torch.tensor([2.0]))

    def forward(self, log_depths: Tensor, known: Tensor, confidence: Tensor) -> Tensor:
        """Blend.

        Args:
            log_depths: (B, 2, H, W), RGB and thermal, log of metres, thermal view.
            known: (B, 2, H, W), 1 where that camera's depth means something.
            confidence: (B, 2, H / FEATURE_STRIDE, W / FEATURE_STRIDE), 0 to 1.

        Returns:
            (B, 1, H, W), log of metres; 0 where neither is known.
        """
        weights = torch.exp(self.exponent * torch.log(confidence.clamp(min=_LEAST)))
        weights = upsample(weights, FEATURE_STRIDE) * known
        total = weights.sum(dim=1, keepdim=True)
        blend: Tensor = (weights * log_depths).sum(dim=1, keepdim=True)
        # Below any weight that the exponents of a trained network give to a camera that is there.
        return blend / total.clamp(min=1e-30)
