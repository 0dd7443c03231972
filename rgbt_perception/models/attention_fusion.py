"""Confidence-guided fusion with multi-head attention ("Unveiling the Depths").

The paper draws Q, K and V across the two branches; resolution, widths and the decoder are ours.
Attention runs at 1/16 of what the coarse networks see, 1/32 of the picture: 80 tokens at 320x256,
so that its full softmax is a small part of the cost, at 640x512 still (320 tokens).
Numbers in names, as in ``at4``, count from what the coarse networks see.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rgbt_perception.models.blocks import (
    InvertedResidual,
    SeparableConv,
    UpBlock,
    conv_bn_relu,
    head_conv,
)
from rgbt_perception.models.coarse_depth import FEATURES, STEM

_WIDTH = 128
_HEADS = 4

DECODED = 24
"""Channels of the decoder's last features."""


class CrossAttention(nn.Module):
    """Tokens of one branch ask the other branch.

    Args of ``forward``: queries (B, N, C), context (B, N, C). Returns (B, N, C).
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query_norm = nn.LayerNorm(channels)
        self.context_norm = nn.LayerNorm(channels)
        self.query = nn.Linear(channels, channels)
        self.key = nn.Linear(channels, channels)
        self.value = nn.Linear(channels, channels)
        self.out = nn.Linear(channels, channels)

    def forward(self, queries: Tensor, context: Tensor, trust: Tensor) -> Tensor:
        """softmax(Q K^T / sqrt(d)) V with V weighted by the context's confidence.

        Args:
            queries: (B, N, C).
            context: (B, N, C) of the other branch.
            trust: (B, N, 1), confidence in the context.
        """
        context = self.context_norm(context)
        q = self._split(self.query(self.query_norm(queries)))
        k = self._split(self.key(context))
        v = self._split(self.value(context) * trust)
        weights = torch.softmax(q @ k.transpose(2, 3) * (q.shape[-1] ** -0.5), dim=-1)
        mixed = (weights @ v).transpose(1, 2).flatten(2)
        y: Tensor = queries + self.out(mixed)
        return y

    def _split(self, x: Tensor) -> Tensor:
        batch, tokens, channels = x.shape
        return x.view(batch, tokens, self.heads, channels // self.heads).transpose(1, 2)


class FusionBranch(nn.Module):
    """One camera's features from 1/4 to 1/16, weighted by its confidence at the entrance."""

    def __init__(self) -> None:
        super().__init__()
        # Features, log depth, two pixel offsets (position for the attention).
        self.enter = conv_bn_relu(FEATURES + 3, 48)
        self.down8 = SeparableConv(48, 64, stride=2)
        self.down16 = nn.Sequential(
            SeparableConv(64, _WIDTH, stride=2), InvertedResidual(_WIDTH, _WIDTH, kernel=5)
        )

    def forward(
        self, features: Tensor, log_depth: Tensor, offsets: Tensor, trust: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Features at 1/4, 1/8 and 1/16; ``trust`` is twice the confidence, (B, 1, h, w)."""
        at4 = self.enter(torch.cat([features, log_depth, offsets], dim=1)) * trust
        at8 = self.down8(at4)
        return at4, at8, self.down16(at8)


class AttentionFusion(nn.Module):
    """Both branches and their confidences to a correction of the log-depth and its scale.

    Args:
        attention: the branches ask each other; without, the feed-forward network alone mixes what
            lies at the same place (for comparison).
    """

    def __init__(self, attention: bool = True) -> None:
        super().__init__()
        self.rgb = FusionBranch()
        self.thermal = FusionBranch()
        self.thermal_asks_rgb = CrossAttention(_WIDTH, _HEADS) if attention else None
        self.rgb_asks_thermal = CrossAttention(_WIDTH, _HEADS) if attention else None
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(2 * _WIDTH),
            nn.Linear(2 * _WIDTH, 4 * _WIDTH),
            nn.ReLU(),
            nn.Linear(4 * _WIDTH, 2 * _WIDTH),
        )
        self.up8 = UpBlock(2 * _WIDTH, 2 * 64, 64)
        self.up4 = UpBlock(64, 2 * 48, 48)
        self.up2 = UpBlock(48, 2 * STEM, DECODED)
        # Start with the blend of the coarse depths as it is.
        self.head = nn.Sequential(
            SeparableConv(DECODED, DECODED), head_conv(DECODED, 2, bias=0.0, std=0.0)
        )

    def forward(
        self,
        rgb: tuple[Tensor, Tensor, Tensor],
        thermal: tuple[Tensor, Tensor, Tensor],
        offsets: Tensor,
        confidence: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Fuse.

        Args:
            rgb, thermal: features (B, FEATURES, h, w), canonical log depth (B, 1, h, w) and stem
                features (B, STEM, 2h, 2w), all in the thermal view at 1 / FEATURE_STRIDE and
                1 / STEM_STRIDE.
            offsets: (B, 2, h, w), pixel offsets over f0, thermal view.
            confidence: (B, 2, h, w), of RGB and thermal, 0 where that camera sees nothing.

        Returns:
            The answer (B, 2, 2h, 2w): correction of the log-depth (not yet bounded) and log of the
            Laplace scale; and the features (B, DECODED, 2h, 2w) that it was read from.
        """
        trust = 2.0 * confidence
        trust_rgb, trust_thermal = trust[:, :1], trust[:, 1:]
        rgb4, rgb8, rgb16 = self.rgb(rgb[0], rgb[1], offsets, trust_rgb)
        th4, th8, th16 = self.thermal(thermal[0], thermal[1], offsets, trust_thermal)
        mixed = self._mix(rgb16, th16, F.avg_pool2d(trust, 4))
        at8 = self.up8(mixed, torch.cat([rgb8, th8], dim=1))
        at4 = self.up4(at8, torch.cat([rgb4, th4], dim=1))
        fine = F.interpolate(trust, scale_factor=2.0, mode="nearest")
        stems = torch.cat([rgb[2] * fine[:, :1], thermal[2] * fine[:, 1:]], dim=1)
        decoded = self.up2(at4, stems)
        return self.head(decoded), decoded

    def _mix(self, rgb: Tensor, thermal: Tensor, trust: Tensor) -> Tensor:
        batch, channels, height, width = rgb.shape
        r, t = rgb.flatten(2).transpose(1, 2), thermal.flatten(2).transpose(1, 2)
        if self.thermal_asks_rgb is not None and self.rgb_asks_thermal is not None:
            w = trust.flatten(2).transpose(1, 2)
            t, r = self.thermal_asks_rgb(t, r, w[..., :1]), self.rgb_asks_thermal(r, t, w[..., 1:])
        tokens = torch.cat([r, t], dim=2)
        tokens = tokens + self.feed_forward(tokens)
        mixed: Tensor = tokens.transpose(1, 2).reshape(batch, 2 * channels, height, width)
        return mixed
