"""What a run has left in its folder: the outputs by frame, and what the run says about itself."""

from __future__ import annotations

import reprlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.run_summary import read_summary
from rgbt_perception.frames import FloatImage, Modality, Mode
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.sensing.decode import depth_picture, stamp_of

OUTPUT_TOPICS = {
    "depth": "/perception/depth/image",
    "camera_info": "/perception/depth/camera_info",
    "confidence": "/perception/confidence/image",
    "points": "/perception/points",
    "status": "/perception/status",
    "rgb": "/perception/debug/depth/rgb",
    "thermal": "/perception/debug/depth/thermal",
    "ungated": "/perception/debug/depth/ungated",
    "fused_picture": "/perception/fused/image",
    "label_picture": "/perception/semantic/colored",
    "labels": "/perception/semantic/image",
    "labels_rgb": "/perception/debug/semantic/rgb",
    "labels_thermal": "/perception/debug/semantic/thermal",
    "aligned_rgb": "/perception/debug/aligned/rgb",
    "aligned_rgb_seen": "/perception/debug/aligned/rgb_seen",
    "aligned_thermal": "/perception/debug/aligned/thermal",
}
"""Short name of each output to its topic."""

_NAMES = {topic: name for name, topic in OUTPUT_TOPICS.items()}


@dataclass(frozen=True)
class RunFolder:
    """The folder of one finished run.

    Attributes:
        path: the folder.
        info: content of ``run.json``, checked by ``read_summary``.
        source: the recording that was played; it may be gone.
        reference: camera whose view the outputs share.
    """

    path: Path
    info: Mapping[str, Any]
    source: Path
    reference: Modality

    @property
    def recording(self) -> Path:
        """The outputs."""
        return self.path / "perception.mcap"

    def input_topic(self, camera: Modality) -> str:
        """The topic of a camera's pictures in the source, without ``/compressed``."""
        name = f"{camera.value}/image"
        topic = str(self.info.get("topics", {}).get(name, f"/{name}"))
        return topic.removesuffix("/compressed")


@dataclass
class OutputFrame:
    """Everything the run wrote under one stamp, not decoded.

    Attributes:
        stamp_ns: nanoseconds.
        messages: by short name (``OUTPUT_TOPICS``).
    """

    stamp_ns: int
    messages: dict[str, Any] = field(default_factory=dict)

    @property
    def mode(self) -> Mode:
        """What it was computed from; WAITING when the run wrote no status."""
        status = self.messages.get("status")
        return Mode.WAITING if status is None else Mode(status.mode)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the mode is what it is, codes such as ``rgb_lost``."""
        status = self.messages.get("status")
        return () if status is None else tuple(str(reason) for reason in status.reasons)


def open_run(path: Path) -> RunFolder:
    """Read a run's description.

    Raises:
        InputError: the folder, ``run.json`` or ``perception.mcap`` is missing or malformed.
    """
    if not path.is_dir():
        raise InputError(f"{path}: no such folder; expected the --out folder of `rgbt replay`")
    for name in ("run.json", "perception.mcap"):
        if not (path / name).is_file():
            raise InputError(f"{path}: no {name} in it; expected the --out folder of `rgbt replay`")
    info = read_summary(path / "run.json")
    reference = Modality(info.get("reference", Modality.THERMAL.value))
    return RunFolder(path, info, _found(Path(info["source"]), path), reference)


def output_frames(run: RunFolder, names: Collection[str]) -> Iterator[OutputFrame]:
    """The run's outputs, one frame at a time, in the order they were written.

    Args:
        run: the folder.
        names: which outputs to read, of ``OUTPUT_TOPICS``.
    """
    frame: OutputFrame | None = None
    if run.info.get("outputs") == 0:
        return
    with RecordingReader(run.recording) as reader:
        wanted = [OUTPUT_TOPICS[name] for name in names if OUTPUT_TOPICS[name] in reader.topics]
        for message in reader.messages(wanted) if wanted else ():
            name, stamp_ns = _NAMES[message.topic], stamp_of(message.value)
            if frame is None or frame.stamp_ns != stamp_ns or name in frame.messages:
                if frame is not None:
                    yield frame
                frame = OutputFrame(stamp_ns)
            frame.messages[name] = message.value
    if frame is not None:
        yield frame


def count_outputs(run: RunFolder, name: str = "depth") -> int:
    """Number of outputs with a picture of this name, of ``OUTPUT_TOPICS``."""
    if run.info.get("outputs") == 0:
        return 0
    with RecordingReader(run.recording) as reader:
        return reader.count([OUTPUT_TOPICS[name]])


def confidence_picture(message: Any) -> FloatImage:
    """Confidence from its message, (H, W) float32, 0 to 1."""
    # A picture of depth is decoded alike, except that there 0 means unknown.
    return np.nan_to_num(depth_picture(message), nan=0.0)


def _found(source: Path, run: Path) -> Path:
    """The source as it was named, or beside the run when both were moved together."""
    try:
        for candidate in (source, run / source, run / source.name, run.parent / source.name):
            if candidate.exists():
                return candidate
    except OSError as error:
        name = reprlib.repr(str(source))
        raise InputError(f"{run / 'run.json'}: source {name}: {error.strerror}") from None
    return source
