"""A recording's labels as the pipeline finds them, beside the true ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rgbt_perception.config import Config
from rgbt_perception.engines.engine import Engine
from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.ground_truth import Condition, LabelStream
from rgbt_perception.evaluation.suite.scenes import KeepingPipeline, play
from rgbt_perception.frames import LabelImage, Modality
from rgbt_perception.outputs import LABEL_ESTIMATE_TOPICS

_TOPICS = frozenset({"semantic/image", *LABEL_ESTIMATE_TOPICS.values()})


@dataclass(frozen=True)
class LabelledPair:
    """One pair of both cameras.

    Attributes:
        truth: (H, W) uint8, ids of ``scene.classes``, 0 and 255 where nothing is known.
        found: by estimate (``fused``, ``rgb``, ``thermal``), as ``truth``.
        condition: what the recording shows.
    """

    truth: LabelImage
    found: Mapping[str, LabelImage]
    condition: Condition


def labelled_pairs(path: Path, depth: Engine, scene: Engine) -> Iterator[LabelledPair]:
    """Play a recording and compare.

    Args:
        path: a short recording with true labels in the thermal view, its topics named as inputs.
        depth: the depth network.
        scene: the scene network.

    Raises:
        InputError: the recording holds no pair or no truth.
    """
    config, empty = Config(), True
    pipeline = KeepingPipeline(config, depth, scene)
    play(path, pipeline, config, _TOPICS)
    with LabelStream(path, Modality.THERMAL) as truths:
        for _, perception in pipeline.kept:
            truth, found = truths.at(perception.stamp_ns), perception.scene
            if truth is None or found is None or found.labels is None:
                continue
            empty = False
            labels = {"fused": found.labels, **found.estimates}
            yield LabelledPair(truth.labels, labels, truth.condition)
    if empty:
        raise InputError(f"{path}: no pair of both cameras with true labels")
