"""What is fed to every contestant: the same rig and the same raw pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from rgbt_perception.geometry.camera import CameraModel, make_camera_model
from rgbt_perception.geometry.rig import Rig
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.resources import share
from rgbt_perception.sensing.decode import color_picture, thermal_picture
from rgbt_perception.sensing.encode import header, image_message

PERIOD_NS = 50_000_000
"""Between the stamps of two pairs that are fed as fast as they are taken."""

_OFFSET_NS = 1_000_000
_FIRST_NS = 1_000_000_000
_DIFFERENT_PAIRS = 8

Messages = tuple[Any, Any]


@dataclass(frozen=True)
class Sizes:
    """Width and height of both cameras' pictures, pixels."""

    rgb: tuple[int, int]
    thermal: tuple[int, int]


def bench_rig(sizes: Sizes) -> Rig:
    """Two cameras 10 cm apart, both with lens distortion, so that both pictures are rectified."""
    thermal_T_rgb = np.eye(4)
    thermal_T_rgb[0, 3] = 0.1
    return Rig(
        _camera("rgb", *sizes.rgb), _camera("thermal", *sizes.thermal), thermal_T_rgb, 0.01, 0.0
    )


class PairSource:
    """Raw colour and 16-bit thermal messages without end: pairs of the sample, at these sizes."""

    def __init__(self, sizes: Sizes) -> None:
        """Read the sample's first pairs and resize them.

        Args:
            sizes: of the cameras.
        """
        self._factory = RosbagsFactory()
        self._pairs = list(_pictures(self._factory, sizes))

    def stamp_ns(self, index: int, period_ns: int = PERIOD_NS) -> int:
        """Of the n-th pair's thermal picture, nanoseconds."""
        return _FIRST_NS + index * period_ns + _OFFSET_NS

    def pair(self, index: int, period_ns: int = PERIOD_NS) -> Messages:
        """The n-th pair: new messages around kept pixels.

        Args:
            index: from 0.
            period_ns: between the stamps of two pairs.
        """
        rgb, thermal = self._pairs[index % len(self._pairs)]
        stamp_ns = self.stamp_ns(index, period_ns)
        return self._stamped(rgb, stamp_ns - _OFFSET_NS), self._stamped(thermal, stamp_ns)

    def _stamped(self, message: Any, stamp_ns: int) -> Any:
        frame = message.header.frame_id
        return replace(message, header=header(self._factory, stamp_ns, frame))


def _camera(name: str, width: int, height: int) -> CameraModel:
    focal = 0.8 * width
    k = [focal, 0, (width - 1) / 2, 0, focal, (height - 1) / 2, 0, 0, 1]
    return make_camera_model(
        name=name,
        width=width,
        height=height,
        k=k,
        d=[-0.1, 0.02, 0.0005, -0.0005, 0.0],
        frame_id=f"{name}_optical_frame",
    )


def _pictures(factory: RosbagsFactory, sizes: Sizes) -> Iterator[Messages]:
    colors: list[Any] = []
    thermals: list[Any] = []
    topics = {"/rgb/image/compressed": colors, "/thermal/image/compressed": thermals}
    with RecordingReader(share("samples/night_smoke.mcap")) as reader:
        for message in reader.messages(topics):
            if len(topics[message.topic]) < _DIFFERENT_PAIRS:
                topics[message.topic].append(message.value)
            elif min(len(colors), len(thermals)) == _DIFFERENT_PAIRS:
                break
    for color, thermal in zip(colors, thermals, strict=True):
        rgb = cv2.resize(color_picture(color), sizes.rgb)
        counts = cv2.resize(thermal_picture(thermal), sizes.thermal)
        yield (
            image_message(factory, rgb, "rgb8", 0, "rgb_optical_frame"),
            image_message(factory, counts, "mono16", 0, "thermal_optical_frame"),
        )
