"""What the networks get and give when recordings are replayed, beside the truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rgbt_perception.config import Config
from rgbt_perception.engines.constant import ConstantSceneEngine
from rgbt_perception.engines.engine import Engine, Tensors
from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.ground_truth import LabelStream, TruthStream
from rgbt_perception.evaluation.listening import ListeningEngine, input_streams
from rgbt_perception.frames import ColorImage, FloatImage, LabelImage, Modality
from rgbt_perception.outputs import LABEL_ESTIMATE_TOPICS, Output
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.sensing.decode import color_picture, depth_picture, label_picture
from rgbt_perception.session import Session

_DEPTH = "depth/image"
_FUSED = "fused/image"
_LABELS = {"fused": "semantic/image", **LABEL_ESTIMATE_TOPICS}
_SCENE_TOPICS = frozenset({_DEPTH, _FUSED, *_LABELS.values()})


@dataclass(frozen=True)
class Moment:
    """One result.

    Attributes:
        calls: inputs of each network by ``depth`` and ``scene``, a set for every time that it was
            executed; the scene network's is executed with each camera alone as well.
        depth: (H, W) float32, metres, as published.
        labels: by estimate (``fused``, ``rgb``, ``thermal``), (H, W) uint8, as published; none
            without a scene network.
        fused: (H, W, 3) uint8, as published; None without a scene network.
        true_depth, true_labels: the same, true; None where the recording has none.
    """

    calls: Mapping[str, list[Tensors]]
    depth: FloatImage
    labels: Mapping[str, LabelImage]
    fused: ColorImage | None
    true_depth: FloatImage | None
    true_labels: LabelImage | None


def moments(bag: Path, depth: Engine, scene: Engine | None = None) -> Iterator[Moment]:
    """Replay a recording; only what is going on at the moment is in memory.

    Args:
        bag: recording of both cameras.
        depth: with the depth network.
        scene: with the scene network, if it is to be executed.

    Raises:
        InputError: it has no results.
    """
    engines = {"depth": ListeningEngine(depth)}
    if scene is not None:
        engines["scene"] = ListeningEngine(scene)
    topics = _SCENE_TOPICS if scene is not None else frozenset({_DEPTH})
    config, empty = Config(), True
    pipeline = DepthPipeline(config.output, engines["depth"], engines.get("scene"))
    session = Session(config, pipeline, RosbagsFactory(), select=lambda index: topics)
    with (
        TruthStream(bag, Modality.THERMAL) as depths,
        LabelStream(bag, Modality.THERMAL) as labels,
    ):
        for outputs in _results(bag, session):
            empty = False
            stamp_ns = outputs[_DEPTH].stamp_ns
            true_depth = depths.at(stamp_ns)
            true_labels = labels.at(stamp_ns)
            yield Moment(
                {name: engine.take() for name, engine in engines.items()},
                depth_picture(outputs[_DEPTH].message),
                {
                    name: label_picture(outputs[topic].message)
                    for name, topic in _LABELS.items()
                    if topic in outputs
                },
                color_picture(outputs[_FUSED].message) if _FUSED in outputs else None,
                None if true_depth is None else true_depth.depth,
                None if true_labels is None else true_labels.labels,
            )
    if empty:
        raise InputError(f"{bag}: no result; expected pictures of both cameras")


def _results(bag: Path, session: Session) -> Iterator[Mapping[str, Output]]:
    """The messages of each result by topic."""
    with RecordingReader(bag) as reader:
        streams = input_streams(reader.topics)
        for message in reader.messages(streams):
            yield from _by_stamp(
                session.handle(streams[message.topic], message.value, message.time_ns)
            )
    yield from _by_stamp(session.finish())


def _by_stamp(outputs: Iterable[Output]) -> Iterator[Mapping[str, Output]]:
    found: dict[int, dict[str, Output]] = {}
    for output in outputs:
        found.setdefault(output.stamp_ns, {})[output.topic] = output
    return (topics for topics in found.values() if _DEPTH in topics)


def calibration_samples(
    recordings: Iterable[Path], depth: Engine, scene: Engine | None = None
) -> Iterator[Tensors]:
    """What a network gets while recordings are replayed, one after the other.

    Args:
        recordings: of both cameras.
        depth: with the depth network, in float32.
        scene: with the scene network, which is not executed; then its inputs are given, from both
            cameras and from each alone, else those of the depth network.
    """
    if scene is not None:
        _, _, height, width = scene.inputs["rgb"]
        scene = ConstantSceneEngine(width, height)
    for bag in recordings:
        for moment in moments(bag, depth, scene):
            yield from moment.calls["depth" if scene is None else "scene"]
