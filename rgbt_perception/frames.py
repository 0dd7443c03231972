"""What flows through the package: cameras, frames, pairs and results.

Conventions: optical frames (z forward, x right, y down, REP 103), metres, seconds where a name
ends in ``_s`` and integer nanoseconds where it ends in ``_ns``. Pixel centres lie on integer
coordinates: the picture spans ``[-0.5, width - 0.5]``. ``target_T_source`` maps source
coordinates to target coordinates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum

import numpy as np
import numpy.typing as npt

FloatImage = npt.NDArray[np.float32]
ColorImage = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
LabelImage = npt.NDArray[np.uint8]
Matrix = npt.NDArray[np.float64]


class Modality(str, Enum):
    """The two cameras; the value is the name used in topics and files."""

    RGB = "rgb"
    THERMAL = "thermal"

    @property
    def other(self) -> Modality:
        """The other camera."""
        return Modality.THERMAL if self is Modality.RGB else Modality.RGB


class Mode(IntEnum):
    """What the output is computed from; numbers as in PerceptionStatus.msg."""

    WAITING = 0
    FULL = 1
    RGB_ONLY = 2
    THERMAL_ONLY = 3
    DEGRADED = 4
    FAULT = 5


@dataclass(frozen=True)
class Pinhole:
    """A rectified pinhole camera.

    Attributes:
        width, height: picture size, pixels.
        fx, fy: focal lengths, pixels.
        cx, cy: principal point, pixels (centre of the top-left pixel is 0, 0).
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    @property
    def matrix(self) -> Matrix:
        """Intrinsics K, (3, 3) float64."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    def resized(self, width: int, height: int) -> Pinhole:
        """The same view sampled on another grid (REP 104, with exact pixel centres)."""
        sx, sy = width / self.width, height / self.height
        return Pinhole(
            width,
            height,
            self.fx * sx,
            self.fy * sy,
            (self.cx + 0.5) * sx - 0.5,
            (self.cy + 0.5) * sy - 0.5,
        )


@dataclass(frozen=True)
class Calibration:
    """Both rectified cameras and the transform between them.

    Attributes:
        rgb, thermal: rectified pinholes; None when that camera's geometry was never known.
        thermal_T_rgb: (4, 4) float64, RGB optical frame to thermal optical frame, metres.
    """

    rgb: Pinhole | None
    thermal: Pinhole | None
    thermal_T_rgb: Matrix


@dataclass(frozen=True)
class RgbFrame:
    """A rectified colour picture.

    Attributes:
        image: (H, W, 3) uint8, R G B.
        stamp_ns: acquisition time of the source message, nanoseconds.
        valid: (H, W) bool, False where rectification found no source; None when all are valid.
    """

    image: ColorImage
    stamp_ns: int
    valid: Mask | None = None


@dataclass(frozen=True)
class ThermalFrame:
    """A rectified thermal picture.

    Attributes:
        image: (H, W) float32, 0 (cold) to 1 (warm) after normalisation.
        temperature: (H, W) float32, kelvin; None when the radiometric scale is unknown.
        stamp_ns: acquisition time of the source message, nanoseconds.
        valid: (H, W) bool, False where rectification found no source; None when all are valid.
    """

    image: FloatImage
    temperature: FloatImage | None
    stamp_ns: int
    valid: Mask | None = None


@dataclass(frozen=True)
class FramePair:
    """What the pipeline takes: one or both cameras at one moment.

    At least one of ``rgb`` and ``thermal`` is present, and its geometry is known.

    Attributes:
        rgb, thermal: the pictures.
        calibration: geometry of both cameras.
        frame_id: optical frame of the outputs.
        mode, reasons: what is missing and why, for the status.
    """

    rgb: RgbFrame | None
    thermal: ThermalFrame | None
    calibration: Calibration
    frame_id: str
    mode: Mode
    reasons: tuple[str, ...] = ()

    @property
    def offset_ns(self) -> int:
        """Thermal stamp minus RGB stamp, nanoseconds; 0 when one is missing."""
        if self.rgb is None or self.thermal is None:
            return 0
        return self.thermal.stamp_ns - self.rgb.stamp_ns


@dataclass(frozen=True)
class AlignedPair:
    """Both pictures in the reference view, pixel on pixel.

    Attributes:
        rgb: (H, W, 3) uint8 RGB, 0 where not seen; None without that camera.
        rgb_seen: (H, W) bool, False where the colour camera does not see the pixel's point; None
            when it sees all.
        thermal: (H, W) float32, 0 to 1, 0 where there is no picture; None without that camera.
        thermal_seen: (H, W) bool, where there is a picture; None when everywhere.
    """

    rgb: ColorImage | None
    rgb_seen: Mask | None
    thermal: FloatImage | None
    thermal_seen: Mask | None


@dataclass(frozen=True)
class Scene:
    """What the scene network says, in the view of ``Perception``.

    Attributes:
        aligned: what it was computed from.
        fused: (H, W, 3) uint8 RGB, 0 where no camera sees; None if not asked.
        labels: (H, W) uint8, ids of ``scene.classes``, 0 where no camera sees; None if not asked.
        estimates: by camera (``rgb``, ``thermal``), (H, W) uint8, the same network's labels with
            the other camera masked; its guess also where that camera sees nothing.
    """

    aligned: AlignedPair
    fused: ColorImage | None = None
    labels: LabelImage | None = None
    estimates: Mapping[str, LabelImage] = field(default_factory=dict)


@dataclass(frozen=True)
class Perception:
    """What the pipeline gives, in the reference camera's rectified pinhole.

    Attributes:
        camera: geometry of every array below.
        stamp_ns, frame_id: those of the reference picture (or of the picture it was computed from).
        depth: (H, W) float32, metres along the optical axis, NaN where unknown.
        confidence: (H, W) float32, 0 to 1, probability that the depth is within 25 % of the truth.
        color: (H, W, 3) uint8, RGB picture seen from this view, 0 where unseen; None if not asked.
        temperature: (H, W) float32, kelvin, NaN where unknown; None if not asked.
        estimates: the other depth estimates (``rgb``, ``thermal``, ``ungated``), as ``depth``.
        stages: milliseconds by stage name.
        scene: None without a scene network, or if nothing of it was asked.
    """

    camera: Pinhole
    stamp_ns: int
    frame_id: str
    mode: Mode
    reasons: tuple[str, ...]
    offset_ns: int
    depth: FloatImage
    confidence: FloatImage
    color: ColorImage | None = None
    temperature: FloatImage | None = None
    estimates: Mapping[str, FloatImage] = field(default_factory=dict)
    stages: Mapping[str, float] = field(default_factory=dict)
    scene: Scene | None = None
