"""The rig file: both cameras, the transform between them and the radiometric scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from rgbt_perception.errors import InputError
from rgbt_perception.frames import Calibration, Matrix
from rgbt_perception.geometry.camera import CameraModel, make_camera_model
from rgbt_perception.geometry.transforms import (
    quaternion_from_rotation,
    rotation_from_quaternion,
    transform,
)


@dataclass(frozen=True)
class Rig:
    """Two cameras on one mount.

    Attributes:
        rgb, thermal: camera models.
        thermal_T_rgb: (4, 4) float64, raw RGB optical frame to raw thermal optical frame, metres.
        kelvin_per_count, kelvin_offset: kelvin = offset + counts * gain; gain 0 when unknown.
    """

    rgb: CameraModel
    thermal: CameraModel
    thermal_T_rgb: Matrix
    kelvin_per_count: float = 0.0
    kelvin_offset: float = 0.0

    def rectified(self) -> Rig:
        """The same rig with cameras whose pictures are rectified already."""
        turned = rectified_calibration(self.rgb, self.thermal, self.thermal_T_rgb).thermal_T_rgb
        rgb, thermal = (
            replace(camera, raw=camera.rectified, distortion=(), rotation=np.eye(3))
            for camera in (self.rgb, self.thermal)
        )
        return replace(self, rgb=rgb, thermal=thermal, thermal_T_rgb=turned)


def rectified_calibration(
    rgb: CameraModel | None, thermal: CameraModel | None, thermal_T_rgb: Matrix
) -> Calibration:
    """Calibration of the rectified cameras: R of CameraInfo turns the optical frames."""
    rgb_R = np.eye(3) if rgb is None else rgb.rotation
    thermal_R = np.eye(3) if thermal is None else thermal.rotation
    turned = transform(thermal_R, (0, 0, 0)) @ thermal_T_rgb @ transform(rgb_R.T, (0, 0, 0))
    return Calibration(
        None if rgb is None else rgb.rectified,
        None if thermal is None else thermal.rectified,
        turned,
    )


def rig_to_yaml(rig: Rig) -> str:
    """The text of a rig file."""
    translation = [float(v) for v in rig.thermal_T_rgb[:3, 3]]
    tree = {
        "rgb": _camera_tree(rig.rgb),
        "thermal": _camera_tree(rig.thermal),
        "thermal_T_rgb": {
            "translation": translation,
            "rotation_xyzw": list(quaternion_from_rotation(rig.thermal_T_rgb[:3, :3])),
        },
        "radiometry": {
            "kelvin_per_count": rig.kelvin_per_count,
            "kelvin_offset": rig.kelvin_offset,
        },
    }
    return yaml.safe_dump(tree, sort_keys=False)


def rig_from_yaml(text: str, name: str) -> Rig:
    """Parse a rig file's text.

    Args:
        text: YAML with ``rgb``, ``thermal``, ``thermal_T_rgb`` and optionally ``radiometry``.
        name: what to call it in errors.

    Raises:
        InputError: the line names the field and what was expected.
    """
    try:
        tree = yaml.safe_load(text)
    # PyYAML lets other errors through: an impossible date, a number of 5000 digits, deep nesting.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{name}: not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(tree, Mapping):
        raise InputError(f"{name}: expected a mapping with rgb, thermal and thermal_T_rgb")
    pose = _section(tree, "thermal_T_rgb", name)
    translation = _vector(pose, "translation", 3, f"{name}: thermal_T_rgb")
    xyzw = _vector(pose, "rotation_xyzw", 4, f"{name}: thermal_T_rgb")
    try:
        rotation = rotation_from_quaternion(xyzw.tolist())
    except InputError as error:
        raise InputError(f"{name}: thermal_T_rgb: rotation_xyzw: {error}") from None
    radiometry = tree.get("radiometry") or {}
    if not isinstance(radiometry, Mapping):
        raise InputError(f"{name}: radiometry: expected a mapping")
    return Rig(
        _camera_from_tree(_section(tree, "rgb", name), f"{name}: rgb"),
        _camera_from_tree(_section(tree, "thermal", name), f"{name}: thermal"),
        transform(rotation, translation.tolist()),
        _number(radiometry, "kelvin_per_count", name),
        _number(radiometry, "kelvin_offset", name),
    )


def load_rig(path: Path) -> Rig:
    """Read a rig file.

    Raises:
        InputError: missing file or bad content.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"rig {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"rig {path}: not a text file") from None
    return rig_from_yaml(text, f"rig {path}")


def _camera_tree(camera: CameraModel) -> dict[str, Any]:
    tree: dict[str, Any] = {
        "width": camera.raw.width,
        "height": camera.raw.height,
        "frame_id": camera.frame_id,
        "distortion_model": camera.distortion_model,
        "k": camera.raw.matrix.ravel().tolist(),
        "d": list(camera.distortion),
    }
    if camera.rectified != camera.raw:
        tree["p"] = np.hstack([camera.rectified.matrix, np.zeros((3, 1))]).ravel().tolist()
    if not np.array_equal(camera.rotation, np.eye(3)):
        tree["r"] = camera.rotation.ravel().tolist()
    return tree


def _camera_from_tree(tree: Mapping[str, Any], name: str) -> CameraModel:
    for key in ("width", "height", "k"):
        if key not in tree:
            raise InputError(f"{name}: {key} is missing")
    try:
        return make_camera_model(
            name=name,
            width=int(tree["width"]),
            height=int(tree["height"]),
            k=tree["k"],
            d=tree.get("d") or (),
            distortion_model=str(tree.get("distortion_model") or ""),
            r=tree.get("r"),
            p=tree.get("p"),
            frame_id=str(tree.get("frame_id") or ""),
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{name}: {error}") from None


def _section(tree: Mapping[str, Any], key: str, name: str) -> Mapping[str, Any]:
    value = tree.get(key)
    if not isinstance(value, Mapping):
        raise InputError(f"{name}: {key}: expected a mapping, found {value!r}")
    return value


def _vector(tree: Mapping[str, Any], key: str, count: int, name: str) -> Matrix:
    try:
        array = np.asarray(tree.get(key), dtype=np.float64)
    except (TypeError, ValueError):
        array = np.zeros(0)
    if array.shape != (count,) or not np.isfinite(array).all():
        raise InputError(f"{name}: {key} is {tree.get(key)!r}, expected {count} numbers")
    return array


def _number(tree: Mapping[str, Any], key: str, name: str) -> float:
    try:
        number = float(tree.get(key) or 0.0)
    except (TypeError, ValueError):
        number = float("nan")
    if not np.isfinite(number):
        raise InputError(f"{name}: radiometry: {key} is {tree[key]!r}, expected a number")
    return number
