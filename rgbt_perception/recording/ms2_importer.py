"""Makes a recording with ground truth from one sequence of the MS2 data set.

Pictures keep every value (PNG, thermal 16 bit), true depth is stored as 32-bit floats. Both
pictures of a pair carry the thermal picture's stamp: the data set calls them one moment, and what
is evaluated must be the published pairs whatever the pairing tolerance.

The thermal pictures hold raw counts of a scale that is not linear in kelvin, so the rig gets no
radiometric scale.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rgbt_perception.errors import InputError
from rgbt_perception.frames import Matrix, Modality
from rgbt_perception.geometry.camera import CameraModel, make_camera_model
from rgbt_perception.geometry.rig import Rig
from rgbt_perception.recording.imported_recording import ImportedRecording
from rgbt_perception.recording.importer import START_NS
from rgbt_perception.recording.ms2_calibration import Ms2Calibration, load_ms2_calibration
from rgbt_perception.recording.ms2_folder import (
    Ms2Sequence,
    Ms2Truth,
    open_sequence,
    read_depth,
)
from rgbt_perception.recording.ms2_splits import light_and_weather, split_of
from rgbt_perception.recording.pictures import Picture, read_picture
from rgbt_perception.recording.writer import RecordingWriter


@dataclass(frozen=True)
class Ms2Summary:
    """What an import wrote.

    Attributes:
        pairs: number of pairs.
        condition: ``scene/light/weather``, under which metrics are told.
        notes: what the user should know, one line each.
    """

    pairs: int
    condition: str
    notes: tuple[str, ...]


def import_ms2_sequence(
    folder: Path,
    name: str,
    truth: Ms2Truth,
    out: Path,
    every: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Ms2Summary:
    """Write a recording.

    Args:
        folder: of the data set, with ``sync_data`` and ``proj_depth``.
        name: of the sequence.
        truth: which of its two ground truths; the scene's name tells it (``ms2-raw``,
            ``ms2-filtered``), so that figures on the two never mix.
        out: the ``.mcap`` file to make.
        every: take the first and then every n-th pair.
        progress: called with the pairs done and in all.

    Raises:
        InputError: something is missing or is not what the data set's layout says. What was
            written before it is kept.
    """
    if every < 1:
        raise InputError(f"every {every}: expected 1 or more")
    sequence = open_sequence(folder, name, truth, every, START_NS)
    calibration = load_ms2_calibration(sequence.calibration)
    rig = _rig(sequence, calibration)
    light, weather = light_and_weather(name)
    scene = {
        "scene": f"ms2-{truth.value}",
        "light": light,
        "weather": weather,
        "data_set": "MS2",
        "sequence": name,
        "split": split_of(name),
        "truth": truth.value,
        "every": every,
    }
    cameras = {Modality.RGB: rig.rgb, Modality.THERMAL: rig.thermal}
    first = sequence.frames[0].stamp_ns
    with RecordingWriter(out) as writer:
        recording = ImportedRecording(writer, rig)
        recording.describe(first)
        recording.add_text("/ground_truth/scene", json.dumps(scene), first)
        for done, frame in enumerate(sequence.frames, start=1):
            for modality, camera in cameras.items():
                picture = _picture(frame.pictures[modality], modality, camera)
                recording.add_picture(modality, picture, frame.stamp_ns, "png")
                depth = read_depth(frame.depths[modality])
                _check_size(frame.depths[modality], depth.shape, camera)
                recording.add_depth(modality, depth, frame.stamp_ns)
            progress(done, len(sequence.frames))
    condition = "/".join(str(scene[key]) for key in ("scene", "light", "weather"))
    return Ms2Summary(len(sequence.frames), condition, sequence.notes)


def _rig(sequence: Ms2Sequence, calibration: Ms2Calibration) -> Rig:
    """Both cameras in the size of their first pictures."""

    def camera(modality: Modality, name: str, K: Matrix) -> CameraModel:
        height, width = read_picture(sequence.frames[0].pictures[modality]).shape[:2]
        if not (0 < K[0, 2] < width and 0 < K[1, 2] < height):
            raise InputError(
                f"{sequence.calibration}: {name} has its principal point at "
                f"({K[0, 2]:g}, {K[1, 2]:g}), expected it inside the {width}x{height} pictures"
            )
        return make_camera_model(
            name=f"{sequence.calibration}: {name}",
            width=width,
            height=height,
            k=K,
            frame_id=f"{modality.value}_optical_frame",
        )

    return Rig(
        camera(Modality.RGB, "K_rgbL", calibration.rgb_K),
        camera(Modality.THERMAL, "K_thrL", calibration.thermal_K),
        calibration.thermal_T_rgb,
    )


def _picture(path: Path, modality: Modality, camera: CameraModel) -> Picture:
    picture = read_picture(path)
    channels, kind = (3, "uint8") if modality is Modality.RGB else (1, "uint16")
    if picture.dtype != kind or picture.shape[2:] != ((3,) if channels == 3 else ()):
        raise InputError(
            f"{path}: holds {picture.dtype} of shape {picture.shape}, "
            f"expected {kind} with {channels} channel{'s' if channels > 1 else ''}"
        )
    _check_size(path, picture.shape, camera)
    return picture


def _check_size(path: Path, shape: tuple[int, ...], camera: CameraModel) -> None:
    if shape[:2] != (camera.raw.height, camera.raw.width):
        raise InputError(
            f"{path}: is {shape[1]}x{shape[0]}, expected {camera.raw.width}x{camera.raw.height} "
            "as the sequence's first picture"
        )
