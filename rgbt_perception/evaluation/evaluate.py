"""A run's depth against the true depth in the recording it was computed from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.evaluation.baselines import DepthHistogram
from rgbt_perception.evaluation.ground_truth import TruthStream
from rgbt_perception.evaluation.metrics import (
    depth_metrics,
    median_scale,
    most_confident_abs_rel,
)
from rgbt_perception.evaluation.run_folder import (
    OutputFrame,
    RunFolder,
    confidence_picture,
    count_outputs,
    open_run,
    output_frames,
)
from rgbt_perception.evaluation.scores import ESTIMATES, ConditionScore, Mean, RunScore
from rgbt_perception.frames import FloatImage, Mode
from rgbt_perception.sensing.decode import depth_picture

Progress = Callable[[int, int], None]
"""Called with the steps done and the steps in all."""

KEPT_SHARE = 0.7
# Free-running cameras are up to 18 ms apart: what moves shifts by as much in these scores.
_RGB_TOLERANCE_NS = 20_000_000
_SINGLE = (Mode.RGB_ONLY, Mode.THERMAL_ONLY)
_TOPIC_OF = {"fused": "depth", "rgb": "rgb", "thermal": "thermal", "ungated": "ungated"}


@dataclass(frozen=True)
class _Compared:
    """One output beside its truth.

    Attributes:
        condition: key of metrics.json.
        mode: what the output was computed from.
        truth: (H, W) float32, metres.
        valid: (H, W) bool, truth known and in the range that is scored.
        estimates: by name, (H, W) float32, metres, brought to the truth's grid.
        confidence: (H, W) float32, 0 to 1, likewise; None when the run wrote none.
    """

    condition: str
    mode: Mode
    truth: FloatImage
    valid: npt.NDArray[np.bool_]
    estimates: dict[str, FloatImage]
    confidence: FloatImage | None

    def common(self) -> npt.NDArray[np.bool_]:
        """(H, W) bool, the pixels where the truth is valid and every estimate is known."""
        known = [np.isfinite(depth) for depth in self.estimates.values()]
        return np.asarray(np.logical_and.reduce([self.valid, *known]))


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

    Reads the run twice in constant memory: once to fit the baselines, once to score.
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
        if frame.mode not in _SINGLE:
            height = frame.truth.shape[0]
            histogram = histograms.setdefault(frame.condition, DepthHistogram(height))
            histogram.add(frame.truth, frame.common())
    constants = {key: histogram.constant() for key, histogram in histograms.items()}
    rows = {key: histogram.rows() for key, histogram in histograms.items()}

    score = RunScore()
    for frame in _compared(run, score, steps):
        key = frame.condition
        if frame.mode in _SINGLE:
            target = score.single_camera[key, frame.mode.name]
        else:
            target = score.conditions[key]
        mask = frame.common()
        if not _score_frame(target, frame, mask):
            score.unscored["no_common_pixels"] += 1
        elif frame.mode not in _SINGLE:
            truth = frame.truth[mask]
            target.baselines["constant"].add(
                depth_metrics(np.full(truth.shape, constants[key]), truth)
            )
            target.baselines["row"].add(depth_metrics(rows[key][np.nonzero(mask)[0]], truth))
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
    """Called once a frame; every frame is read twice."""
    total = 2 * count_outputs(run)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    return step


def _compared(run: RunFolder, score: RunScore, step: Callable[[], None]) -> Iterator[_Compared]:
    """The outputs that can be compared; counts all of them in ``score``."""
    names = (*_TOPIC_OF.values(), "confidence", "status")
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
            compared = _compare(output, truths, score)
            if compared is not None:
                yield compared


def _compare(output: OutputFrame, truths: TruthStream, score: RunScore) -> _Compared | None:
    mode = output.mode
    # Computed from the RGB picture alone, the output carries that picture's stamp, at which the
    # reference camera has no truth unless both cameras fire together.
    truth = truths.at(output.stamp_ns, _RGB_TOLERANCE_NS if mode is Mode.RGB_ONLY else 0)
    if truth is None:
        score.unscored["no_truth_at_stamp"] += 1
        return None
    names = ("fused",) if mode in _SINGLE else ESTIMATES
    if any(_TOPIC_OF[name] not in output.messages for name in names):
        score.unscored["estimates_missing"] += 1
        return None
    estimates = {name: depth_picture(output.messages[_TOPIC_OF[name]]) for name in names}
    confidence = output.messages.get("confidence")
    shape = estimates["fused"].shape
    for name, picture in estimates.items():
        if picture.shape != shape:
            raise InputError(
                f"{_TOPIC_OF[name]} depth is {picture.shape[1]}x{picture.shape[0]}, expected "
                f"the fused depth's {shape[1]}x{shape[0]}"
            )
    # The truth stays as it is: a sparse one would lose points on a coarser grid.
    grid = truth.depth.shape
    near, far = truth.condition.range_m
    return _Compared(
        truth.condition.key,
        mode,
        truth.depth,
        (truth.depth >= near) & (truth.depth <= far),
        {name: _on_grid(picture, grid) for name, picture in estimates.items()},
        None if confidence is None else _on_grid(confidence_picture(confidence), grid),
    )


def _score_frame(target: ConditionScore, frame: _Compared, mask: npt.NDArray[np.bool_]) -> bool:
    """Add one frame; False when no pixel could be scored."""
    valid = int(np.count_nonzero(frame.valid))
    if valid:
        answered = frame.valid & np.isfinite(frame.estimates["fused"])
        target.coverage.add({"coverage": int(np.count_nonzero(answered)) / valid})
        if answered.any():
            _add_scores(
                target.fused_alone["depth"],
                target.fused_alone["depth_median_scaled"],
                frame.estimates["fused"][answered],
                frame.truth[answered],
            )
    truth = frame.truth[mask]
    if truth.size == 0:
        return False
    for name, depth in frame.estimates.items():
        _add_scores(target.depth[name], target.depth_median_scaled[name], depth[mask], truth)
    if frame.confidence is not None:
        kept = most_confident_abs_rel(
            frame.estimates["fused"][mask], truth, frame.confidence[mask], KEPT_SHARE
        )
        target.confidence.add({"abs_rel_keep70": kept})
    return True


def _add_scores(plain: Mean, scaled: Mean, estimate: FloatImage, truth: FloatImage) -> None:
    plain.add(depth_metrics(estimate, truth))
    scaled.add(depth_metrics(estimate * median_scale(estimate, truth), truth))


def _on_grid(picture: FloatImage, shape: tuple[int, ...]) -> FloatImage:
    """A picture seen on a grid of another size, nearest pixel, no invented depths."""
    if picture.shape == shape:
        return picture
    rows, columns = (
        np.minimum(((np.arange(new) + 0.5) * old / new).astype(int), old - 1)
        for new, old in zip(shape, picture.shape, strict=True)
    )
    return picture[np.ix_(rows, columns)]
