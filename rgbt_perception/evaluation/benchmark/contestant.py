"""Who takes part, and what each of them offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from rgbt_perception.config import EngineConfig
from rgbt_perception.evaluation.benchmark.inputs import Messages, Sizes


class Kind(str, Enum):
    """What executes the work; the value is its name in the figures."""

    OURS = "ours"
    NAIVE = "naive"
    NAIVE_RECORDS = "naive_records"
    TORCH_EAGER = "torch_eager"
    TORCH_COMPILE = "torch_compile"
    ONNXRUNTIME_DEFAULT = "onnxruntime_default"
    OPENVINO = "openvino"


ABOUT = {
    Kind.NAIVE: "plain Python with eager torch, the cloud from rows",
    Kind.NAIVE_RECORDS: "the same, the cloud from one structured array",
    Kind.TORCH_EAGER: "our pipeline, the networks in eager torch",
    Kind.TORCH_COMPILE: "our pipeline, the networks through torch.compile",
    Kind.ONNXRUNTIME_DEFAULT: "our pipeline, ONNX Runtime with its default settings",
    Kind.OPENVINO: "our pipeline, OpenVINO in 32 bits",
}
"""The peers, in words."""


@dataclass(frozen=True)
class Contestant:
    """What a process of its own needs to know to take part.

    Attributes:
        kind: what executes the work.
        engine: runtime of ``Kind.OURS``; its depth model is the network's file.
        scene_model: shipped model or ONNX file; empty = no fused picture and no labels.
        network: width and height of both networks, pixels; None = those of the files.
        sizes: of the cameras.
        cloud_every: the cloud is built for every n-th pair, everything else for every pair.
    """

    kind: Kind
    engine: EngineConfig
    scene_model: str
    network: tuple[int, int] | None
    sizes: Sizes
    cloud_every: int = 1


class Processor(Protocol):
    """Takes pairs, one after the other.

    Attributes:
        engine: runtime and its version.
        network: width and height of its depth network, pixels.
        weights: where those of torch networks come from; empty = the models' files.
    """

    engine: str
    network: tuple[int, int]
    weights: str

    def process(self, pair: Messages) -> Mapping[str, float]:
        """Everything from one pair's messages to the messages that come of it.

        Returns:
            Milliseconds by stage; ``total`` is the time from the later picture to the last message.
        """
        ...
