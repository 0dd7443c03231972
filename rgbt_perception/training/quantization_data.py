"""What the networks get and give when recordings are replayed, beside the true depth."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.config import Config
from rgbt_perception.engines.engine import Engine, Tensors
from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.ground_truth import depth_topic, label_topic
from rgbt_perception.frames import ColorImage, FloatImage, LabelImage, Modality
from rgbt_perception.outputs import Output
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.sensing.decode import color_picture, depth_picture, label_picture, stamp_of
from rgbt_perception.session import Session, Stream

_DEPTH = "depth/image"
_LABELS = "semantic/image"
_FUSED = "fused/image"
_PICTURES: Mapping[str, Callable[[Any], npt.NDArray[Any]]] = {
    _DEPTH: depth_picture,
    _LABELS: label_picture,
    _FUSED: color_picture,
}


class ListeningEngine:
    """See ``Engine``. Another one, which keeps a copy of what it was given last.

    Attributes:
        last: inputs of the last call.
    """

    def __init__(self, engine: Engine) -> None:
        """Listen to a loaded engine."""
        self._engine = engine
        self.name, self.model, self.digest = engine.name, engine.model, engine.digest
        self.metadata, self.inputs, self.outputs = engine.metadata, engine.inputs, engine.outputs
        self.last: dict[str, npt.NDArray[np.float32]] = {}

    def run(self, inputs: Tensors, outputs: Collection[str]) -> Tensors:
        """See ``Engine.run``."""
        self.last = {name: np.array(values) for name, values in inputs.items()}
        return self._engine.run(inputs, outputs)


@dataclass(frozen=True)
class Moment:
    """One result.

    Attributes:
        inputs: of each network by ``depth`` and ``scene``; the latter only where there is one.
        depth: (H, W) float32, metres, as published.
        labels: (H, W) uint8, as published; None without a scene network.
        fused: (H, W, 3) uint8, likewise.
        true_depth, true_labels: the same, true; None where the recording has none.
    """

    inputs: Mapping[str, Tensors]
    depth: FloatImage
    labels: LabelImage | None
    fused: ColorImage | None
    true_depth: FloatImage | None
    true_labels: LabelImage | None


def moments(bag: Path, depth: Engine, scene: Engine | None = None) -> Iterator[Moment]:
    """Replay a recording.

    Args:
        bag: recording of both cameras.
        depth: with the depth network.
        scene: with the scene network, if its inputs are wanted.

    Raises:
        InputError: it has no results.
    """
    engines = {"depth": ListeningEngine(depth)}
    if scene is not None:
        engines["scene"] = ListeningEngine(scene)
    topics = frozenset(_PICTURES if scene is not None else {_DEPTH})
    config = Config()
    pipeline = DepthPipeline(config.output, engines["depth"], engines.get("scene"))
    session = Session(config, pipeline, RosbagsFactory(), select=lambda index: topics)
    inputs: dict[int, Mapping[str, Tensors]] = {}
    found: dict[str, dict[int, npt.NDArray[Any]]] = {name: {} for name in _PICTURES}
    true: dict[str, dict[int, npt.NDArray[Any]]] = {name: {} for name in (_DEPTH, _LABELS)}

    def keep(outputs: Iterable[Output]) -> None:
        for output in outputs:
            if output.topic in found:
                picture = _PICTURES[output.topic](output.message)
                found[output.topic][output.stamp_ns] = picture
                inputs[output.stamp_ns] = {name: engine.last for name, engine in engines.items()}

    with RecordingReader(bag) as reader:
        streams = {name: stream for name in reader.topics if (stream := _stream(name)) is not None}
        truths = {
            topic: name
            for name, finder in ((_DEPTH, depth_topic), (_LABELS, label_topic))
            if (topic := finder(reader, Modality.THERMAL)) is not None
        }
        for message in reader.messages([*streams, *truths]):
            if (name := truths.get(message.topic)) is not None:
                true[name][stamp_of(message.value)] = _PICTURES[name](message.value)
            else:
                keep(session.handle(streams[message.topic], message.value, message.time_ns))
    keep(session.finish())
    if not inputs:
        raise InputError(f"{bag}: no result; expected pictures of both cameras")
    for stamp_ns in sorted(inputs):
        yield Moment(
            inputs[stamp_ns],
            found[_DEPTH][stamp_ns],
            found[_LABELS].get(stamp_ns),
            found[_FUSED].get(stamp_ns),
            true[_DEPTH].get(stamp_ns),
            true[_LABELS].get(stamp_ns),
        )


def _stream(topic: str) -> Stream | None:
    name = topic.strip("/").removesuffix("/compressed")
    return Stream(name) if name in {stream.value for stream in Stream} else None
