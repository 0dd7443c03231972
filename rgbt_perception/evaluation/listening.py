"""What networks get while a recording is replayed."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np

from rgbt_perception.engines.engine import Engine, Tensors
from rgbt_perception.session import Stream


class ListeningEngine:
    """See ``Engine``. Another one, which keeps copies of what it is given.

    Attributes:
        heard: inputs of every call since they were last taken away, oldest first.
    """

    def __init__(self, engine: Engine) -> None:
        """Listen to a loaded engine."""
        self._engine = engine
        self.name, self.model, self.digest = engine.name, engine.model, engine.digest
        self.metadata, self.inputs, self.outputs = engine.metadata, engine.inputs, engine.outputs
        self.heard: list[Tensors] = []

    def run(self, inputs: Tensors, outputs: Collection[str]) -> Tensors:
        """See ``Engine.run``."""
        self.heard.append({name: np.array(values) for name, values in inputs.items()})
        return self._engine.run(inputs, outputs)

    def take(self) -> list[Tensors]:
        """What was heard; it is forgotten here."""
        heard, self.heard = self.heard, []
        return heard


def input_streams(topics: Iterable[str]) -> dict[str, Stream]:
    """Which of a recording's topics are a session's inputs, named as those or compressed."""
    known = {stream.value: stream for stream in Stream}
    names = {topic: topic.strip("/").removesuffix("/compressed") for topic in topics}
    return {topic: known[name] for topic, name in names.items() if name in known}
