"""A recording as plain arrays, decoded and rectified once, so that training reads them at once.

Beside ``X.mcap`` stands the folder ``X.pairs``; it appears only when it is complete.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.errors import InputError
from rgbt_perception.frames import Matrix, Modality, Pinhole
from rgbt_perception.geometry.camera import CameraModel
from rgbt_perception.geometry.letterbox import resample
from rgbt_perception.geometry.rig import rectified_calibration, rig_from_yaml
from rgbt_perception.recording.reader import Message, RecordingReader
from rgbt_perception.sensing.camera_info import camera_model_from_message
from rgbt_perception.sensing.decode import (
    color_picture,
    depth_picture,
    label_picture,
    stamp_of,
    thermal_picture,
)
from rgbt_perception.sensing.rectification import Rectifier, check_size
from rgbt_perception.sensing.transform_tree import TransformTree
from rgbt_perception.training.depth_resampling import nearest, sparse_depth

SKY = 7
"""Class id of the sky: no depth, but known to be beyond every range."""

_PAIRING_TOLERANCE_NS = 25_000_000
# As in the run time's normalisation of 16-bit pictures.
_LEAST_SPAN_KELVIN = 2.0
_LEAST_SPAN_COUNTS = 64.0
LABELS = "thermal_labels"
_ARRAYS = ("rgb", "thermal", "rgb_depth", "thermal_depth")
_GEOMETRY = "geometry.npz"
_SCENE = "scene.json"

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class CachedRecording:
    """Rectified pairs of one recording; picture arrays are memory-mapped.

    Attributes:
        name: of the recording.
        scene: content of its ``/ground_truth/scene``: scene, light, weather, seed.
        rgb: (N, H, W, 3) uint8.
        thermal: (N, h, w) uint16, counts.
        rgb_depth, thermal_depth: float16, metres in that camera's view, NaN unknown, Inf sky.
        rgb_mask, thermal_mask: (H, W) uint8, 1 where rectification found a source.
        rgb_camera, thermal_camera: rectified pinholes of these pictures.
        thermal_T_rgb: (4, 4) float64, metres.
        least_span: counts; the run time stretches no narrower range to 0 to 1.
        is_dense: the truth covers the pictures, the sky included; not so from a lidar.
    """

    name: str
    scene: dict[str, Any]
    rgb: Array
    thermal: Array
    rgb_depth: Array
    thermal_depth: Array
    rgb_mask: Array
    thermal_mask: Array
    rgb_camera: Pinhole
    thermal_camera: Pinhole
    thermal_T_rgb: Matrix
    least_span: float
    is_dense: bool = True

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.rgb)

    @property
    def condition(self) -> str:
        """``scene/light/weather``."""
        return "/".join(
            str(self.scene.get(key, "unknown")) for key in ("scene", "light", "weather")
        )


def cache_recording(recording: Path, width: int, height: int) -> Path:
    """Convert a recording unless that was done before.

    Args:
        recording: with ground truth of both cameras.
        width, height: pictures are shrunk, one scale on both axes, to fit into this.

    Returns:
        The folder.

    Raises:
        InputError: the recording lacks something that training needs, or was converted to another
            size.
    """
    folder = recording.with_suffix(".pairs")
    if folder.exists():
        _check_limit(folder, width, height)
        return folder
    arrays, scene = read_pairs(recording, width, height)
    arrays.pop(LABELS, None)
    arrays["limit"] = np.array([width, height])
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for name in _ARRAYS:
        np.save(partial / f"{name}.npy", arrays.pop(name))
    np.savez(partial / _GEOMETRY, **arrays)  # type: ignore[arg-type]
    (partial / _SCENE).write_text(json.dumps(scene) + "\n", encoding="utf-8")
    partial.rename(folder)
    return folder


def open_cached(folder: Path) -> CachedRecording:
    """Open a folder that ``cache_recording`` wrote."""
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS}
    with np.load(folder / _GEOMETRY) as geometry:
        rest = {name: geometry[name] for name in geometry.files}
    scene = json.loads((folder / _SCENE).read_text(encoding="utf-8"))
    return recording_from(folder.stem, scene, arrays | rest)


def recording_from(
    name: str, scene: dict[str, Any], arrays: Mapping[str, Array]
) -> CachedRecording:
    """What ``read_pairs`` gave, as a recording."""
    rest = dict(arrays)
    return CachedRecording(
        name=name,
        scene=scene,
        rgb_mask=rest["rgb_mask"],
        thermal_mask=rest["thermal_mask"],
        rgb_camera=_pinhole(rest["rgb_camera"]),
        thermal_camera=_pinhole(rest["thermal_camera"]),
        thermal_T_rgb=rest["thermal_T_rgb"],
        least_span=float(rest["least_span"]),
        is_dense=bool(rest.get("is_dense", True)),
        **{name: rest[name] for name in _ARRAYS},
    )


def _check_limit(folder: Path, width: int, height: int) -> None:
    with np.load(folder / _GEOMETRY) as geometry:
        limit = geometry["limit"].tolist() if "limit" in geometry.files else [width, height]
    if limit != [width, height]:
        raise InputError(
            f"{folder}: holds pictures of at most {limit[0]}x{limit[1]}, expected at most "
            f"{width}x{height}; remove it or keep the data elsewhere"
        )


@dataclass
class _Camera:
    """What was read of one camera; pictures and truth by stamp.

    Without labels nothing is known of the sky: it is unknown like everything that has no depth.
    """

    has_labels: bool = False
    model: CameraModel | None = None
    rectifier: Rectifier | None = None
    pictures: dict[int, Array] = field(default_factory=dict)
    depths: dict[int, Array] = field(default_factory=dict)
    labels: dict[int, Array] = field(default_factory=dict)
    last: Array | None = None

    def usable(self) -> list[int]:
        """Stamps that have a picture and its truth."""
        stamps = self.pictures.keys() & self.depths.keys()
        return sorted(stamps & self.labels.keys() if self.has_labels else stamps)


def read_pairs(recording: Path, width: int, height: int) -> tuple[dict[str, Array], dict[str, Any]]:
    """Decode, rectify and pair a recording.

    Args:
        recording: with ground truth of both cameras.
        width, height: pictures are shrunk, one scale on both axes, to fit into this.

    Returns:
        Arrays for ``recording_from``, with ``LABELS`` ((N, h, w) uint8, thermal view) where there
        are some, and the content of ``/ground_truth/scene``.

    Raises:
        InputError: the recording lacks something that training needs.
    """
    cameras = {camera: _Camera() for camera in Modality}
    scene: dict[str, Any] = {}
    least_span = _LEAST_SPAN_COUNTS
    with RecordingReader(recording) as reader:
        tree = TransformTree()
        topics = _topics(reader, recording)
        for kind, camera in topics.values():
            if kind == "labels" and camera is not None:
                cameras[camera].has_labels = True
        for message in reader.messages([t for t, (kind, _) in topics.items() if kind == "info"]):
            _, camera = topics[message.topic]
            assert camera is not None
            if cameras[camera].model is None:
                model = camera_model_from_message(message.value, message.topic)
                cameras[camera].model = model
                cameras[camera].rectifier = Rectifier(model)
        for message in reader.messages(topics):
            kind, camera = topics[message.topic]
            if kind == "tf":
                tree.add(message.value)
            elif kind == "scene":
                scene = json.loads(message.value.data)
            elif kind == "rig":
                gain = rig_from_yaml(message.value.data, f"{recording}: /rig").kelvin_per_count
                least_span = _LEAST_SPAN_KELVIN / gain if gain > 0 else _LEAST_SPAN_COUNTS
            elif camera is not None and kind != "info":
                _take(cameras[camera], kind, message, width, height)
    rgb, thermal = cameras[Modality.RGB], cameras[Modality.THERMAL]
    if rgb.model is None or thermal.model is None:
        raise InputError(f"{recording}: no camera_info of both cameras")
    extrinsics = tree.lookup(thermal.model.frame_id, rgb.model.frame_id)
    if extrinsics is None:
        raise InputError(f"{recording}: no transform between the cameras in /tf_static")
    pairs = _pairs(rgb.usable(), thermal.usable())
    if not pairs:
        raise InputError(f"{recording}: no pair of pictures with ground truth")
    calibration = rectified_calibration(rgb.model, thermal.model, extrinsics)
    arrays: dict[str, Array] = {
        "thermal_T_rgb": calibration.thermal_T_rgb,
        "least_span": np.array(least_span),
        "is_dense": np.array(rgb.has_labels and thermal.has_labels),
    }
    for camera, read, stamps in (
        (Modality.RGB, rgb, [pair[0] for pair in pairs]),
        (Modality.THERMAL, thermal, [pair[1] for pair in pairs]),
    ):
        arrays |= _camera_arrays(camera.value, read, stamps)
    if thermal.has_labels:
        arrays[LABELS] = np.stack([thermal.labels[stamp] for _, stamp in pairs])
    return arrays, scene


def _take(camera: _Camera, kind: str, message: Message, width: int, height: int) -> None:
    stamp, value = stamp_of(message.value), message.value
    if kind == "depth":
        # Truth is stored in the rectified geometry.
        depth = depth_picture(value)
        shrink = nearest if camera.has_labels else sparse_depth
        camera.depths[stamp] = shrink(depth, *_fitted(depth, width, height)).astype(np.float16)
        return
    if kind == "labels":
        labels = label_picture(value)
        camera.labels[stamp] = nearest(labels, *_fitted(labels, width, height))
        return
    assert camera.model is not None
    assert camera.rectifier is not None
    picture = color_picture(value) if kind == "rgb" else thermal_picture(value)
    check_size(picture, camera.model, message.topic)
    if camera.last is not None and np.array_equal(camera.last, picture):
        return  # a shutter freeze: it does not show what the truth of its stamp says
    camera.last = picture
    if picture.dtype == np.float32:
        raise InputError(f"{message.topic}: float pixels, expected counts of 8 or 16 bits")
    small = resample(camera.rectifier.apply(picture), *_fitted(picture, width, height))
    camera.pictures[stamp] = small.astype(np.uint8 if kind == "rgb" else np.uint16)


def _camera_arrays(name: str, camera: _Camera, stamps: list[int]) -> dict[str, Array]:
    assert camera.model is not None
    assert camera.rectifier is not None
    pictures = np.stack([camera.pictures[stamp] for stamp in stamps])
    height, width = pictures.shape[1:3]
    depth = np.stack([camera.depths[stamp] for stamp in stamps])
    if camera.has_labels:
        depth[np.stack([camera.labels[stamp] for stamp in stamps]) == SKY] = np.inf
    mask = np.ones((height, width), np.uint8)
    if not camera.model.is_rectified:
        valid = camera.rectifier.valid.astype(np.uint8) * np.uint8(255)
        mask = (resample(valid, width, height) == 255).astype(np.uint8)
    pinhole = camera.model.rectified.resized(width, height)
    return {
        name: pictures,
        f"{name}_depth": depth,
        f"{name}_mask": mask,
        f"{name}_camera": np.array(
            [width, height, pinhole.fx, pinhole.fy, pinhole.cx, pinhole.cy], np.float64
        ),
    }


def _topics(reader: RecordingReader, path: Path) -> dict[str, tuple[str, Modality | None]]:
    """Topic to what it holds and of which camera."""
    topics: dict[str, tuple[str, Modality | None]] = {}
    for name, kind in (("/tf_static", "tf"), ("/rig", "rig"), ("/ground_truth/scene", "scene")):
        if name in reader.topics:
            topics[name] = (kind, None)
    for camera in Modality:
        name = camera.value
        for base, kind in (
            (f"/{name}/camera_info", "info"),
            (f"/{name}/image", name),
            (f"/ground_truth/{name}/depth/image", "depth"),
            (f"/ground_truth/{name}/labels/image", "labels"),
        ):
            found = next((t for t in sorted(reader.topics) if _is(t, base)), None)
            if found is None and kind == "labels":
                continue  # no data set of real pictures has them
            if found is None:
                raise InputError(f"{path}: no topic {base}; training needs it")
            topics[found] = (kind, camera)
    return topics


def _is(topic: str, base: str) -> bool:
    return topic in (base, f"{base}/compressed", f"{base}/compressedDepth")


def _pairs(rgb: list[int], thermal: list[int]) -> list[tuple[int, int]]:
    """For each thermal stamp the nearest RGB stamp within the tolerance."""
    if not rgb:
        return []
    stamps = np.array(rgb, dtype=np.int64)
    pairs = []
    for stamp in thermal:
        nearest = int(stamps[np.argmin(np.abs(stamps - stamp))])
        if abs(nearest - stamp) <= _PAIRING_TOLERANCE_NS:
            pairs.append((nearest, stamp))
    return pairs


def _fitted(picture: Array, width: int, height: int) -> tuple[int, int]:
    rows, columns = picture.shape[:2]
    scale = min(1.0, width / columns, height / rows)
    return max(1, round(columns * scale)), max(1, round(rows * scale))


def _pinhole(numbers: Array) -> Pinhole:
    width, height = int(numbers[0]), int(numbers[1])
    return Pinhole(width, height, *(float(v) for v in numbers[2:]))
