"""The fused picture at full size: decided at network size, with the detail of the full pictures.

With ``down`` to network size by area and ``up`` from it bilinearly (ours)::

    fused_full = up(fused) + a (Y - up(down(Y))) + (1 - a) (T - up(down(T)))

Y is the luminance of the aligned RGB picture, T the thermal one, and a = up(weight) where both
cameras see, 1 where only RGB does and 0 where only thermal does. Every mean is over what is seen:
nothing of a hidden or missing part leaks into its surroundings. Colour is the chroma of the aligned
RGB picture (ITU-R BT.601). Where that is not seen, chroma fades out within a pixel of the network:
single hidden pixels have the colour of their neighbours, hidden areas have none.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.frames import AlignedPair, ColorImage, FloatImage, Mask
from rgbt_perception.geometry.letterbox import resample

_WHITE = np.float32(255.0)
_GREY = np.float32(128.0)
_LEAST_SHARE = np.float32(1e-3)


def fused_picture(
    fused: FloatImage, weight: FloatImage, known: Mask | None, pair: AlignedPair
) -> ColorImage:
    """Bring the network's decision to full size.

    Args:
        fused: (h, w) float32, luminance, 0 to 1.
        weight: (h, w) float32, share of the visible detail, 0 to 1.
        known: (h, w) bool, where ``fused`` says something; None = everywhere.
        pair: both pictures at full size, at least one of them.

    Returns:
        (H, W, 3) uint8 RGB, 0 where no camera sees.
    """
    present = pair.thermal if pair.rgb is None else pair.rgb[..., 0]
    assert present is not None, "a pair holds at least one picture"
    height, width = present.shape
    size = (fused.shape[1], fused.shape[0])
    parts: list[tuple[FloatImage, Mask | None]] = []
    color: ColorImage | None = None
    if pair.rgb is not None:
        color = cv2.cvtColor(pair.rgb, cv2.COLOR_RGB2YCrCb)
        luminance = cv2.extractChannel(color, 0).astype(np.float32)
        parts.append((_detail(luminance, pair.rgb_seen, size), pair.rgb_seen))
        if pair.rgb_seen is not None:
            _fade_chroma(color, pair.rgb_seen, size)
    if pair.thermal is not None:
        thermal = np.multiply(pair.thermal, _WHITE, dtype=np.float32)
        parts.append((_detail(thermal, pair.thermal_seen, size), pair.thermal_seen))
    result = parts[-1][0]
    if len(parts) == 2:
        result = _mixed(parts[0], parts[1], _enlarged(weight, width, height))
    result += _base(fused, known, width, height)
    # Rounds, and holds to 0 and 255.
    grey = cv2.convertScaleAbs(np.maximum(result, np.float32(0.0), out=result))
    if color is None:
        picture = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB))
    else:
        cv2.insertChannel(grey, color, 0)
        picture = np.asarray(cv2.cvtColor(color, cv2.COLOR_YCrCb2RGB))
    seen = [mask for _, mask in parts if mask is not None]
    if len(seen) == len(parts):
        picture[~np.logical_or.reduce(seen)] = 0
    return picture


def _detail(picture: FloatImage, seen: Mask | None, size: tuple[int, int]) -> FloatImage:
    """What a picture loses at network size; 0 where it is not seen.

    Args:
        picture: (H, W) float32, 0 where not seen.
        seen: (H, W) bool, None = everywhere.
        size: width and height of the network's picture.
    """
    height, width = picture.shape
    small = resample(picture, *size)
    if seen is None:
        return np.asarray(picture - _enlarged(small, width, height))
    share = resample(seen.astype(np.float32), *size)
    # A copy: at network size already, the picture itself must stay.
    small = small / np.maximum(share, _LEAST_SHARE)
    detail: FloatImage = picture - _enlarged(small, width, height)
    detail *= seen
    return detail


def _fade_chroma(color: ColorImage, seen: Mask, size: tuple[int, int]) -> None:
    """Give what is not seen the mean chroma of what is seen beside it, in place.

    Args:
        color: (H, W, 3) uint8, luminance and two of chroma, which is 128 where not seen.
        seen: (H, W) bool.
        size: width and height of the network's picture.
    """
    height, width = seen.shape
    share = resample(seen.astype(np.float32), *size)
    # All of it where half of a pixel is seen, none where nothing is.
    gain = np.minimum(np.float32(2.0) * share, np.float32(1.0)) / np.maximum(share, _LEAST_SHARE)
    hidden = (~seen).view(np.uint8)
    for channel in (1, 2):
        plane = cv2.extractChannel(color, channel)
        small = resample(plane.astype(np.float32) - _GREY, *size) * gain
        faded = cv2.convertScaleAbs(_enlarged(small + _GREY, width, height))
        cv2.copyTo(faded, hidden, plane)
        cv2.insertChannel(plane, color, channel)


def _mixed(
    visible: tuple[FloatImage, Mask | None],
    thermal: tuple[FloatImage, Mask | None],
    share: FloatImage,
) -> FloatImage:
    """Detail of both; details are 0 where they are not seen, so only the shares need care."""
    if visible[1] is not None:
        share *= visible[1]
    if thermal[1] is not None:
        np.copyto(share, np.float32(1.0), where=~thermal[1])
    result = visible[0]
    result -= thermal[0]
    result *= share
    result += thermal[0]
    return result


def _base(fused: FloatImage, known: Mask | None, width: int, height: int) -> FloatImage:
    """The network's luminance, 0 to 255; beside what it does not know that of its neighbours."""
    scaled = fused * _WHITE
    if known is None:
        return _enlarged(scaled, width, height)
    there = known.astype(np.float32)
    share = _enlarged(there, width, height)
    base = _enlarged(scaled * there, width, height)
    base /= np.maximum(share, _LEAST_SHARE)
    return base


def _enlarged(picture: npt.NDArray[np.float32], width: int, height: int) -> npt.NDArray[np.float32]:
    if picture.shape == (height, width):
        return np.array(picture)
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR))
