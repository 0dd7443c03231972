"""A small hierarchical transformer encoder in the manner of MiT (SegFormer, NeurIPS 2021).

Overlapping patch embeddings, self-attention whose keys and values are taken at reduced
resolution, and feed-forward parts with a depthwise convolution that stands for the position. Sizes
are ours.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STRIDES = (4, 8, 16, 32)
WIDTHS = (32, 64, 144, 224)
_DEPTHS = (1, 2, 2, 2)
_HEADS = (1, 2, 4, 7)
_REDUCTIONS = (8, 4, 2, 1)
_EXPANSIONS = (3, 3, 4, 4)


class HierarchicalEncoder(nn.Module):
    """Four stages.

    Args:
        channels: of the input.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        before = (channels, *WIDTHS)
        self.stages = nn.ModuleList(
            _Stage(
                before[stage],
                WIDTHS[stage],
                _DEPTHS[stage],
                _HEADS[stage],
                _REDUCTIONS[stage],
                _EXPANSIONS[stage],
                first=stage == 0,
            )
            for stage in range(len(WIDTHS))
        )

    def forward(self, x: Tensor, stages: int = len(WIDTHS)) -> list[Tensor]:
        """Pyramid.

        Args:
            x: (B, channels, H, W); H and W multiples of 32.
            stages: how many are wanted.

        Returns:
            (B, width, H / stride, W / stride) for each of the first ``stages`` of ``STRIDES``.
        """
        maps = []
        for stage in self.stages[:stages]:
            x = stage(x)
            maps.append(x)
        return maps


class _Stage(nn.Module):
    def __init__(
        self,
        inputs: int,
        width: int,
        depth: int,
        heads: int,
        reduction: int,
        expansion: int,
        first: bool,
    ) -> None:
        super().__init__()
        self.embed = (
            nn.Sequential(
                nn.Conv2d(inputs, width // 2, 3, 2, 1),
                nn.ReLU(),
                nn.Conv2d(width // 2, width, 3, 2, 1),
            )
            if first
            else nn.Conv2d(inputs, width, 3, 2, 1)
        )
        self.enter = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(
            _Block(width, heads, reduction, expansion) for _ in range(depth)
        )
        self.leave = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        height, width = x.shape[2:]
        tokens = self.enter(_tokens(x))
        for block in self.blocks:
            tokens = block(tokens, height, width)
        return _map(self.leave(tokens), height, width)


class _Block(nn.Module):
    def __init__(self, width: int, heads: int, reduction: int, expansion: int) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(width)
        self.attention = _ReducedAttention(width, heads, reduction)
        self.before_forward = nn.LayerNorm(width)
        self.expand = nn.Linear(width, expansion * width)
        self.mix = nn.Conv2d(
            expansion * width, expansion * width, 3, padding=1, groups=expansion * width
        )
        self.project = nn.Linear(expansion * width, width)

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        tokens = tokens + self.attention(self.before_attention(tokens), height, width)
        hidden = _map(self.expand(self.before_forward(tokens)), height, width)
        added: Tensor = tokens + self.project(_tokens(F.relu(self.mix(hidden))))
        return added


class _ReducedAttention(nn.Module):
    """Every pixel asks; ``reduction`` x ``reduction`` pixels answer together."""

    def __init__(self, width: int, heads: int, reduction: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.leave = nn.Linear(width, width)
        self.reduce: nn.Conv2d | None = None
        if reduction > 1:
            self.reduce = nn.Conv2d(width, width, reduction, reduction)
            self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        source = tokens
        if self.reduce is not None:
            source = self.norm(_tokens(self.reduce(_map(tokens, height, width))))
        query = self._split(self.query(tokens))
        key, value = (self._split(part) for part in self.key_value(source).chunk(2, dim=2))
        scores = (query * query.shape[3] ** -0.5) @ key.transpose(2, 3)
        answer = torch.softmax(scores, dim=3) @ value
        result: Tensor = self.leave(answer.transpose(1, 2).flatten(2))
        return result

    def _split(self, tokens: Tensor) -> Tensor:
        batch, count, channels = tokens.shape
        return tokens.view(batch, count, self.heads, channels // self.heads).transpose(1, 2)


def _tokens(x: Tensor) -> Tensor:
    return x.flatten(2).transpose(1, 2)


def _map(tokens: Tensor, height: int, width: int) -> Tensor:
    return tokens.transpose(1, 2).reshape(tokens.shape[0], tokens.shape[2], height, width)
