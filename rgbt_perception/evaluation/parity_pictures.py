"""Makes ``engines/cache/parity_inputs.npz``: what the networks get when recordings are replayed.

``python -m rgbt_perception.evaluation.parity_pictures DAY.mcap OUT.npz``, the day being
``rgbt simulate --scene street --light day --weather clear --seed 700611 --seconds 1 --rate 5
--rgb-size 640x480 --thermal-size 320x256 --out DAY.mcap``.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rgbt_perception.config import Config
from rgbt_perception.engines.cache.parity_inputs import encoded
from rgbt_perception.engines.choice import make_engine
from rgbt_perception.engines.constant import ConstantSceneEngine
from rgbt_perception.engines.engine import Engine, Tensors
from rgbt_perception.frames import Mode
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.resources import share
from rgbt_perception.session import Session, Stream

# Which results of the recording at night are stored: two pairs, and the first without a camera.
_PAIRS = (4, 22)
_DAY_PAIR = 2


class _Listener:
    """An engine that keeps its last inputs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name, self.model, self.digest = engine.name, engine.model, engine.digest
        self.metadata, self.inputs, self.outputs = engine.metadata, engine.inputs, engine.outputs
        self.last: dict[str, Any] = {}

    def run(self, inputs: Tensors, outputs: Collection[str]) -> Tensors:
        self.last = {name: np.array(values) for name, values in inputs.items()}
        return self._engine.run(inputs, outputs)


def main(arguments: Sequence[str]) -> None:
    """Write the file; see above."""
    day, out = map(Path, arguments)
    stored: dict[str, Any] = {}
    moments = [
        *_moments(
            share("samples") / "night_smoke.mcap", _PAIRS, (Mode.RGB_ONLY, Mode.THERMAL_ONLY)
        ),
        *_moments(day, (_DAY_PAIR,), ()),
    ]
    for number, networks in enumerate(moments):
        for network, inputs in networks.items():
            for name, values in inputs.items():
                stored[f"{network}/{number}/{name}"] = encoded(values)
    np.savez_compressed(out, **stored)


def _moments(
    bag: Path, pairs: Collection[int], modes: Collection[Mode]
) -> list[dict[str, dict[str, Any]]]:
    """The networks' inputs for these results, and for the first in each of these modes."""
    config = Config()
    depth = _Listener(make_engine(config.engine))
    scene = _Listener(ConstantSceneEngine())
    topics = frozenset({"depth/image", "fused/image", "semantic/image", "points"})
    session = Session(
        config,
        DepthPipeline(config.output, depth, scene),
        RosbagsFactory(),
        select=lambda index: topics,
    )
    found, seen, wanted = [], 0, set(modes)
    with RecordingReader(bag) as reader:
        inputs = {name: _stream(name) for name in reader.topics}
        used = [name for name, stream in inputs.items() if stream is not None]
        for message in reader.messages(used):
            stream = inputs[message.topic]
            assert stream is not None, "only these were asked for"
            session.handle(stream, message.value, message.time_ns)
            if session.statistics.outputs == seen:
                continue
            mode = session.situation[0]
            if seen in pairs or mode in wanted:
                found.append({"depth": depth.last, "scene": scene.last})
                wanted -= {mode}
            seen = session.statistics.outputs
    return found


def _stream(topic: str) -> Stream | None:
    name = topic.strip("/").removesuffix("/compressed")
    return Stream(name) if name in Stream._value2member_map_ else None


if __name__ == "__main__":
    main(sys.argv[1:])
