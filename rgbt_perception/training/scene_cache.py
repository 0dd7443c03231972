"""A recording's pairs, aligned once and for all, so that training reads them at once.

Beside ``X.mcap`` stands the folder ``X.scenes``; it appears only when it is complete. RGB is kept
twice, carried into the thermal view by the true depth and by the depth that the network finds at
run time, each with what of it is really seen.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.engines.engine import Engine
from rgbt_perception.errors import InputError
from rgbt_perception.frames import FloatImage
from rgbt_perception.geometry.alignment import align_picture
from rgbt_perception.geometry.transforms import inverse
from rgbt_perception.scene.classes import IGNORED
from rgbt_perception.training.depth_resampling import nearest
from rgbt_perception.training.pair_cache import LABELS, CachedRecording, read_pairs, recording_from
from rgbt_perception.training.picture_augmentation import normalized
from rgbt_perception.training.scene_pair import Labels, ScenePair
from rgbt_perception.training.view_sampling import PairView, centred, full_view

_ARRAYS = (
    "rgb_true",
    "mask_true",
    "rgb_found",
    "mask_found",
    "thermal",
    "thermal_mask",
    "depth",
    "labels",
)
_ABOUT = "about.json"
_LOW, _HIGH = 1.0, 99.0
"""Percentiles of the run time's normalisation of the thermal picture."""

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class CachedScenes:
    """Aligned pairs of one recording; a ``SceneSource``. Arrays are memory-mapped.

    Attributes:
        name: of the recording.
        scene: content of its ``/ground_truth/scene``: scene, light, weather, seed.
        least_span: counts, see ``SceneSource``.
        arrays: ``rgb_true``, ``rgb_found``: (N, H, W, 3) uint8; ``mask_true``, ``mask_found``:
            (N, H, W) uint8, 1 where seen; ``thermal``: (N, H, W) uint16, counts;
            ``thermal_mask``: (H, W) uint8; ``depth``: (N, H, W) float16, metres, true;
            ``labels``: (N, H, W) uint8. All in the thermal view.
    """

    name: str
    scene: dict[str, Any]
    least_span: float
    arrays: dict[str, Array]

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.arrays["thermal"])

    @property
    def condition(self) -> str:
        """``scene/light/weather``."""
        return "/".join(
            str(self.scene.get(key, "unknown")) for key in ("scene", "light", "weather")
        )

    def pair(self, index: int, found: bool) -> ScenePair:
        """See ``SceneSource``."""
        kind = "found" if found else "true"
        return ScenePair(
            self.arrays[f"rgb_{kind}"][index] / np.float32(255),
            self.arrays[f"mask_{kind}"][index].astype(np.float32),
            self.arrays["thermal"][index].astype(np.float32),
            self.arrays["thermal_mask"].astype(np.float32),
            self.arrays["depth"][index].astype(np.float32),
            np.asarray(self.arrays["labels"][index]),
        )


def cache_scenes(recording: Path, engine: Engine) -> Path:
    """Align a recording's pairs unless that was done before.

    Args:
        recording: with ground truth of both cameras, labels included.
        engine: with the depth network; its size is that of the pictures kept.

    Returns:
        The folder.

    Raises:
        InputError: the recording lacks something, or was aligned at another size or with another
            depth network.
    """
    folder = recording.with_suffix(".scenes")
    height, width = engine.inputs["rgb"][2:]
    made_with = {"size": [width, height], "depth_model": engine.digest}
    if folder.exists():
        _check(folder, made_with)
        return folder
    arrays, scene = read_pairs(recording, width, height)
    labels = arrays.pop(LABELS, None)
    if labels is None:
        raise InputError(f"{recording}: no labels of the thermal view; training needs them")
    source = recording_from(recording.stem, scene, arrays)
    pairs = [_aligned(source, labels[index], index, engine) for index in range(len(source))]
    partial = folder.with_suffix(".scenes-partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for name in _ARRAYS:
        stacked = np.stack([pair[name] for pair in pairs])
        np.save(partial / f"{name}.npy", stacked[0] if name == "thermal_mask" else stacked)
    about = {"scene": scene, "least_span": source.least_span, **made_with}
    (partial / _ABOUT).write_text(json.dumps(about) + "\n", encoding="utf-8")
    partial.rename(folder)
    return folder


def open_scenes(folder: Path) -> CachedScenes:
    """Open a folder that ``cache_scenes`` wrote."""
    about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS}
    return CachedScenes(folder.stem, about["scene"], float(about["least_span"]), arrays)


def _check(folder: Path, made_with: dict[str, Any]) -> None:
    about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    for key, expected in made_with.items():
        if about[key] != expected:
            raise InputError(
                f"{folder}: was made with {key} {about[key]}, expected {expected}; remove it or "
                "keep the data elsewhere"
            )


def _aligned(
    source: CachedRecording, labels: Labels, index: int, engine: Engine
) -> dict[str, Array]:
    height, width = engine.inputs["rgb"][2:]
    view = full_view(source, index, width, height)
    result: dict[str, Array] = {
        "thermal": view.thermal.astype(np.uint16),
        "thermal_mask": view.thermal_mask.astype(np.uint8),
        "depth": view.thermal_depth.astype(np.float16),
        "labels": _placed(labels, source, width, height),
    }
    depths = {"true": view.thermal_depth, "found": _found(view, source.least_span, engine)}
    picture = np.rint(view.rgb * 255).astype(np.uint8)
    for kind, depth in depths.items():
        rgb, seen = align_picture(
            depth,
            view.thermal_camera,
            picture,
            view.rgb_camera,
            inverse(view.thermal_T_rgb),
            view.rgb_mask > 0,
        )
        result[f"rgb_{kind}"] = rgb
        result[f"mask_{kind}"] = seen.astype(np.uint8)
    return result


def _placed(labels: Labels, source: CachedRecording, width: int, height: int) -> Labels:
    """Labels where the thermal picture lies on the canvas."""
    place = centred(source.thermal_camera, width, height, 1.0)
    canvas = np.full((height, width), IGNORED, np.uint8)
    canvas[place.top : place.top + place.height, place.left : place.left + place.width] = nearest(
        labels, place.width, place.height
    )
    return canvas


def _found(view: PairView, least_span: float, engine: Engine) -> FloatImage:
    """Depth as the run time finds it: (H, W) float32, metres, NaN where unknown."""
    thermal = normalized(view.thermal, view.thermal_mask, _LOW, _HIGH, least_span)
    inputs = {
        "rgb": view.rgb.transpose(2, 0, 1) * view.rgb_mask,
        "thermal": (thermal * view.thermal_mask)[None],
        "rgb_mask": view.rgb_mask[None],
        "thermal_mask": view.thermal_mask[None],
        "rgb_intrinsics": view.rgb_camera.matrix,
        "thermal_intrinsics": view.thermal_camera.matrix,
        "thermal_T_rgb": view.thermal_T_rgb,
    }
    tensors = {
        name: np.ascontiguousarray(value[None], dtype=np.float32) for name, value in inputs.items()
    }
    tensors["gate"] = np.ones(1, np.float32)
    depth = engine.run(tensors, ["depth"])["depth"][0, 0]
    return np.where(depth > 0, depth, np.float32(np.nan))
