"""Inputs for comparing engines: what the networks got when recordings were replayed.

Stored are street scenes of this project's simulation: from ``samples/night_smoke.mcap`` two pairs,
one moment without the colour camera and one without the thermal one, and a pair by day in clear
weather. ``evaluation.parity_pictures`` makes the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.errors import RgbtError

FILE = Path(__file__).with_name("parity_inputs.npz")

Array = npt.NDArray[np.float32]
Sample = dict[str, Array]

_GENERATED = 3
# A grid so coarse gives pictures with smooth parts, as real ones have.
_COARSE = 16


def parity_inputs(shapes: Mapping[str, tuple[int, ...]]) -> list[Sample]:
    """Some sets of inputs, the same at every call.

    Args:
        shapes: of a network's inputs by name. Those of ``depth_exchange`` and ``scene_exchange``
            get stored pictures, brought to the network's size; other networks get smooth random
            values from 0 to 1.

    Raises:
        RgbtError: a shape is not fixed.
    """
    for name, shape in shapes.items():
        if not all(isinstance(size, int) and size > 0 for size in shape):
            raise RgbtError(f"input {name} has the shape {list(shape)}, expected fixed numbers")
    for samples in _stored():
        if samples[0].keys() == shapes.keys():
            fitted = [_fitted(sample, shapes) for sample in samples]
            if all(values is not None for values in fitted):
                return [values for values in fitted if values is not None]
    random = np.random.default_rng(0)
    return [
        {name: _generated(random, shape) for name, shape in shapes.items()}
        for _ in range(_GENERATED)
    ]


def encoded(values: Array) -> npt.NDArray[np.generic]:
    """How an input is stored: pictures, (1, channels, H, W) from 0 to 1, as PNG or JPEG."""
    if values.ndim != 4:
        return values
    picture = np.rint(values[0].transpose(1, 2, 0) * 255).astype(np.uint8)
    if picture.shape[2] == 3:
        done, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    else:
        done, data = cv2.imencode(".png", picture)
    assert done, "OpenCV writes both formats"
    return np.asarray(data).reshape(-1)


@cache
def _stored() -> list[list[Sample]]:
    """The stored sets, by kind of network."""
    kinds: dict[str, dict[str, Sample]] = {}
    with np.load(FILE) as file:
        for name in file.files:
            kind, moment, entry = name.split("/")
            kinds.setdefault(kind, {}).setdefault(moment, {})[entry] = _decoded(file[name])
    return [list(moments.values()) for moments in kinds.values()]


def _decoded(stored: npt.NDArray[np.generic]) -> Array:
    if stored.dtype != np.uint8:
        return stored.astype(np.float32)
    picture = cv2.imdecode(stored.view(np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture is not None, "the package's own file"
    planes = picture[..., ::-1].transpose(2, 0, 1) if picture.ndim == 3 else picture[None]
    return np.ascontiguousarray(planes[None], np.float32) / np.float32(255)


def _fitted(sample: Sample, shapes: Mapping[str, tuple[int, ...]]) -> Sample | None:
    """The same moment at another network's size; None where more than the size is different."""
    fitted: Sample = {}
    for name, values in sample.items():
        shape = shapes[name]
        if values.shape == shape:
            fitted[name] = values
        elif values.ndim == 4 and len(shape) == 4 and values.shape[:2] == shape[:2]:
            fitted[name] = _resized(values, shape[3], shape[2], name.endswith("_mask"))
        else:
            return None
        if name.endswith("_intrinsics"):
            picture = name.removesuffix("_intrinsics")
            rows, columns = sample[picture].shape[2:]
            fitted[name] = values.copy()
            fitted[name][:, 0] *= shapes[picture][3] / columns
            fitted[name][:, 1] *= shapes[picture][2] / rows
    return fitted


def _resized(values: Array, width: int, height: int, is_mask: bool) -> Array:
    smaller = width < values.shape[3]
    how = cv2.INTER_NEAREST if is_mask else cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    planes = [cv2.resize(plane, (width, height), interpolation=how) for plane in values[0]]
    return np.stack(planes)[None]


def _generated(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    if len(shape) != 4:
        return random.random(shape, np.float32)
    coarse = [max(1, size // _COARSE) for size in shape[2:]]
    small = random.random((*shape[:2], *coarse), np.float32)
    planes = [cv2.resize(plane, (shape[3], shape[2])) for plane in small.reshape(-1, *coarse)]
    return np.stack(planes).reshape(shape)
