"""Messages in, messages out: what every host drives. No clock and no wire of its own."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Set
from dataclasses import replace
from enum import Enum
from typing import Any

from rgbt_perception.config import Config
from rgbt_perception.engines.identity import runtimes
from rgbt_perception.errors import InputError
from rgbt_perception.frames import Modality, Mode, Perception
from rgbt_perception.geometry.rig import Rig
from rgbt_perception.outputs import (
    LABEL_INFO,
    LATCHED_TOPICS,
    STATUS,
    TOPICS,
    Output,
    build_outputs,
    usual_topics,
    wanted_results,
)
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.sensing.assembly import PairAssembly
from rgbt_perception.sensing.decode import stamp_of
from rgbt_perception.sensing.encode import MessageFactory
from rgbt_perception.sensing.encode_labels import label_info_message
from rgbt_perception.sensing.encode_status import status_message
from rgbt_perception.sensing.pairing import Match, Pairer
from rgbt_perception.statistics import Statistics


class Stream(str, Enum):
    """The inputs; the value is the relative topic name."""

    RGB_IMAGE = "rgb/image"
    RGB_INFO = "rgb/camera_info"
    THERMAL_IMAGE = "thermal/image"
    THERMAL_INFO = "thermal/camera_info"
    TF_STATIC = "tf_static"
    RIG = "rig"


IMAGES = {Stream.RGB_IMAGE: Modality.RGB, Stream.THERMAL_IMAGE: Modality.THERMAL}
INFOS = {Stream.RGB_INFO: Modality.RGB, Stream.THERMAL_INFO: Modality.THERMAL}


class Session:
    """One rig's perception, from ROS-shaped messages to ROS-shaped messages.

    ``now_ns`` is the host's own monotone time (log time in a recording, the steady clock on a
    robot); it decides when a camera counts as lost. Stamps decide everything else.

    A host with one thread calls ``handle``, ``advance`` and ``finish``. A host that receives in
    other threads than it computes in calls ``pair``, ``wait`` and ``restart`` from any of them,
    and everything else from the one that computes.

    Attributes:
        config: all parameters.
        pipeline: with its engine.
        statistics: what was counted.
        degraded_by: reason codes of a host that cannot keep up; a FULL result becomes DEGRADED.
        remarks: further reason codes, which leave the mode as it is.
        unused: why the last match gave no result; empty when it gave one or nobody wanted it.
        idle: nobody wanted the last match's result.
        factory: makes the host's messages.
        situation: mode and reasons of the last result, or of what the host said since.
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
            select: which topics have a taker, asked before the n-th result (from 0).
        """
        self.config = config
        self.pipeline = pipeline
        self.statistics = Statistics()
        self.degraded_by: tuple[str, ...] = ()
        self.remarks: tuple[str, ...] = ()
        self.unused: tuple[str, ...] = ()
        self.idle = False
        self.situation: tuple[Mode, tuple[str, ...]] = (Mode.WAITING, ())
        self.factory = factory
        self._select = select
        self._matches = 0
        self._usual = usual_topics(pipeline.scene is not None)
        self._assembly = PairAssembly(config, self.statistics, rig)
        self._pairing = threading.Lock()
        self._pairer: Pairer[Any] = Pairer(config.pairing)
        self._dropped_before: Counter[str] = Counter()

    @property
    def dropped(self) -> dict[str, int]:
        """Pictures that ended in no result, by camera."""
        with self._pairing:
            counters, before = self._pairer.counters, self._dropped_before.copy()
        before.update(self.statistics.unprocessed)
        return {
            camera.value: counters.dropped_total(camera) + before[camera.value]
            for camera in Modality
        }

    @property
    def extrinsics_known(self) -> bool:
        """Whether RGB can be placed in the thermal view."""
        return self._assembly.thermal_T_rgb() is not None

    @property
    def assembly(self) -> PairAssembly:
        """What is known of both cameras."""
        return self._assembly

    def double(self, rig: Rig, pipeline: DepthPipeline, topics: Set[str]) -> Session:
        """A session of its own with these parameters and messages, that of another rig.

        Args:
            rig: see the constructor.
            pipeline: likewise.
            topics: that have a taker.
        """
        return Session(self.config, pipeline, self.factory, rig=rig, select=lambda index: topics)

    def wanted(self) -> Set[str]:
        """Which topics that results are computed for have a taker now."""
        return self._select(self._matches) - LATCHED_TOPICS

    def announcements(self, stamp_ns: int) -> list[Output]:
        """What holds from the start, to be sent before the first result, once.

        Args:
            stamp_ns: ROS time, nanoseconds.
        """
        if self.pipeline.scene is None:
            return []
        message = label_info_message(self.factory, stamp_ns, self._frame_id())
        return [Output(topic, LABEL_INFO, message, stamp_ns) for topic in LATCHED_TOPICS]

    # One thread

    def handle(self, stream: Stream, message: Any, now_ns: int) -> list[Output]:
        """Take one message.

        Args:
            stream: what it is.
            message: ROS-shaped.
            now_ns: host time, nanoseconds.

        Returns:
            The messages to publish now.
        """
        if stream in IMAGES:
            return self._results(self.pair(IMAGES[stream], message, now_ns))
        self.take(stream, message)
        return []

    def advance(self, now_ns: int) -> list[Output]:
        """Let time pass without a picture: a silent camera may become a lost one."""
        return self._results(self.wait(now_ns))

    def finish(self) -> list[Output]:
        """End of the streams: decide about every picture that still waits."""
        with self._pairing:
            matches = self._pairer.flush()
        return self._results(matches)

    # Any thread

    def pair(self, modality: Modality, message: Any, now_ns: int) -> list[Match[Any]]:
        """Take a picture without decoding it.

        Args:
            modality: its camera.
            message: Image or CompressedImage.
            now_ns: host time, nanoseconds.

        Returns:
            What is to be processed now, in time order.
        """
        self.statistics.received(modality)
        stamp_ns = stamp_of(message)
        if stamp_ns <= 0:
            line = f"stamp is {stamp_ns} ns, expected more than 0"
            self.statistics.reject(modality, "stamp", line)
            return []
        with self._pairing:
            return self._pairer.add(modality, stamp_ns, message, now_ns)

    def wait(self, now_ns: int) -> list[Match[Any]]:
        """Let time pass; as ``advance``, without processing."""
        with self._pairing:
            return self._pairer.advance(now_ns)

    def restart(self) -> None:
        """Forget the pictures that wait and their stamps: the host's clock has jumped."""
        self._new_pairer(self.config)

    # The computing thread

    def take(self, stream: Stream, message: Any) -> None:
        """Take what is no picture; what cannot be used is counted among the problems."""
        try:
            if stream in INFOS:
                self._assembly.set_info(INFOS[stream], message)
            elif stream is Stream.TF_STATIC:
                self._assembly.add_transforms(message)
            else:
                self._assembly.set_rig(message.data)
        except InputError as error:
            self.statistics.problem(stream.value, str(error))

    def process(self, match: Match[Any]) -> list[Output]:
        """Everything from one match to its messages.

        Returns:
            The messages to publish; none when nobody wants any or nothing of the match can be
            used (see ``idle`` and ``unused``).

        Raises:
            Exception: a fault inside; the next match is not affected.
        """
        if match.rgb is not None and match.thermal is not None:
            self.statistics.pairs += 1
        topics = self.wanted()
        self._matches += 1
        self.unused = ()
        self.idle = not topics
        if self.idle and not self.config.host.always_compute:
            return []
        started = time.perf_counter()
        computed = topics | self._usual if self.config.host.always_compute else topics
        wanted = wanted_results(computed, self.config.output.cloud_fields)
        pair = self._assembly.pair(match, wanted.temperature)
        if pair is None:
            self.unused = self._assembly.reasons
            return []
        if self.degraded_by:
            mode = Mode.DEGRADED if pair.mode is Mode.FULL else pair.mode
            pair = replace(pair, mode=mode, reasons=pair.reasons + self.degraded_by)
        if self.remarks:
            pair = replace(pair, reasons=pair.reasons + self.remarks)
        sensed = time.perf_counter()
        perception = self.pipeline.process(pair, wanted)
        processed = time.perf_counter()
        outputs = list(build_outputs(self.factory, perception, self.config.output, topics))
        stages = {
            "sensing": (sensed - started) * 1e3,
            **perception.stages,
            "encode": (time.perf_counter() - processed) * 1e3,
        }
        self.statistics.finished(perception.mode, stages)
        self.situation = (perception.mode, perception.reasons)
        if "status" in topics:
            outputs.append(self._status(perception, stages))
        return outputs

    def reconfigure(self, config: Config) -> None:
        """Use other parameters from the next match on.

        What is known of the cameras stays. Other parameters of pairing drop the pictures that
        wait, other parameters of the thermal camera restart its smoothed range.

        Args:
            config: differs from the one in force in what is not fixed at start only.
        """
        before, self.config = self.config, config
        self._assembly.reconfigure(config)
        self.pipeline.config = config.output
        if config.pairing != before.pairing:
            self._new_pairer(config)

    def idle_status(self, mode: Mode, reasons: tuple[str, ...], stamp_ns: int) -> Output:
        """A status without a result.

        Args:
            mode: WAITING or FAULT.
            reasons: codes such as ``no_camera_info_rgb``.
            stamp_ns: the host's ROS time, or that of the picture that failed, nanoseconds.
        """
        return self._status_output(stamp_ns, self._frame_id(), mode, reasons)

    def _frame_id(self) -> str:
        """Optical frame of the outputs; empty while unknown."""
        frames = (self._assembly.frame_id(m) for m in (Modality.THERMAL, Modality.RGB))
        return next((frame for frame in frames if frame), "")

    def _new_pairer(self, config: Config) -> None:
        with self._pairing:
            counters = self._pairer.counters
            for camera in Modality:
                lost = counters.dropped_total(camera) + counters.waiting[camera]
                self._dropped_before[camera.value] += lost
            self._pairer = Pairer(config.pairing)

    def _results(self, matches: Iterable[Match[Any]]) -> list[Output]:
        return [output for match in matches for output in self.process(match)]

    def _status(self, perception: Perception, stages: dict[str, float]) -> Output:
        return self._status_output(
            perception.stamp_ns,
            perception.frame_id,
            perception.mode,
            perception.reasons,
            perception.offset_ns,
            stages,
            float(perception.confidence.mean()),
        )

    def _status_output(
        self,
        stamp_ns: int,
        frame_id: str,
        mode: Mode,
        reasons: tuple[str, ...],
        offset_ns: int = 0,
        stages: dict[str, float] | None = None,
        mean_confidence: float = 0.0,
    ) -> Output:
        dropped, scene = self.dropped, self.pipeline.scene
        message = status_message(
            self.factory,
            stamp_ns=stamp_ns,
            frame_id=frame_id,
            mode=mode,
            reasons=reasons,
            offset_ns=offset_ns,
            stages=stages or {},
            pairs=self.statistics.pairs,
            dropped_rgb=dropped["rgb"],
            dropped_thermal=dropped["thermal"],
            rejected=sum(self.statistics.rejected.values()),
            mean_confidence=mean_confidence,
            depth_model=self.pipeline.engine.model,
            scene_model="" if scene is None else scene.engine.model,
            engine=runtimes(self.pipeline.engine, None if scene is None else scene.engine),
        )
        return Output("status", STATUS, message, stamp_ns)
