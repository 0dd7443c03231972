"""A point cloud small enough for a page: fewer points, whole numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rgbt_perception.evaluation.cloud_view import point_spacing, reach_of, visible_colors
from rgbt_perception.evaluation.colormap import DepthScale, depth_scale
from rgbt_perception.evaluation.run_clouds import Cloud

# Steps of the low-discrepancy sequence in two dimensions (the plastic number's powers): rows and
# columns thinned by it show no pattern.
_STEP_X, _STEP_Y = 0.7548776662466927, 0.5698402909980532
_LARGEST = 32767
_CELSIUS_K = 273.15


@dataclass(frozen=True)
class PackedCloud:
    """Some points of a cloud, evenly spread over its picture.

    Attributes:
        count: number of points, N.
        unit_m: metres of one step of the positions.
        widths: N uint8, 0 to 255 is a spacing of 0 to ``widest`` of the depth, so that dots of
            that size cover the surface.
        widest: share of the depth.
        reach_m: how far most of the scene reaches, metres.
        positions: N times x, y, z as little-endian int16, optical frame.
        colors: N times R, G, B as uint8; empty when the RGB camera saw none of them.
        how_colored: what was done to the colours, in words.
        confidence: N uint8, 255 is 1; empty where no point has any.
        heat: N uint8 from the low to the high temperature; empty without temperatures.
        heat_celsius: those two, degrees Celsius.
        depth: what the ends of the depth colours are.
        labels: N uint8 class ids; empty when no point has one.
    """

    count: int
    unit_m: float
    reach_m: float
    positions: bytes
    widths: bytes
    widest: float
    colors: bytes
    how_colored: str
    confidence: bytes
    heat: bytes
    heat_celsius: tuple[float, float]
    depth: DepthScale
    labels: bytes = b""


def packed_cloud(cloud: Cloud, limit: int) -> PackedCloud | None:
    """Thin a cloud and round its numbers.

    Args:
        cloud: (H, W), organised, in an optical frame.
        limit: most points to keep.

    Returns:
        None when there are fewer than two known points.
    """
    xyz = np.stack([cloud[name] for name in "xyz"], axis=-1).astype(np.float64)
    known = np.isfinite(xyz).all(axis=-1)
    total = int(np.count_nonzero(known))
    if total < 2:
        return None
    kept = known & _thinned(known.shape, limit / total)
    places = np.flatnonzero(kept)[:limit]
    if places.size < 2:
        return None
    points = xyz.reshape(-1, 3)[places]
    flat = cloud.reshape(-1)[places]
    unit = max(float(np.abs(points).max()), 1e-3) / _LARGEST
    colors, how = visible_colors(flat["rgb"])
    heat, celsius = _heat(flat["temperature"])
    spacing = np.nan_to_num(point_spacing(xyz).reshape(-1)[places] / points[:, 2])
    spacing *= np.sqrt(total / places.size)
    widest = max(float(np.percentile(spacing, 99)), 1e-6)
    return PackedCloud(
        count=places.size,
        unit_m=unit,
        reach_m=reach_of(points),
        positions=np.rint(points / unit).astype("<i2").tobytes(),
        widths=_bytes(spacing / widest),
        widest=widest,
        colors=b"" if colors is None else colors.tobytes(),
        how_colored=how,
        confidence=_share_bytes(flat["confidence"]),
        heat=heat,
        heat_celsius=celsius,
        depth=depth_scale([points[:, 2].astype(np.float32)]),
        labels=flat["label"].tobytes() if flat["label"].any() else b"",
    )


def _thinned(shape: tuple[int, ...], share: float) -> npt.NDArray[np.bool_]:
    """(H, W) bool, about this share of the pixels."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return np.asarray((columns * _STEP_X + rows * _STEP_Y) % 1.0 < share)


def _heat(kelvin: npt.NDArray[np.float32]) -> tuple[bytes, tuple[float, float]]:
    if not np.isfinite(kelvin).any():
        return b"", (0.0, 0.0)
    low, high = (float(value) for value in np.nanpercentile(kelvin, (1.0, 99.0)))
    share = np.nan_to_num((kelvin - low) / max(high - low, 1e-6))
    return _bytes(share), (low - _CELSIUS_K, high - _CELSIUS_K)


def _share_bytes(share: npt.NDArray[np.float32]) -> bytes:
    return _bytes(np.nan_to_num(share)) if np.isfinite(share).any() else b""


def _bytes(share: npt.NDArray[np.floating]) -> bytes:
    return bytes(np.rint(255.0 * np.clip(share, 0.0, 1.0)).astype(np.uint8))
