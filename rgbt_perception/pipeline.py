"""FramePair to Perception: depth, then what the scene network makes of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.compiled import compiles
from rgbt_perception.config import OutputConfig
from rgbt_perception.engines.depth_exchange import INPUTS, OUTPUTS
from rgbt_perception.engines.engine import Engine, check_exchange, input_arrays
from rgbt_perception.frames import (
    FloatImage,
    FramePair,
    Mask,
    Matrix,
    Perception,
    Pinhole,
)
from rgbt_perception.geometry.letterbox import Letterbox, letterbox, resample
from rgbt_perception.geometry.upsample import upsample_depth
from rgbt_perception.pipeline_loop import limit_depth, to_shares
from rgbt_perception.scene.stage import SceneStage, SceneView, SceneWanted, aligned_pair

GEOMETRY_UNKNOWN = "reference_geometry_unknown"
# Depth keeps this many bits of its mantissa (relative steps of 2**-12 = 0.024 %, far below its
# accuracy): recordings of it compress to less than half.
_DEPTH_BITS = 12
_DROPPED = 23 - _DEPTH_BITS


@dataclass(frozen=True)
class Wanted:
    """Which of the costlier results somebody asked for.

    Attributes:
        color: in the reference view.
        temperature: in the reference view, where the pair has one.
        estimates: the rgb, thermal and ungated depth as well.
        scene: of the scene network.
    """

    color: bool = True
    temperature: bool = True
    estimates: bool = False
    scene: SceneWanted = SceneWanted()


@dataclass(frozen=True)
class _View:
    """One pair's geometry: as the network gets it and as the outputs have it."""

    rgb: Letterbox
    thermal: Letterbox
    thermal_T_rgb: Matrix
    output: Pinhole
    guide: FloatImage | None


