"""Hierarchical interactive attention (SegMiF, ICCV 2023): fusion asks segmentation and the reverse.

Both attentions are linear: keys and values meet first, in a context of d x d numbers per head, so
that the cost grows with the number of pixels only.

* SoAM: the segmentation features ask each camera, z_m = y_seg ctx(K(y_m), V(y_m)).
* MoAM: each camera asks the segmentation features, v_m = u_m ctx(K(u_seg), V(u_seg)).
* ctx(K, V) = softmax over the key channels of (K^T V / sqrt(d)).

Ours: the context is a mean over pixels, not a sum, times a learned temperature, so that it does not
depend on the size of the picture; pixels that a camera does not see do not count; and K^T V is
taken as W_k^T (x^T x) W_v, which is the same without keys and values of every pixel. The
segmentation features answer at their own resolution, and ask at the fusion's.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from rgbt_perception.models.blocks import upsample

HEADS = 8
_START_TEMPERATURE = 10.0


class LinearContext(nn.Module):
    """Keys and values of some tokens, met to one (d, d) context per head.

    Args:
        channels: of the tokens; a multiple of ``HEADS``.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.key = nn.Parameter(torch.empty(channels, channels))
        self.value = nn.Parameter(torch.empty(channels, channels))
        self.log_temperature = nn.Parameter(torch.full((), math.log(_START_TEMPERATURE)))
        for weight in (self.key, self.value):
            nn.init.xavier_uniform_(weight)

    def forward(self, tokens: Tensor, share: Tensor) -> Tensor:
        """Context.

        Args:
            tokens: (B, C, N), 0 where they do not count.
            share: (B, 1, 1), share of the tokens that count, more than 0.

        Returns:
            (B, HEADS, d, d): key channel by value channel; columns sum to 1.
        """
        size = tokens.shape[1] // HEADS
        moments = (tokens / tokens.shape[2]) @ tokens.transpose(1, 2) / share
        product = self.key.t() @ moments @ self.value
        blocks = product.view(-1, HEADS, size, HEADS, size)
        heads = torch.stack([blocks[:, head, :, head] for head in range(HEADS)], dim=1)
        scaled = heads * (torch.exp(self.log_temperature) / math.sqrt(size))
        return torch.softmax(scaled, dim=2)


class InteractiveAttention(nn.Module):
    """One stage of it for both cameras.

    Args:
        channels: of the fusion's features; a multiple of ``HEADS``.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.enter = nn.ModuleList(nn.Conv2d(channels, 2 * channels, 1) for _ in range(3))
        self.camera_context = nn.ModuleList(LinearContext(channels) for _ in range(2))
        self.scene_context = LinearContext(channels)
        self.leave = nn.ModuleList(nn.Linear(2 * channels, channels) for _ in range(2))
        self.norm = nn.ModuleList(nn.LayerNorm(channels) for _ in range(2))

    def forward(
        self, cameras: tuple[Tensor, Tensor], seen: tuple[Tensor, Tensor], scene: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Both cameras' features, told what they show.

        Args:
            cameras: (B, C, H, W) each.
            seen: (B, 1, H, W) each, 1 where that camera sees.
            scene: (B, C, H / n, W / n), features of the segmentation.

        Returns:
            (B, C, H, W) each.
        """
        asks, answers = torch.relu(self.enter[2](scene)).chunk(2, dim=1)
        whole = torch.ones_like(scene[:, :1, :1, 0])
        context = self.scene_context(answers.flatten(2), whole)
        asks = upsample(asks, cameras[0].shape[3] // scene.shape[3]).flatten(2)
        results = []
        for index, (features, mask) in enumerate(zip(cameras, seen, strict=True)):
            heard, asked = torch.relu(self.enter[index](features)).chunk(2, dim=1)
            share = mask.mean(dim=(2, 3)).unsqueeze(2).clamp(min=1e-3)
            own = self.camera_context[index]((heard * mask).flatten(2), share)
            leave = self.leave[index]
            assert isinstance(leave, nn.Linear)
            # Contexts are applied through the output's weights: one product of C x C a pixel.
            from_camera, from_scene = leave.weight.t().chunk(2)
            mixed = _through(own, from_camera).transpose(1, 2) @ asks
            mixed = mixed + _through(context, from_scene).transpose(1, 2) @ asked.flatten(2)
            tokens = (features.flatten(2) + mixed).transpose(1, 2) + leave.bias
            tokens = self.norm[index](tokens).transpose(1, 2)
            results.append(tokens.reshape(features.shape))
        return results[0], results[1]


def _through(context: Tensor, weight: Tensor) -> Tensor:
    """Heads' contexts, then a (C, C) weight, as one matrix: (B, C, C)."""
    heads = weight.reshape(HEADS, weight.shape[0] // HEADS, weight.shape[1])
    return (context @ heads).flatten(1, 2)
