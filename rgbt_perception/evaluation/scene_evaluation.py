"""A run's labels against true ones, and its fused pictures against their sources."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np

from rgbt_perception.evaluation.comparison import SINGLE, truth_tolerance_ns
from rgbt_perception.evaluation.fusion_metrics import MINIMUM_SIDE, fusion_metrics
from rgbt_perception.evaluation.ground_truth import LabelStream
from rgbt_perception.evaluation.run_folder import (
    OutputFrame,
    RunFolder,
    count_outputs,
    output_frames,
)
from rgbt_perception.evaluation.scores import RunScore
from rgbt_perception.evaluation.segmentation_scores import SEGMENTATION_ESTIMATES
from rgbt_perception.sensing.decode import color_picture, label_picture, thermal_picture

FUSION_FRAMES = 24
"""Most fused pictures of a run that are scored, evenly spread: scoring is slow."""

_LABELS = {"fused": "labels", "rgb": "labels_rgb", "thermal": "labels_thermal"}
_ALIGNED = ("fused_picture", "aligned_rgb", "aligned_rgb_seen", "aligned_thermal")


def score_scene(run: RunFolder, score: RunScore, step: Callable[[], None]) -> None:
    """Add a run's labels and fused pictures to its score; nothing when it has none.

    Frames that lack what their estimates need are not scored: a run of one camera has its labels
    scored apart, and fused pictures need both.

    Args:
        run: the folder; its source must be there.
        score: of that run.
        step: called for every output with labels.
    """
    total = count_outputs(run, "labels")
    if not total:
        return
    every = math.ceil(total / FUSION_FRAMES)
    number = 0
    with LabelStream(run.source, run.reference) as truths:
        if not truths.available:
            return
        for output in output_frames(run, (*_LABELS.values(), *_ALIGNED, "status")):
            if "labels" not in output.messages:
                continue
            step()
            _score_labels(output, truths, score)
            if number % every == 0 and all(name in output.messages for name in _ALIGNED):
                _score_fusion(output, score)
            number += 1


def _score_labels(output: OutputFrame, truths: LabelStream, score: RunScore) -> None:
    truth = truths.at(output.stamp_ns, truth_tolerance_ns(output.mode))
    if truth is None:
        return
    key, single = truth.condition.key, output.mode in SINGLE
    names = ("fused",) if single else SEGMENTATION_ESTIMATES
    found = {
        name: label_picture(output.messages[_LABELS[name]])
        for name in names
        if _LABELS[name] in output.messages
    }
    if len(found) == len(names):
        target = score.single_camera[key, output.mode.name] if single else score.conditions[key]
        target.scene(names).add(truth.labels, found)


def _score_fusion(output: OutputFrame, score: RunScore) -> None:
    """Where RGB does not see, the thermal picture stands for it: there is nothing else to keep."""
    messages = output.messages
    visible = cv2.cvtColor(color_picture(messages["aligned_rgb"]), cv2.COLOR_RGB2GRAY)
    thermal = np.asarray(thermal_picture(messages["aligned_thermal"]), np.uint8)
    fused = cv2.cvtColor(color_picture(messages["fused_picture"]), cv2.COLOR_RGB2GRAY)
    visible = np.where(label_picture(messages["aligned_rgb_seen"]) > 0, visible, thermal)
    if min(fused.shape) >= MINIMUM_SIDE:
        score.fusion.add(fusion_metrics(visible, thermal, np.asarray(fused)))
