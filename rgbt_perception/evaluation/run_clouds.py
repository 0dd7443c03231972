"""The point clouds of a run that stand for the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.run_folder import OUTPUT_TOPICS, RunFolder, output_frames
from rgbt_perception.frames import Mode
from rgbt_perception.geometry.cloud import POINT, POINT_XYZ, POINT_XYZRGB
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.sensing.encode import NS_PER_S

Cloud = npt.NDArray[np.void]
"""(H, W) of ``geometry.cloud.POINT``, optical frame."""

_LAYOUTS = {layout.itemsize: layout for layout in (POINT, POINT_XYZRGB, POINT_XYZ)}
_SINGLE = (Mode.RGB_ONLY, Mode.THERMAL_ONLY)


@dataclass(frozen=True)
class RunCloud:
    """One cloud of a run.

    Attributes:
        time_s: since the run's first cloud or status, seconds.
        mode: what it was computed from.
        points: (H, W), organised.
    """

    time_s: float
    mode: Mode
    points: Cloud


def typical_clouds(run: RunFolder) -> list[RunCloud]:
    """For every mode the cloud nearest to the middle of the run, those of both cameras first."""
    topic = OUTPUT_TOPICS["points"]
    if run.info.get("outputs") == 0:
        return []
    with RecordingReader(run.recording) as reader:
        middle = (reader.count([topic]) - 1) / 2
    best: dict[Mode, tuple[float, int, Any]] = {}
    number, first_ns = 0, None
    for output in output_frames(run, ("points", "status")):
        first_ns = output.stamp_ns if first_ns is None else first_ns
        if "points" not in output.messages:
            continue
        away = abs(number - middle)
        number += 1
        if output.mode not in best or away < best[output.mode][0]:
            best[output.mode] = (away, output.stamp_ns - first_ns, output.messages["points"])
    return [
        RunCloud(since_ns / NS_PER_S, mode, _points(message))
        for mode, (_, since_ns, message) in sorted(
            best.items(), key=lambda item: (item[0] in _SINGLE, item[0])
        )
    ]


def _points(message: Any) -> Cloud:
    """With every field: what a point lacks is NaN, its colour and its label are 0.

    Raises:
        InputError: it is not one of ours.
    """
    layout = _LAYOUTS.get(message.point_step)
    if layout is None:
        raise InputError(
            f"{OUTPUT_TOPICS['points']}: {message.point_step} bytes a point, expected one of "
            + ", ".join(map(str, sorted(_LAYOUTS)))
        )
    points = np.frombuffer(memoryview(message.data), dtype=layout)
    points = points.reshape(message.height, message.width)
    if points.dtype == POINT:
        return points
    whole = np.zeros(points.shape, POINT)
    whole["temperature"] = whole["confidence"] = np.nan
    for name in points.dtype.names or ():
        whole[name] = points[name]
    return whole
