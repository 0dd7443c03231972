"""Reads ``calib.npy`` of an MS2 sequence: a pickled dictionary, of which only arrays are trusted.

A pickle can run any program when it is loaded, and data sets come from strangers; so the reader
refuses everything but what numpy writes for arrays.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rgbt_perception.errors import InputError
from rgbt_perception.frames import Matrix
from rgbt_perception.geometry.transforms import inverse, transform

_METRES_PER_UNIT = 1e-3  # translations are stored in millimetres
# What a numpy array or scalar is made from, under the names of numpy 1 and 2.
_TRUSTED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
    *(
        (f"numpy.{core}.{module}", name)
        for core in ("core", "_core")
        for module, name in (
            ("multiarray", "_reconstruct"),
            ("multiarray", "scalar"),
            ("numeric", "_frombuffer"),
        )
    ),
}


@dataclass(frozen=True)
class Ms2Calibration:
    """The left colour and the left thermal camera, both rectified.

    Attributes:
        rgb_K, thermal_K: (3, 3) float64, pixels.
        thermal_T_rgb: (4, 4) float64, metres.
    """

    rgb_K: Matrix
    thermal_K: Matrix
    thermal_T_rgb: Matrix


def load_ms2_calibration(path: Path) -> Ms2Calibration:
    """Read a calibration.

    The file gives both cameras relative to the near-infrared one: a point of that camera's frame
    becomes ``R_nir2x @ point + T_nir2x`` in the frame of camera x.

    Args:
        path: ``calib.npy`` of a sequence.

    Raises:
        InputError: missing or broken file, or a matrix that is not what its name says.
    """
    tree = _dictionary(path)
    rgb_T_nir = _pose(tree, "nir2rgb", path)
    thermal_T_nir = _pose(tree, "nir2thr", path)
    return Ms2Calibration(
        _numbers(tree, "K_rgbL", (3, 3), path),
        _numbers(tree, "K_thrL", (3, 3), path),
        thermal_T_nir @ inverse(rgb_T_nir),
    )


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Only what arrays need."""
        if (module_name, global_name) not in _TRUSTED:
            raise pickle.UnpicklingError(f"it asks for {module_name}.{global_name}")
        return super().find_class(module_name, global_name)


def _dictionary(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            read_header = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            _, _, dtype = read_header(file)
            array = _ArraysOnly(file).load() if dtype.hasobject else None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except Exception as error:  # a broken pickle can fail in any way
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: not a calibration of the MS2 data set ({reason})") from None
    tree = array.item() if isinstance(array, np.ndarray) and array.size == 1 else None
    if not isinstance(tree, Mapping):
        raise InputError(f"{path}: expected a dictionary of matrices, as the MS2 data set has it")
    return tree


def _pose(tree: Mapping[str, Any], name: str, path: Path) -> Matrix:
    rotation = _numbers(tree, f"R_{name}", (3, 3), path)
    translation = _numbers(tree, f"T_{name}", (3,), path)
    skew = np.abs(rotation @ rotation.T - np.eye(3)).max()
    if skew > 1e-3 or np.linalg.det(rotation) < 0:
        raise InputError(f"{path}: R_{name} is not a rotation matrix")
    return transform(rotation, (translation * _METRES_PER_UNIT).tolist())


def _numbers(tree: Mapping[str, Any], key: str, shape: tuple[int, ...], path: Path) -> Matrix:
    if key not in tree:
        names = ", ".join(sorted(str(name) for name in tree)) or "nothing"
        raise InputError(f"{path}: {key} is missing; there are {names}")
    try:
        array = np.asarray(tree[key], dtype=np.float64)
    except (TypeError, ValueError):
        array = np.zeros(0)
    if array.size != np.prod(shape) or not np.isfinite(array).all():
        wanted = " x ".join(map(str, shape))
        held = " ".join(repr(tree[key]).split())
        raise InputError(f"{path}: {key} holds {held:.80}, expected {wanted} finite numbers")
    return array.reshape(shape)
