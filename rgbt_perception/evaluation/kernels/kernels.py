"""The steps that are timed, with what they move at least and why some take longer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.config import OutputConfig, ThermalConfig
from rgbt_perception.evaluation.kernels.kernel import Kernel
from rgbt_perception.evaluation.kernels.pictures import Pictures
from rgbt_perception.frames import AlignedPair
from rgbt_perception.geometry.alignment import align_picture
from rgbt_perception.geometry.cloud import organised_cloud
from rgbt_perception.geometry.transforms import inverse
from rgbt_perception.geometry.upsample import upsample_depth
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.scene.fusion_detail import fused_picture
from rgbt_perception.scene.labels import full_size_labels
from rgbt_perception.sensing.decode import color_picture
from rgbt_perception.sensing.encode import image_message
from rgbt_perception.sensing.rectification import Rectifier
from rgbt_perception.sensing.thermal import ThermalNormalizer

_CLOUD_BYTES = 28


def kernels(pictures: Pictures) -> Iterator[Kernel]:
    """Every step at these pictures' sizes."""
    yield from _sensing(pictures)
    yield from _geometry(pictures)
    yield from _scene(pictures)


def _sensing(p: Pictures) -> Iterator[Kernel]:
    message = image_message(RosbagsFactory(), p.rgb, "rgb8", 1, "rgb_optical_frame")
    message.encoding = "bgr8"
    size = _by(p.rgb)
    yield Kernel(
        "decode",
        f"bgr8 message to RGB, {size}",
        lambda: color_picture(message),
        2 * p.rgb.nbytes,
        "the channels of a pixel change places, which takes shuffles beside loads and stores",
    )
    rectifier = Rectifier(p.rgb_camera)
    rectifier.prepare()
    maps = p.rgb.shape[0] * p.rgb.shape[1] * 6
    yield Kernel(
        "rectify",
        f"RGB to its pinhole, {size}",
        lambda: rectifier.apply(p.rgb),
        2 * p.rgb.nbytes + maps,
        "bilinear: four source pixels of three channels are gathered and weighted for each pixel, "
        "and what is gathered does not lie side by side",
    )
    normalizer = ThermalNormalizer(ThermalConfig())
    yield Kernel(
        "normalise",
        f"uint16 counts to 0 to 1, {_by(p.counts)}",
        lambda: normalizer.normalize(p.counts, 1),
        p.counts.nbytes + p.thermal.nbytes,
        "the range is found first: a sample of the picture is sorted; without the loop the picture "
        "is converted, shifted and scaled a pass each",
        compiled=True,
    )


def _geometry(p: Pictures) -> Iterator[Kernel]:
    size = _by(p.depth)
    thermal, rgb = p.thermal_camera.rectified, p.rgb_camera.rectified
    rgb_T_thermal = inverse(p.thermal_T_rgb)
    width, height = thermal.width, thermal.height
    yield Kernel(
        "upsample",
        f"depth {_by(p.small_depth)} to {size}, guided",
        lambda: upsample_depth(p.small_depth, width, height, p.thermal),
        p.small_depth.nbytes + p.thermal.nbytes + p.depth.nbytes,
        "beside depth edges each pixel is compared with nine small ones, gathered one by one",
        compiled=True,
    )
    yield Kernel(
        "warp",
        f"RGB {_by(p.rgb)} into {size}; splat to find what is hidden",
        lambda: align_picture(p.depth, thermal, p.rgb, rgb, rgb_T_thermal),
        p.depth.nbytes + p.rgb.nbytes + 4 * p.depth.size,
        "projection and visibility are about 30 operations a pixel, a z-buffer is written and read "
        "at computed places, and pixels are gathered bilinearly",
        compiled=True,
    )
    confidence = np.full(p.depth.shape, 0.5, np.float32)
    color = np.full((*p.depth.shape, 3), 128, np.uint8)
    bytes_in = p.depth.nbytes + color.nbytes + p.thermal.nbytes + confidence.nbytes
    threshold = OutputConfig().edge_threshold
    yield Kernel(
        "cloud",
        f"organised, {size}, all fields, flying points removed",
        lambda: organised_cloud(
            thermal, p.depth, color, p.thermal, confidence, p.labels, 1, threshold
        ),
        bytes_in + p.labels.nbytes + _CLOUD_BYTES * p.depth.size,
        "points that hang between two surfaces are looked for first, in two directions and at two "
        "distances; the fields are then interleaved word by word",
        compiled=True,
    )


def _scene(p: Pictures) -> Iterator[Kernel]:
    size = _by(p.depth)
    color = np.zeros((*p.depth.shape, 3), np.uint8)
    color[:] = (p.thermal * 255).astype(np.uint8)[..., None]
    color[~p.seen] = 0
    pair = AlignedPair(color, p.seen, p.thermal, None)
    yield Kernel(
        "fuse",
        f"decision {_by(p.fused)} and both pictures to {size}",
        lambda: fused_picture(p.fused, p.weight, None, pair),
        p.fused.nbytes + p.weight.nbytes + 2 * color.nbytes + p.seen.nbytes + p.thermal.nbytes,
        "colour is converted there and back in passes of OpenCV, both pictures are shrunk and "
        "small ones enlarged: without the loop about 20 passes",
        compiled=True,
    )
    yield Kernel(
        "labels",
        f"logits of {len(p.logits)} classes {_by(p.logits[0])} to ids {size}",
        lambda: full_size_labels(p.logits, size_of(p.depth)[0], size_of(p.depth)[1]),
        p.logits.nbytes + p.labels.nbytes,
        "each class is compared with the best so far; at borders between classes all logits of "
        "four small pixels are gathered and interpolated",
        compiled=True,
    )


def size_of(picture: npt.NDArray[Any]) -> tuple[int, int]:
    """Width and height, pixels."""
    return picture.shape[1], picture.shape[0]


def _by(picture: npt.NDArray[Any]) -> str:
    return "{}x{}".format(*size_of(picture))
