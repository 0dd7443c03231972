"""System D (SegMiF, ICCV 2023): fusion and segmentation that learn from each other.

The original feeds its attention with segmentation features of a picture that it does not publish
how to make; ours are those of a first guess, the masked maximum of both pictures. Where else the
paper is silent the choice is ours and stands in the docstring of the part.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rgbt_perception.models.blocks import upsample
from rgbt_perception.models.fusion_network import FusionNetwork
from rgbt_perception.models.scene_config import SceneConfig
from rgbt_perception.models.segmentation_network import LOGITS_STRIDE, SegmentationNetwork

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
"""Luminance of ITU-R BT.601, as JPEG and OpenCV have it."""

_CB, _CR = 0.564, 0.713


@dataclass(frozen=True)
class SceneInputs:
    """Inputs of the networks, all in the reference view; H and W are multiples of 32.

    Attributes:
        rgb: (B, 3, H, W), 0 to 1, warped into the reference view.
        rgb_mask: (B, 1, H, W), 1 where the warp is seen; all 0 = camera absent.
        thermal: (B, 1, H, W), 0 to 1.
        thermal_mask: (B, 1, H, W), 1 where there is a picture; all 0 = camera absent.
    """

    rgb: Tensor
    rgb_mask: Tensor
    thermal: Tensor
    thermal_mask: Tensor


@dataclass(frozen=True)
class ScenePrediction:
    """What the networks say, reference view.

    Attributes:
        fused: (B, 1, H, W), luminance, about 0 to 1, not clamped; 0 where no camera sees.
        weight: (B, 1, H, W), share of the visible picture, 0 = thermal's, 1 = visible's.
        logits: (B, classes, H / LOGITS_STRIDE, W / LOGITS_STRIDE).
    """

    fused: Tensor
    weight: Tensor
    logits: Tensor


class Scene(nn.Module):
    """The whole of system D.

    Args:
        config: the variant; default = the one that is shipped.
    """

    def __init__(self, config: SceneConfig | None = None) -> None:
        super().__init__()
        config = config or SceneConfig()
        self.asks_segmentation = config.attention != "none"
        self.fusion = FusionNetwork(config.attention)
        self.segmentation = SegmentationNetwork(config)

    def forward(self, inputs: SceneInputs, couple: bool = True) -> ScenePrediction:
        """Fuse and name.

        Args:
            inputs: of both cameras.
            couple: the gradient of the logits reaches the fusion.
        """
        rgb, thermal = inputs.rgb * inputs.rgb_mask, inputs.thermal * inputs.thermal_mask
        luminance, chroma = luminance_and_chroma(rgb)
        extra = torch.cat(
            [
                (thermal - 0.5) * 4.0 * inputs.thermal_mask,
                inputs.rgb_mask,
                inputs.thermal_mask,
            ],
            dim=1,
        )
        known = torch.maximum(inputs.rgb_mask, inputs.thermal_mask)
        features: tuple[Tensor, ...] = ()
        if self.asks_segmentation:
            guess = _segmented(torch.maximum(luminance, thermal), chroma, known)
            features = self.segmentation.features(guess, extra)
        fused = self.fusion(luminance, thermal, inputs.rgb_mask, inputs.thermal_mask, features)
        picture = fused.luminance.clamp(0.0, 1.0)
        if not couple:
            picture = picture.detach()
        logits = self.segmentation(_segmented(picture, chroma, known), extra)
        return ScenePrediction(fused.luminance, fused.weight, logits)


class DeployedScene(nn.Module):
    """The networks with the inputs and outputs of the exchange format, in their order."""

    def __init__(self, network: Scene) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, rgb: Tensor, rgb_mask: Tensor, thermal: Tensor, thermal_mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs as in ``SceneInputs``.

        Returns:
            fused, weight, logits as in ``ScenePrediction``, fused from 0 to 1, logits (B, classes,
            H, W).
        """
        found = self.network(SceneInputs(rgb, rgb_mask, thermal, thermal_mask))
        return found.fused.clamp(0.0, 1.0), found.weight, upsample(found.logits, LOGITS_STRIDE)


def luminance_and_chroma(rgb: Tensor) -> tuple[Tensor, Tensor]:
    """Split colours as ITU-R BT.601 does.

    Args:
        rgb: (B, 3, H, W), 0 to 1.

    Returns:
        (B, 1, H, W), 0 to 1, and (B, 2, H, W), Cb and Cr from -0.5 to 0.5, 0 = grey.
    """
    red, green, blue = rgb.chunk(3, dim=1)
    luminance = _RED * red + _GREEN * green + _BLUE * blue
    chroma = torch.cat([_CB * (blue - luminance), _CR * (red - luminance)], dim=1)
    return luminance, chroma


def _segmented(luminance: Tensor, chroma: Tensor, known: Tensor) -> Tensor:
    """A picture as the segmentation network takes it; 0, the middle, where nothing is known."""
    return torch.cat([(luminance - 0.5) * 4.0 * known, chroma * 4.0], dim=1)
