"""``fusion_detail.fused_picture`` with a compiled loop between OpenCV's conversions of colour.

Its result is that of the plain version, but for what rounds differently: single values differ by
one level, and the chroma of hidden pixels does.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.compiled import prepared
from rgbt_perception.frames import AlignedPair, ColorImage, FloatImage, Mask
from rgbt_perception.geometry.bilinear import bilinear_places
from rgbt_perception.geometry.letterbox import resample
from rgbt_perception.geometry.scratch import Scratch
from rgbt_perception.scene.fusion_loop import Levels, detailed_luminance, halved

_scratch = Scratch()


def fused_by_loop(
    fused: FloatImage, weight: FloatImage, known: Mask | None, pair: AlignedPair
) -> ColorImage:
    """See ``fusion_detail.fused_picture``."""
    present = pair.thermal if pair.rgb is None else pair.rgb[..., 0]
    assert present is not None, "a pair holds at least one picture"
    (height, width), (h, w) = present.shape, fused.shape
    there = np.empty((0, w), np.uint8) if known is None else prepared(known.view(np.uint8))
    nothing = np.zeros((h, w), np.float32)
    levels = _levels(pair.rgb, height, width)
    bright: tuple[FloatImage, FloatImage, Levels] = nothing, nothing, np.empty((2, 0, w), np.uint8)
    bright_seen = warm_seen = np.zeros((1, width), np.uint8)
    if pair.rgb is not None:
        bright_seen = _mask(pair.rgb_seen, width)
        share = _share(pair.rgb_seen, w, h)
        chroma = bright[2]
        if pair.rgb_seen is not None:
            chroma = np.stack([resample(plane, w, h) for plane in levels[1:]])
        bright = _mean(levels[0], w, h), share, chroma
    thermal, warm = np.zeros((1, width), np.float32), (nothing, nothing)
    if pair.thermal is not None:
        warm_seen = _mask(pair.thermal_seen, width)
        thermal = prepared(pair.thermal)
        warm = prepared(resample(thermal, w, h)), _share(pair.thermal_seen, w, h)
    detailed_luminance(
        (prepared(fused), prepared(weight), there),
        bright,
        warm,
        pair.thermal is not None,
        thermal,
        (bright_seen, warm_seen),
        bilinear_places(h, height).arrays,
        bilinear_places(w, width).arrays,
        levels,
    )
    if pair.rgb is None:
        return np.asarray(cv2.cvtColor(levels[0], cv2.COLOR_GRAY2RGB))
    color = cv2.merge(levels)
    return np.asarray(cv2.cvtColor(color, cv2.COLOR_YCrCb2RGB, dst=color))


def _levels(rgb: ColorImage | None, height: int, width: int) -> tuple[Levels, Levels, Levels]:
    """Luminance, 0 without a picture, and chroma, (H, W) each, in this file's room."""
    luminance, cr, cb = (_scratch.levels(name, height, width) for name in ("y", "cr", "cb"))
    if rgb is None:
        luminance[:] = 0
    else:
        mixed = _scratch.levels("mixed", height, width, 3)
        cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb, dst=mixed)
        cv2.split(mixed, [luminance, cr, cb])
    return luminance, cr, cb


def _mask(seen: Mask | None, width: int) -> Levels:
    """Of 0 and 1; one row of 1 where everything is seen."""
    return np.ones((1, width), np.uint8) if seen is None else prepared(seen.view(np.uint8))


def _share(seen: Mask | None, w: int, h: int) -> FloatImage:
    """Of each pixel of the network's picture that is seen, (h, w) float32."""
    return np.ones((h, w), np.float32) if seen is None else _mean(_mask(seen, 0), w, h)


def _mean(levels: Levels, w: int, h: int) -> FloatImage:
    """At network size, (h, w) float32."""
    if levels.shape != (2 * h, 2 * w):
        floats: npt.NDArray[np.float32] = levels.astype(np.float32)
        return resample(floats, w, h)
    means = np.empty((h, w), np.float32)
    halved(levels, means)
    return means
