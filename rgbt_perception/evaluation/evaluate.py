"""A run against the truth in the recording it was computed from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.evaluation.baselines import DepthHistogram
from rgbt_perception.evaluation.comparison import (
    SINGLE,
    Compared,
    compare,
    score_frame,
    truth_tolerance_ns,
)
from rgbt_perception.evaluation.ground_truth import TruthStream
from rgbt_perception.evaluation.metrics import depth_metrics
from rgbt_perception.evaluation.run_folder import RunFolder, count_outputs, open_run, output_frames
from rgbt_perception.evaluation.scene_evaluation import score_scene
from rgbt_perception.evaluation.scores import RunScore

Progress = Callable[[int, int], None]
"""Called with the steps done and the steps in all."""


def evaluate_run(run_dir: Path) -> dict[str, Any]:
    """The metrics of one run.

    Args:
        run_dir: the folder written by a replay.

    Returns:
        The content of metrics.json. Without true depth in the source: frames, ``ground_truth``
        False and no conditions.

    Raises:
        InputError: the folder is not a run's, or the source recording is gone.
    """
    return score_run(run_dir).metrics()


def score_run(run_dir: Path, progress: Progress | None = None) -> RunScore:
    """As ``evaluate_run``, in a form that can be merged with other runs.

    Reads the depth twice in constant memory, once to fit the baselines and once to score, and the
    labels once.
    """
    run = open_run(run_dir)
    if not run.source.exists():
        raise InputError(
            f"{run.path / 'run.json'}: source {run.source}: no such file; evaluation compares "
            "with the ground truth in the recording that was played"
        )
    steps = _steps(run, progress)
    histograms: dict[str, DepthHistogram] = {}
    for frame in _compared(run, RunScore(), steps):
        if frame.mode not in SINGLE:
            height = frame.truth.shape[0]
            histogram = histograms.setdefault(frame.condition, DepthHistogram(height))
            histogram.add(frame.truth, frame.common())
    constants = {key: histogram.constant() for key, histogram in histograms.items()}
    rows = {key: histogram.rows() for key, histogram in histograms.items()}

    score = RunScore()
    for frame in _compared(run, score, steps):
        key = frame.condition
        if frame.mode in SINGLE:
            target = score.single_camera[key, frame.mode.name]
        else:
            target = score.conditions[key]
        mask = frame.common()
        if not score_frame(target, frame, mask):
            score.unscored["no_common_pixels"] += 1
        elif frame.mode not in SINGLE:
            truth = frame.truth[mask]
            target.baselines["constant"].add(
                depth_metrics(np.full(truth.shape, constants[key]), truth)
            )
            target.baselines["row"].add(depth_metrics(rows[key][np.nonzero(mask)[0]], truth))
    score_scene(run, score, steps)
    return score


def merged(scores: Iterable[RunScore]) -> RunScore:
    """Several runs as one; every frame counts alike."""
    total = RunScore()
    for score in scores:
        total.merge(score)
    return total


def write_metrics(folder: Path, metrics: Mapping[str, Any]) -> Path:
    """Write metrics.json.

    Returns:
        Its path.

    Raises:
        RgbtError: it cannot be written.
    """
    path = folder / "metrics.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(metrics, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise RgbtError(f"{path}: {error.strerror}") from None
    return path


def _steps(run: RunFolder, progress: Progress | None) -> Callable[[], None]:
    """Called once a frame; every depth is read twice."""
    total = 2 * count_outputs(run) + count_outputs(run, "labels")
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    return step


def _compared(run: RunFolder, score: RunScore, step: Callable[[], None]) -> Iterator[Compared]:
    """The outputs that can be compared; counts all of them in ``score``."""
    names = ("depth", "rgb", "thermal", "ungated", "confidence", "status")
    with TruthStream(run.source, run.reference) as truths:
        score.ground_truth = truths.available
        for output in output_frames(run, names):
            if "depth" not in output.messages:
                continue
            score.frames += 1
            step()
            if not truths.available:
                score.unscored["no_ground_truth"] += 1
                continue
            truth = truths.at(output.stamp_ns, truth_tolerance_ns(output.mode))
            if truth is None:
                score.unscored["no_truth_at_stamp"] += 1
                continue
            compared = compare(output, truth)
            if compared is None:
                score.unscored["estimates_missing"] += 1
                continue
            yield compared
