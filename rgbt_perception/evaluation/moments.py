"""A few moments of a run with the pictures they were computed from and their truth."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.evaluation.ground_truth import depth_topic
from rgbt_perception.evaluation.run_folder import (
    OutputFrame,
    RunFolder,
    confidence_picture,
    output_frames,
)
from rgbt_perception.frames import ColorImage, FloatImage, Modality, Mode
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.sensing.decode import (
    color_picture,
    depth_picture,
    stamp_of,
    thermal_picture,
)
from rgbt_perception.sensing.encode import NS_PER_S

_TOLERANCE_NS = 2_000_000
_CLASSES = ("label_picture",)  # a mixed colour would be another class


@dataclass(frozen=True)
class Moment:
    """One output beside its inputs.

    Attributes:
        time_s: since the first output, seconds.
        mode: what it was computed from.
        depth: (H, W) float32, metres, NaN where unknown.
        confidence: (H, W) float32, 0 to 1; None when the run wrote none.
        color: (H, W, 3) uint8 RGB as recorded; None when it was not used.
        thermal: (H, W) counts as recorded; None when it was not used.
        truth: (H, W) float32, metres, NaN where unknown; None when there is none.
        reasons: why the mode is what it is, codes such as ``rgb_lost``.
        further: other output pictures that were asked for and are there, by the short name of
            their topic, (H, W, 3) uint8 RGB each.
    """

    time_s: float
    mode: Mode
    depth: FloatImage
    confidence: FloatImage | None = None
    color: ColorImage | None = None
    thermal: npt.NDArray[Any] | None = None
    truth: FloatImage | None = None
    reasons: tuple[str, ...] = ()
    further: Mapping[str, ColorImage] = field(default_factory=dict)


def collect_moments(
    run: RunFolder, frames: Collection[int], *, width: int = 0, further: Collection[str] = ()
) -> list[Moment]:
    """Read the frames with these numbers, and what the source holds at their times.

    One pass over the run and one over its source; only the pictures returned are held.

    Args:
        run: the folder; without its source the moments have outputs only.
        frames: numbers of outputs with a depth picture, from 0, in the order of the run.
        width: wider pictures are shrunk to it, pixels; 0 keeps their size.
        further: short names (``OUTPUT_TOPICS``) of other pictures to read.
    """
    numbers = set(frames)
    moments: list[Moment] = []
    wanted: list[dict[str, int]] = []
    first_ns: int | None = None
    number = 0
    for output in output_frames(run, ("depth", "confidence", "status", *further)):
        first_ns = output.stamp_ns if first_ns is None else first_ns
        if "depth" in output.messages:
            if number in numbers:
                moments.append(_outputs(output, first_ns, width))
                wanted.append(_wanted_stamps(output, run.reference))
            number += 1
    if not run.source.exists():
        return moments
    return [
        replace(moment, **pictures)
        for moment, pictures in zip(moments, _source_pictures(run, wanted, width), strict=True)
    ]


def _outputs(output: OutputFrame, first_ns: int, width: int) -> Moment:
    messages = output.messages
    confidence = messages.get("confidence")
    own = ("depth", "confidence", "status")
    return Moment(
        (output.stamp_ns - first_ns) / NS_PER_S,
        output.mode,
        _shrunk(depth_picture(messages["depth"]), width),
        None if confidence is None else _shrunk(confidence_picture(confidence), width),
        reasons=output.reasons,
        further={
            name: _shrunk(color_picture(message), width, mixed=name not in _CLASSES)
            for name, message in messages.items()
            if name not in own
        },
    )


def _wanted_stamps(output: OutputFrame, reference: Modality) -> dict[str, int]:
    """When the pictures behind an output were taken, nanoseconds, by field of ``Moment``."""
    stamp_ns, mode = output.stamp_ns, output.mode
    wanted = {"truth": stamp_ns}
    if mode in (Mode.RGB_ONLY, Mode.THERMAL_ONLY):
        wanted["color" if mode is Mode.RGB_ONLY else "thermal"] = stamp_ns
        return wanted
    offset_ns = 0
    if "status" in output.messages:
        offset = output.messages["status"].pair_offset
        offset_ns = int(offset.sec) * NS_PER_S + int(offset.nanosec)
    if reference is Modality.THERMAL:
        return wanted | {"thermal": stamp_ns, "color": stamp_ns - offset_ns}
    return wanted | {"color": stamp_ns, "thermal": stamp_ns + offset_ns}


def _source_pictures(
    run: RunFolder, wanted: list[dict[str, int]], width: int
) -> list[dict[str, Any]]:
    """For each moment its pictures, by field of ``Moment``; one pass over the source."""
    found: list[dict[str, tuple[int, Any]]] = [{} for _ in wanted]
    with RecordingReader(run.source) as reader:
        fields: dict[str, str] = {}
        for name, modality in (("color", Modality.RGB), ("thermal", Modality.THERMAL)):
            topic = run.input_topic(modality)
            fields |= {
                candidate: name
                for candidate in (topic, f"{topic}/compressed")
                if candidate in reader.topics
            }
        truth = depth_topic(reader, run.reference)
        if truth is not None:
            fields[truth] = "truth"
        for message in reader.messages(list(fields)) if fields else ():
            name, stamp_ns = fields[message.topic], stamp_of(message.value)
            for stamps, pictures in zip(wanted, found, strict=True):
                distance = abs(stamps.get(name, -NS_PER_S) - stamp_ns)
                best = pictures[name][0] if name in pictures else _TOLERANCE_NS + 1
                if distance < best:
                    # Decoded at once: many messages of a large camera would not fit in memory.
                    pictures[name] = (distance, _shrunk(_decoded(name, message.value), width))
    return [{name: picture for name, (_, picture) in pictures.items()} for pictures in found]


def _decoded(name: str, message: Any) -> npt.NDArray[Any]:
    if name == "color":
        return color_picture(message)
    return thermal_picture(message) if name == "thermal" else depth_picture(message)


def _shrunk(picture: npt.NDArray[Any], width: int, mixed: bool = True) -> npt.NDArray[Any]:
    """The picture at this width if it is wider; ``mixed``: its pixels may be averaged."""
    if not 0 < width < picture.shape[1]:
        return picture
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    # Mixing measured values across an edge would show what nobody measured.
    mixed = mixed and picture.dtype != np.float32
    method = cv2.INTER_AREA if mixed else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(picture, (width, height), interpolation=method))