class DepthPipeline:
    """Depth, confidence, the cloud's colours and the scene for one pair at a time.

    Attributes:
        config: of the outputs.
        engine: with the depth network.
        width, height: of that network, pixels.
        scene: fused picture and labels; None when there is no network for them.
    """

    def __init__(self, config: OutputConfig, engine: Engine, scene: Engine | None = None) -> None:
        """Take loaded engines.

        Args:
            config: of the outputs.
            engine: with the depth network.
            scene: with the scene network, if there is one.

        Raises:
            RgbtError: a model does not have the expected inputs.
        """
        check_exchange(engine, INPUTS, OUTPUTS)
        self.config = config
        self.engine = engine
        self.scene = None if scene is None else SceneStage(scene)
        _, _, self.height, self.width = engine.inputs["rgb"]
        self._inputs = input_arrays(engine, INPUTS)
        self._masks: dict[str, tuple[Mask, Letterbox, FloatImage]] = {}
        # Where on the canvas the last picture of each camera lay.
        self._filled: dict[str, Letterbox | None] = {}

    def process(self, pair: FramePair, wanted: Wanted) -> Perception:
        """Compute one result.

        Args:
            pair: one or both cameras.
            wanted: which of the costlier results to compute.
        """
        clock = _Stopwatch()
        view, reasons = self._view(pair)
        inputs = self._prepare(pair, view)
        clock.lap("prepare")
        names = ["depth", "confidence"]
        if wanted.estimates:
            names += ["depth_rgb", "depth_thermal"]
        results = self.engine.run(inputs, names)
        clock.lap("depth_engine")
        depth = self._full_size(results["depth"], view)
        confidence = _confidence(results["confidence"], view)
        clock.lap("upsample")
        estimates: dict[str, FloatImage] = {}
        if wanted.estimates:
            estimates["rgb"] = self._full_size(results["depth_rgb"], view)
            estimates["thermal"] = self._full_size(results["depth_thermal"], view)
            inputs["gate"][:] = 0.0
            ungated = self.engine.run(inputs, ["depth"])["depth"]
            estimates["ungated"] = self._full_size(ungated, view)
            clock.lap("estimates")
        scene = None
        seen = SceneView(view.output, view.rgb.source, view.thermal_T_rgb, view.guide)
        if self.scene is not None and wanted.scene:
            scene = self.scene.process(pair.rgb, pair.thermal, seen, depth, wanted.scene, clock.lap)
        color = None
        if wanted.color:
            if scene is not None:
                color = scene.aligned.rgb
            elif pair.rgb is not None:
                color = aligned_pair(pair.rgb, None, seen, depth).rgb
        temperature = _temperature(pair, view) if wanted.temperature else None
        if wanted.color or wanted.temperature:
            clock.lap("color")
        frame = pair.thermal or pair.rgb
        assert frame is not None, "a pair holds at least one picture"
        return Perception(
            camera=view.output,
            stamp_ns=frame.stamp_ns,
            frame_id=pair.frame_id,
            mode=pair.mode,
            reasons=reasons,
            offset_ns=pair.offset_ns,
            depth=depth,
            confidence=confidence,
            color=color,
            temperature=temperature,
            estimates=estimates,
            stages=clock.laps,
            scene=scene,
        )

    def _view(self, pair: FramePair) -> tuple[_View, tuple[str, ...]]:
        calibration = pair.calibration
        reference, reasons, T = calibration.thermal, pair.reasons, calibration.thermal_T_rgb
        if reference is None:
            # Thermal was never known: the network takes the RGB view for its reference.
            reference, T = calibration.rgb, np.eye(4)
            reasons = (*reasons, GEOMETRY_UNKNOWN)
        assert reference is not None, "the geometry of a picture that is there is known"
        scale = self.config.scale
        output = reference.resized(
            max(1, round(reference.width * scale)), max(1, round(reference.height * scale))
        )
        guide = None
        if pair.thermal is not None:
            guide = resample(pair.thermal.image, output.width, output.height)
        view = _View(
            letterbox(calibration.rgb or reference, self.width, self.height),
            letterbox(reference, self.width, self.height),
            T,
            output,
            guide,
        )
        return view, reasons

    def _prepare(self, pair: FramePair, view: _View) -> dict[str, npt.NDArray[np.float32]]:
        inputs = self._inputs
        for name, picture, box in (
            ("rgb", pair.rgb, view.rgb),
            ("thermal", pair.thermal, view.thermal),
        ):
            filled = None if picture is None else box
            # What lies beside the picture stays as it is.
            if self._filled.get(name) != filled:
                inputs[name][:] = inputs[f"{name}_mask"][:] = 0.0
                self._filled[name] = filled
        if pair.rgb is not None:
            planes = cv2.split(view.rgb.shrink(pair.rgb.image))
            self._place("rgb", planes, np.float32(1 / 255), pair.rgb.valid, view.rgb)
        if pair.thermal is not None:
            planes = (view.thermal.shrink(pair.thermal.image),)
            self._place("thermal", planes, np.float32(1), pair.thermal.valid, view.thermal)
        inputs["rgb_intrinsics"][0] = view.rgb.canvas.matrix
        inputs["thermal_intrinsics"][0] = view.thermal.canvas.matrix
        inputs["thermal_T_rgb"][0] = view.thermal_T_rgb
        inputs["gate"][:] = 1.0
        return inputs

    def _place(
        self,
        name: str,
        planes: Sequence[npt.NDArray[Any]],
        gain: np.float32,
        valid: Mask | None,
        box: Letterbox,
    ) -> None:
        """Put a small picture, a plane a channel, and its mask on the canvas."""
        rows, columns = box.area
        picture = self._inputs[name][0, :, rows, columns]
        mask = self._inputs[f"{name}_mask"][0, 0, rows, columns]
        for plane, place in zip(planes, picture, strict=True):
            np.multiply(plane, gain, out=place)
        if valid is None:
            mask[:] = 1.0
            return
        known = self._masks.get(name)
        if known is None or known[0] is not valid or known[1] != box:
            whole = box.shrink(valid.astype(np.uint8) * np.uint8(255)) == 255
            known = self._masks[name] = (valid, box, whole.astype(np.float32))
        mask[:] = known[2]
        picture *= known[2]

    def _full_size(self, result: npt.NDArray[np.float32], view: _View) -> FloatImage:
        small = result[0, 0][view.thermal.area]
        low, high = self.config.min_depth_m, self.config.max_depth_m
        depth = upsample_depth(small, view.output.width, view.output.height, view.guide)
        if compiles():
            _limit_in_one_loop(depth, low, high)
            return depth
        # Enlarging stays within what it enlarges.
        if float(small.max()) > high:
            depth[depth > high] = np.inf
        if float(small.min()) < low:
            with np.errstate(invalid="ignore"):
                depth[depth < low] = -np.inf
        return _rounded(depth)


def _confidence(result: npt.NDArray[np.float32], view: _View) -> FloatImage:
    """Full-size confidence in steps of 1/255, 0 where the depth is unknown."""
    small = result[0, 0][view.thermal.area] * np.float32(255)
    levels = np.rint(small).astype(np.uint8)
    full = resample(levels, view.output.width, view.output.height)
    if not compiles():
        return np.multiply(full, np.float32(1 / 255), dtype=np.float32)
    share = np.empty(full.shape, np.float32)
    to_shares(full, share)
    return share


def _temperature(pair: FramePair, view: _View) -> FloatImage | None:
    if pair.thermal is None or pair.thermal.temperature is None:
        return None
    return resample(pair.thermal.temperature, view.output.width, view.output.height)


def _rounded(depth: FloatImage) -> FloatImage:
    """Round the mantissa to ``_DEPTH_BITS`` bits, in place; NaN and infinity stay as they are."""
    bits = depth.view(np.uint32)
    bits += np.uint32(1 << (_DROPPED - 1))
    bits &= np.uint32(0xFFFFFFFF << _DROPPED & 0xFFFFFFFF)
    return depth


def _limit_in_one_loop(depth: FloatImage, low: float, high: float) -> None:
    """Set what is beyond the limits to infinity and round the rest, in place."""
    low_bits, high_bits = np.array([low, high], np.float32).view(np.int32)
    half, kept = np.int32(1 << (_DROPPED - 1)), np.int32(-1 << _DROPPED)
    limit_depth(depth.view(np.int32), low_bits, high_bits, half, kept)


class _Stopwatch:
    """Milliseconds between laps."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = (now - self._last) * 1e3
        self._last = now
