"""Messages in, messages out: what every host drives. No clock and no wire of its own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np

from rgbt_perception.config import Config
from rgbt_perception.errors import InputError
from rgbt_perception.frames import FramePair, Modality, Mode, Perception, RgbFrame, ThermalFrame
from rgbt_perception.geometry.rig import Rig, rectified_calibration, rig_from_yaml
from rgbt_perception.latency import StageLatencies
from rgbt_perception.outputs import ESTIMATE_TOPICS, STATUS, TOPICS, Output, build_outputs
from rgbt_perception.pipeline import DepthPipeline, Wanted
from rgbt_perception.sensing.decode import stamp_of
from rgbt_perception.sensing.encode import MessageFactory
from rgbt_perception.sensing.encode_status import status_message
from rgbt_perception.sensing.intake import CameraIntake, RgbIntake, ThermalIntake
from rgbt_perception.sensing.pairing import Match, Pairer
from rgbt_perception.sensing.transform_tree import TransformTree


class Stream(str, Enum):
    """The inputs; the value is the relative topic name."""

    RGB_IMAGE = "rgb/image"
    RGB_INFO = "rgb/camera_info"
    THERMAL_IMAGE = "thermal/image"
    THERMAL_INFO = "thermal/camera_info"
    TF_STATIC = "tf_static"
    RIG = "rig"


_IMAGES = {Stream.RGB_IMAGE: Modality.RGB, Stream.THERMAL_IMAGE: Modality.THERMAL}
_INFOS = {Stream.RGB_INFO: Modality.RGB, Stream.THERMAL_INFO: Modality.THERMAL}


@dataclass
class Statistics:
    """Counters since the start.

    Attributes:
        frames_in: pictures received, by camera.
        pairs: matches of both cameras.
        outputs: results given.
        modes: results by mode.
        rejected: pictures refused, by camera.
        used: pictures decoded without complaint, by camera.
        problems: first error line and count, by a short name.
        latencies: milliseconds by stage.
    """

    frames_in: Counter[str] = field(default_factory=Counter)
    pairs: int = 0
    outputs: int = 0
    modes: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)
    problems: dict[str, tuple[str, int]] = field(default_factory=dict)
    latencies: StageLatencies = field(default_factory=StageLatencies)

    def problem(self, name: str, line: str) -> None:
        """Count a problem; the first line of each name is kept."""
        first, count = self.problems.get(name, (line, 0))
        self.problems[name] = (first, count + 1)


class Session:
    """One rig's perception, from ROS-shaped messages to ROS-shaped messages.

    ``now_ns`` is the host's own monotone time (log time in a recording, the steady clock on a
    robot); it decides when a camera counts as lost. Stamps decide everything else.
    """

    def __init__(
        self,
        config: Config,
        pipeline: DepthPipeline,
        factory: MessageFactory,
        *,
        rig: Rig | None = None,
        select: Callable[[int], Set[str]] = lambda index: TOPICS.keys(),
    ) -> None:
        """Start without pictures.

        Args:
            config: all parameters.
            pipeline: with its engine loaded.
            factory: makes the host's messages.
            rig: replaces camera_info, tf_static and the radiometric scale of the messages.
            select: which of ``TOPICS`` have a taker, asked before the n-th result (from 0).
        """
        self.config = config
        self.pipeline = pipeline
        self.statistics = Statistics()
        self._factory = factory
        self._select = select
        self._matches = 0
        self._rig = rig
        self._fallback_rig: Rig | None = None
        self._rgb = RgbIntake(rig.rgb if rig else None)
        self._thermal = ThermalIntake(
            config.thermal,
            rig.thermal if rig else None,
            rig.kelvin_per_count if rig else 0.0,
            rig.kelvin_offset if rig else 0.0,
        )
        self._tree = TransformTree()
        self._pairer: Pairer[Any] = Pairer(config.pairing)

    @property
    def dropped(self) -> dict[str, int]:
        """Pictures that ended in no result, by camera."""
        counters = self._pairer.counters
        return {camera.value: sum(counters.dropped[camera].values()) for camera in Modality}

    @property
    def extrinsics_known(self) -> bool:
        """Whether RGB can be placed in the thermal view."""
        return self._thermal_T_rgb() is not None

    def handle(self, stream: Stream, message: Any, now_ns: int) -> list[Output]:
        """Take one message.

        Args:
            stream: what it is.
            message: ROS-shaped.
            now_ns: host time, nanoseconds.

        Returns:
            The messages to publish now.
        """
        try:
            if stream in _IMAGES:
                return self._image(_IMAGES[stream], message, now_ns)
            if stream in _INFOS:
                self._intake(_INFOS[stream]).set_info(message)
            elif stream is Stream.TF_STATIC:
                self._tree.add(message)
            elif self._rig is None:
                self._take_rig(rig_from_yaml(message.data, "rig"))
        except InputError as error:
            self.statistics.problem(stream.value, str(error))
        return []

    def advance(self, now_ns: int) -> list[Output]:
        """Let time pass without a picture: a silent camera may become a lost one."""
        return self._results(self._pairer.advance(now_ns))

    def finish(self) -> list[Output]:
        """End of the streams: decide about every picture that still waits."""
        return self._results(self._pairer.flush())

    def _intake(self, modality: Modality) -> CameraIntake:
        return self._rgb if modality is Modality.RGB else self._thermal

    def _take_rig(self, rig: Rig) -> None:
        self._fallback_rig = rig
        self._rgb.set_fallback(rig.rgb)
        self._thermal.set_fallback(rig.thermal)
        self._thermal.set_radiometry(rig.kelvin_per_count, rig.kelvin_offset)

    def _image(self, modality: Modality, message: Any, now_ns: int) -> list[Output]:
        self.statistics.frames_in[modality.value] += 1
        stamp_ns = stamp_of(message)
        if stamp_ns <= 0:
            self._reject(modality, "stamp", f"stamp is {stamp_ns} ns, expected more than 0")
            return []
        return self._results(self._pairer.add(modality, stamp_ns, message, now_ns))

    def _reject(self, modality: Modality, name: str, line: str) -> None:
        self.statistics.rejected[modality.value] += 1
        topic = f"{modality.value}/image"
        line = line if line.startswith(topic) else f"{topic}: {line}"
        self.statistics.problem(f"{modality.value}_{name}", line)

    def _results(self, matches: Iterable[Match[Any]]) -> list[Output]:
        return [output for match in matches for output in self._result(match)]

    def _result(self, match: Match[Any]) -> Iterator[Output]:
        """Everything from one match to its messages."""
        if match.rgb is not None and match.thermal is not None:
            self.statistics.pairs += 1
        topics = self._select(self._matches)
        self._matches += 1
        if not topics:
            return
        started = time.perf_counter()
        wanted = Wanted("points" in topics, not topics.isdisjoint(ESTIMATE_TOPICS.values()))
        pair = self._pair(match, wanted)
        if pair is None:
            return
        sensed = time.perf_counter()
        perception = self.pipeline.process(pair, wanted)
        processed = time.perf_counter()
        outputs = list(build_outputs(self._factory, perception, self.config.output, topics))
        stages = {
            "sensing": (sensed - started) * 1e3,
            **perception.stages,
            "encode": (time.perf_counter() - processed) * 1e3,
        }
        self.statistics.outputs += 1
        self.statistics.modes[perception.mode.name] += 1
        self.statistics.latencies.add(stages)
        yield from outputs
        if "status" in topics:
            yield self._status(perception, stages)

    def _pair(self, match: Match[Any], wanted: Wanted) -> FramePair | None:
        """Decode what matched; whatever cannot be used is named in the reasons."""
        reasons = [f"{camera.value}_lost" for camera in match.lost]
        thermal = self._thermal_frame(match.thermal, wanted, reasons)
        rgb = self._rgb_frame(match.rgb, reasons)
        transform = self._thermal_T_rgb()
        thermal_model = self._thermal.geometry
        if transform is None and rgb is not None and thermal_model is not None:
            line = (
                f"no transform from {self._frame_id(self._rgb)!r} to "
                f"{self._frame_id(self._thermal)!r}: expected it in tf_static or in a rig file"
            )
            self.statistics.problem("extrinsics", line)
            reasons.append("no_extrinsics")
            if thermal is not None:
                rgb = None
            else:
                thermal_model = None
        if rgb is None and thermal is None:
            return None
        calibration = rectified_calibration(
            self._rgb.geometry, thermal_model, np.eye(4) if transform is None else transform
        )
        return FramePair(
            rgb=rgb,
            thermal=thermal,
            calibration=calibration,
            frame_id=self._frame_id(self._rgb if thermal_model is None else self._thermal),
            mode=_mode(rgb, thermal),
            reasons=tuple(reasons),
        )

    def _thermal_frame(
        self, message: Any, wanted: Wanted, reasons: list[str]
    ) -> ThermalFrame | None:
        if message is None:
            return None
        try:
            frame = self._thermal.frame(message, wanted.cloud)
        except InputError as error:
            self._reject(Modality.THERMAL, "image", str(error))
            reasons.append("thermal_rejected")
            return None
        self.statistics.used[Modality.THERMAL.value] += 1
        if self._thermal.frozen:
            reasons.append("thermal_frozen")
            return None
        return frame

    def _rgb_frame(self, message: Any, reasons: list[str]) -> RgbFrame | None:
        if message is None:
            return None
        if (thermal := self._thermal.geometry) is not None:
            self._rgb.limit_detail(thermal.rectified.fx * self.config.output.scale)
        try:
            frame = self._rgb.frame(message)
        except InputError as error:
            self._reject(Modality.RGB, "image", str(error))
            reasons.append("rgb_rejected")
            return None
        self.statistics.used[Modality.RGB.value] += 1
        return frame

    def _frame_id(self, intake: CameraIntake) -> str:
        return "" if intake.model is None else intake.model.frame_id

    def _thermal_T_rgb(self) -> np.ndarray[Any, np.dtype[np.float64]] | None:
        if self._rig is not None:
            return self._rig.thermal_T_rgb
        known = self._tree.lookup(self._frame_id(self._thermal), self._frame_id(self._rgb))
        if known is None and self._fallback_rig is not None:
            return self._fallback_rig.thermal_T_rgb
        return known

    def _status(self, perception: Perception, stages: dict[str, float]) -> Output:
        dropped = self.dropped
        message = status_message(
            self._factory,
            stamp_ns=perception.stamp_ns,
            frame_id=perception.frame_id,
            mode=perception.mode,
            reasons=perception.reasons,
            offset_ns=perception.offset_ns,
            stages=stages,
            pairs=self.statistics.pairs,
            dropped_rgb=dropped["rgb"],
            dropped_thermal=dropped["thermal"],
            rejected=sum(self.statistics.rejected.values()),
            mean_confidence=float(perception.confidence.mean()),
            depth_model=self.pipeline.engine.model,
            scene_model="",
            engine=self.pipeline.engine.name,
        )
        return Output("status", STATUS, message, perception.stamp_ns)


def _mode(rgb: RgbFrame | None, thermal: ThermalFrame | None) -> Mode:
    if rgb is None:
        return Mode.THERMAL_ONLY
    return Mode.RGB_ONLY if thermal is None else Mode.FULL
