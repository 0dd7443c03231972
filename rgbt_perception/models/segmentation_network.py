"""Segmentation of system D: a hierarchical encoder and a head of pointwise layers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rgbt_perception.models.backbone import Backbone
from rgbt_perception.models.blocks import upsample
from rgbt_perception.models.hierarchical_encoder import STRIDES, WIDTHS, HierarchicalEncoder
from rgbt_perception.models.network_config import NetworkConfig
from rgbt_perception.models.scene_config import SceneConfig
from rgbt_perception.scene.classes import SCENE_CLASSES

LOGITS_STRIDE = 2
"""Pixels of the network's canvas per logit, on both axes."""

PICTURE_CHANNELS = 3
EXTRA_CHANNELS = 3

_HEAD_WIDTH = 96
_FINE_WIDTH = 32
_DETAIL_WIDTH = 16


class SegmentationNetwork(nn.Module):
    """What stands where.

    Deep features decide the class; the picture at half size tells where it ends (ours: the
    original stops at a quarter, where a person 30 m away is three pixels wide).

    Args:
        config: chooses the encoder and its input.
    """

    def __init__(self, config: SceneConfig) -> None:
        super().__init__()
        channels = PICTURE_CHANNELS + (EXTRA_CHANNELS if config.thermal_input else 0)
        self.thermal_input = config.thermal_input
        self.own = not config.backbone
        self.encoder: nn.Module
        if self.own:
            self.encoder = HierarchicalEncoder(channels)
        else:
            named = NetworkConfig(config.backbone, config.backbone_weights)
            self.encoder = Backbone(PICTURE_CHANNELS, named, WIDTHS)
        self.lateral = nn.ModuleList(nn.Conv2d(width, _HEAD_WIDTH, 1) for width in WIDTHS)
        self.reduce = nn.Conv2d(_HEAD_WIDTH, _FINE_WIDTH, 1)
        self.detail = nn.Sequential(
            nn.Conv2d(channels, _DETAIL_WIDTH, 3, LOGITS_STRIDE, 1),
            nn.ReLU(),
            nn.Conv2d(_DETAIL_WIDTH, _FINE_WIDTH, 1),
        )
        self.mix = nn.Conv2d(_FINE_WIDTH, _FINE_WIDTH, 3, padding=1, groups=_FINE_WIDTH)
        self.classify = nn.Conv2d(_FINE_WIDTH, len(SCENE_CLASSES), 1)

    def features(self, picture: Tensor, extra: Tensor) -> tuple[Tensor, Tensor]:
        """Features of the first two stages, for the fusion network.

        Args:
            picture, extra: as ``forward``.

        Returns:
            (B, WIDTHS[0], H / 4, W / 4) and (B, WIDTHS[1], H / 8, W / 8).
        """
        maps = self._pyramid(picture, extra, stages=2)
        return maps[0], maps[1]

    def forward(self, picture: Tensor, extra: Tensor) -> Tensor:
        """Logits.

        Args:
            picture: (B, 3, H, W), luminance from -2 to 2 and two of chroma; H and W multiples
                of 32.
            extra: (B, 3, H, W), the thermal picture from -2 to 2 and both masks.

        Returns:
            (B, classes, H / LOGITS_STRIDE, W / LOGITS_STRIDE).
        """
        coarse: Tensor | None = None
        maps = self._pyramid(picture, extra, stages=len(STRIDES))
        # From coarse to fine: linear layers and their sum, as one layer over all maps would be.
        for lateral, features in zip(reversed(self.lateral), reversed(maps), strict=True):
            here = lateral(features)
            coarse = here if coarse is None else here + upsample(coarse, 2)
        assert coarse is not None
        fine = upsample(self.reduce(torch.relu(coarse)), STRIDES[0] // LOGITS_STRIDE)
        fine = torch.relu(fine + self.detail(self._chosen(picture, extra)))
        logits: Tensor = self.classify(fine + torch.relu(self.mix(fine)))
        return logits

    def _pyramid(self, picture: Tensor, extra: Tensor, stages: int) -> list[Tensor]:
        if self.own:
            maps: list[Tensor] = self.encoder(self._chosen(picture, extra), stages)
            return maps
        # An encoder of transformers is adapted from the picture and three more channels.
        extra = extra if self.thermal_input else torch.zeros_like(extra)
        maps = self.encoder(torch.cat([picture, extra], dim=1))
        return maps[:stages]

    def _chosen(self, picture: Tensor, extra: Tensor) -> Tensor:
        return torch.cat([picture, extra], dim=1) if self.thermal_input else picture
