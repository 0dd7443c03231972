"""A recording as the pipeline sees it: pairs with their result and their true depth."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rgbt_perception.config import Config
from rgbt_perception.engines.engine import Engine
from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.ground_truth import Truth, TruthStream
from rgbt_perception.frames import FloatImage, FramePair, Modality, Mode, Perception
from rgbt_perception.outputs import ESTIMATE_TOPICS
from rgbt_perception.pipeline import DepthPipeline, Wanted
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.session import Session, Stream

ESTIMATES_WANTED = Wanted(color=False, temperature=False, estimates=True)
DEPTH_WANTED = Wanted(color=False, temperature=False)


@dataclass(frozen=True)
class SeenPair:
    """One pair of both cameras.

    Attributes:
        pair: decoded and rectified.
        perception: the pipeline's result with every estimate.
        truth: (H, W) float32, metres, NaN unknown, thermal optical frame.
        scored: (H, W) bool, truth known and within the range that is scored.
        condition: ``<scene>/<light>/<weather>``.
    """

    pair: FramePair
    perception: Perception
    truth: FloatImage
    scored: npt.NDArray[np.bool_]
    condition: str

    @property
    def estimates(self) -> dict[str, FloatImage]:
        """``fused``, ``rgb``, ``thermal`` and ``ungated`` depth, (H, W) float32, metres."""
        return {"fused": self.perception.depth, **self.perception.estimates}

    def without(self, camera: Modality) -> FramePair:
        """The pair as it arrives when a camera is silent."""
        rgb = None if camera is Modality.RGB else self.pair.rgb
        thermal = None if camera is Modality.THERMAL else self.pair.thermal
        mode = Mode.THERMAL_ONLY if rgb is None else Mode.RGB_ONLY
        return replace(
            self.pair, rgb=rgb, thermal=thermal, mode=mode, reasons=(f"{camera.value}_lost",)
        )


class KeepingPipeline(DepthPipeline):
    """Remembers what went through it, so that a session's pairs can be run again.

    Attributes:
        kept: pairs of both cameras with their results, since the last ``clear``.
    """

    def __init__(self, config: Config, engine: Engine, scene: Engine | None = None) -> None:
        super().__init__(config.output, engine, scene)
        self.kept: list[tuple[FramePair, Perception]] = []

    def process(self, pair: FramePair, wanted: Wanted) -> Perception:
        """See ``DepthPipeline.process``."""
        perception = super().process(pair, wanted)
        if pair.mode is Mode.FULL:
            self.kept.append((pair, perception))
        return perception


def seen_pairs(path: Path, engine: Engine, config: Config | None = None) -> list[SeenPair]:
    """Play a recording and keep its pairs in memory.

    Args:
        path: a short recording with true depth in the thermal view, its topics named as inputs.
        engine: the depth network.
        config: all parameters; the default ones without.

    Raises:
        InputError: the recording holds no pair or no truth.
    """
    pipeline = KeepingPipeline(config or Config(), engine)
    play(path, pipeline, config or Config(), frozenset(ESTIMATE_TOPICS.values()))
    result = []
    with TruthStream(path, Modality.THERMAL) as truths:
        for pair, perception in pipeline.kept:
            truth = truths.at(perception.stamp_ns)
            if truth is not None:
                result.append(_seen(pair, perception, truth))
    if not result:
        raise InputError(f"{path}: no pair of both cameras with true depth")
    return result


def play(path: Path, pipeline: DepthPipeline, config: Config, topics: Set[str]) -> None:
    """Send a recording through a pipeline as every host does.

    Args:
        path: a recording with its topics named as inputs.
        pipeline: keeps what it computes.
        config: all parameters.
        topics: outputs that are asked for.
    """
    session = Session(config, pipeline, RosbagsFactory(), select=lambda index: topics)
    with RecordingReader(path) as reader:
        streams = {f"/{s.value}": s for s in Stream if f"/{s.value}" in reader.topics}
        for message in reader.messages(streams):
            session.handle(streams[message.topic], message.value, message.time_ns)
    session.finish()


def _seen(pair: FramePair, perception: Perception, truth: Truth) -> SeenPair:
    depth, (near, far) = truth.depth, truth.condition.range_m
    if depth.shape != perception.depth.shape:
        raise InputError(
            f"true depth of {depth.shape[1]}x{depth.shape[0]}, expected the thermal picture's size"
        )
    with np.errstate(invalid="ignore"):
        scored = (depth >= near) & (depth <= far)
    return SeenPair(pair, perception, depth, scored, truth.condition.key)


def same_pixels(
    scored: npt.NDArray[np.bool_], depths: Sequence[FloatImage]
) -> npt.NDArray[np.bool_]:
    """(H, W) bool, the scored pixels where all of these depths are known."""
    return np.asarray(np.logical_and.reduce([scored, *(np.isfinite(depth) for depth in depths)]))
