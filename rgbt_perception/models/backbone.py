"""Encoders of ``transformers`` for the coarse networks, with random or local weights.

"Unveiling the Depths" does not say which backbone it uses; these are the field's usual ones. Their
pyramids feed the decoder that our own encoder feeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.models.network_config import NetworkConfig

STRIDES = (4, 8, 16, 32)

_Triple = tuple[float, float, float]
_IMAGENET_MEAN = (0.485, 0.456, 0.406)


@dataclass(frozen=True)
class _Encoder:
    """How ``transformers`` builds one.

    Attributes:
        kind: of its classes there.
        channels: at the four strides.
        mean, std: colours (0 to 1) less ``mean``, over ``std``, are what trained weights expect.
        options: of its configuration, where not the default.
    """

    kind: str
    channels: tuple[int, int, int, int]
    mean: _Triple = _IMAGENET_MEAN
    std: _Triple = (0.229, 0.224, 0.225)
    options: dict[str, Any] = field(default_factory=dict)


_ENCODERS = {
    "segformer-b0": _Encoder("Segformer", (32, 64, 160, 256)),
    "segformer-b1": _Encoder(
        "Segformer", (64, 128, 320, 512), options={"hidden_sizes": [64, 128, 320, 512]}
    ),
    "swin-tiny": _Encoder(
        "Swin",
        (96, 192, 384, 768),
        options={
            "out_features": ["stage1", "stage2", "stage3", "stage4"],
            # The ONNX exporter trips over torch's own attention in windows.
            "attn_implementation": "eager",
        },
    ),
    "efficientnet-b0": _Encoder(
        "EfficientNet",
        (24, 40, 112, 320),
        std=(0.4785, 0.4733, 0.4743),
        options={"width_coefficient": 1.0, "depth_coefficient": 1.0, "hidden_dim": 1280},
    ),
    "mobilenet-v2": _Encoder(
        "MobileNetV2", (24, 32, 96, 320), mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)
    ),
}


class Backbone(nn.Module):
    """A named encoder between an adapter to three colours and adapters to the decoder's widths.

    Args:
        channels: of the picture.
        config: names the encoder and where its weights are.
        widths: channels that the decoder takes at the four strides.

    Raises:
        InputError: the folder does not hold weights of this encoder.
        RgbtError: ``transformers`` is not installed.
    """

    def __init__(self, channels: int, config: NetworkConfig, widths: Sequence[int]) -> None:
        super().__init__()
        encoder = _ENCODERS[config.backbone]
        self.enter = _colours(channels, encoder)
        self.encoder = _build(encoder, config)
        self.leave = nn.ModuleList(
            nn.Conv2d(found, width, 1)
            for found, width in zip(encoder.channels, widths, strict=True)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Pyramid.

        Args:
            x: (B, C + 3, H, W), the picture from -2 to 2, its mask and two offsets; H and W
                multiples of 32.

        Returns:
            (B, width, H / stride, W / stride) for each of ``STRIDES``.
        """
        colours = self.enter(x)
        if hasattr(self.encoder, "channels"):  # what transformers calls a backbone
            maps = self.encoder(colours).feature_maps
        else:
            maps = self.encoder(colours, output_hidden_states=True).hidden_states
        # The deepest map of each size, as feature pyramids take it.
        by_width = {item.shape[3]: item for item in maps}
        return [
            adapter(by_width[x.shape[3] // stride])
            for adapter, stride in zip(self.leave, STRIDES, strict=True)
        ]


def _colours(channels: int, encoder: _Encoder) -> nn.Conv2d:
    """Learned mixture to three colours; at first the picture alone, in the encoder's range."""
    conv = nn.Conv2d(channels + 3, 3, 1)
    weight = torch.zeros_like(conv.weight)
    for colour in range(3):
        # The picture comes as (value - 0.5) * 4; a thermal one is grey.
        weight[colour, colour % channels] = 0.25 / encoder.std[colour]
    bias = (0.5 - torch.tensor(encoder.mean)) / torch.tensor(encoder.std)
    with torch.no_grad():
        conv.weight.copy_(weight)
        assert conv.bias is not None
        conv.bias.copy_(bias)
    return conv


def _build(encoder: _Encoder, config: NetworkConfig) -> nn.Module:
    try:
        import transformers
    except ModuleNotFoundError:
        raise RgbtError(
            f"network.backbone {config.backbone}: transformers is not installed; it comes with: "
            "pip install 'rgbt_perception[train]'"
        ) from None
    settings = getattr(transformers, f"{encoder.kind}Config")(**encoder.options)
    suffix = "Backbone" if "out_features" in encoder.options else "Model"
    kind = getattr(transformers, f"{encoder.kind}{suffix}")
    network = _load(kind, settings, config) if config.backbone_weights else kind(settings)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            # Two of the encoders carry TensorFlow's momentum over, whose meaning is the reverse:
            # the statistics would be those of the last batch alone.
            module.momentum = 0.1
            if not config.backbone_weights:
                nn.init.ones_(module.weight)
    return network


def _load(kind: Any, settings: Any, config: NetworkConfig) -> nn.Module:
    folder = config.backbone_weights
    where = f"network.backbone_weights {folder}"
    if not Path(folder).is_dir():
        raise InputError(
            f"{where}: no such folder; expected config.json and model.safetensors of "
            f"{config.backbone}; nothing is downloaded"
        )
    try:
        network, report = kind.from_pretrained(
            folder, config=settings, local_files_only=True, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"{where}: not weights of {config.backbone} ({reason})") from None
    # A backbone's norms of its outputs are new where the weights are those of a classifier.
    missing = [name for name in report["missing_keys"] if "hidden_states_norms" not in name]
    if missing:
        raise InputError(
            f"{where}: not weights of {config.backbone} ({sorted(missing)[0]} is missing)"
        )
    loaded: nn.Module = network
    return loaded
