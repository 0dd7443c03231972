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

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.compiled import compiles
from rgbt_perception.frames import AlignedPair, ColorImage, FloatImage, Mask
from rgbt_perception.geometry.letterbox import resample
from rgbt_perception.geometry.row_bands import row_bands
from rgbt_perception.geometry.scratch import Scratch
from rgbt_perception.scene.fusion_compiled import fused_by_loop

_WHITE = np.float32(255.0)
_GREY = np.float32(128.0)
_LEAST_SHARE = np.float32(1e-3)
_scratch = Scratch()


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
    if compiles():
        return fused_by_loop(fused, weight, known, pair)
    present = pair.thermal if pair.rgb is None else pair.rgb[..., 0]
    assert present is not None, "a pair holds at least one picture"
    shape = present.shape
    size = (fused.shape[1], fused.shape[0])
    luminance: FloatImage | None = None
    mix: tuple[FloatImage, FloatImage] | None = None
    mean: FloatImage | None = None
    chroma: list[npt.NDArray[np.uint8]] = []
    if pair.rgb is not None:
        levels, *chroma = cv2.split(cv2.cvtColor(pair.rgb, cv2.COLOR_RGB2YCrCb))
        luminance = _scratch.floats("luminance", *shape)
        luminance[:] = levels
        seen = _share_seen(pair.rgb_seen, size)
        mean = _mean(luminance, seen, size)
        if pair.rgb_seen is not None and seen is not None:
            _fade(chroma, pair.rgb_seen, seen)
    if pair.thermal is not None:
        warm = _mean(pair.thermal, _share_seen(pair.thermal_seen, size), size) * _WHITE
        if mean is not None:
            # Enlarging is linear: one of the difference instead of two.
            difference = _enlarged(mean - warm, shape, "difference")
            mix = difference, _enlarged(weight, shape, "share")
        mean = warm
    assert mean is not None, "a pair holds at least one picture"
    base = _base(fused * _WHITE, known, mean, shape)
    grey = _with_detail(base, luminance, mix, pair)
    if chroma:
        color = cv2.merge([grey, *chroma])
        picture = np.asarray(cv2.cvtColor(color, cv2.COLOR_YCrCb2RGB, dst=color))
    else:
        picture = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB))
    unseen = _unseen(pair)
    if unseen is not None:
        picture[unseen] = 0
    return picture


def _with_detail(
    base: FloatImage,
    luminance: FloatImage | None,
    mix: tuple[FloatImage, FloatImage] | None,
    pair: AlignedPair,
) -> npt.NDArray[np.uint8]:
    """(H, W) uint8: one picture's detail, and as far towards the other one's as that weighs.

    Args:
        base: (H, W) float32, see ``_base``; is written to, like all others.
        luminance: (H, W) float32, 0 to 255, of the visible picture.
        mix: with both pictures the enlarged difference of their means, 0 to 255, and the network's
            weight of the visible one, (H, W) float32 each.
        pair: both pictures.
    """
    grey = np.empty(base.shape, np.uint8)
    for band in row_bands(*base.shape):
        result = base[band]
        if pair.thermal is None:
            assert luminance is not None, "a pair holds at least one picture"
            result += luminance[band]
        else:
            thermal = pair.thermal[band] * _WHITE
            result += thermal
            if luminance is not None and mix is not None:
                step = np.subtract(luminance[band], thermal, out=thermal)
                step -= mix[0][band]
                step *= _visible_share(mix[1][band], pair, band)
                result += step
        # Rounds, and holds to 0 and 255.
        cv2.convertScaleAbs(np.maximum(result, np.float32(0.0), out=result), dst=grey[band])
    return grey


def _share_seen(seen: Mask | None, size: tuple[int, int]) -> FloatImage | None:
    """Of each pixel of the network's picture; None = all of every one."""
    if seen is None:
        return None
    floats = _scratch.floats("seen", *seen.shape)
    floats[:] = seen
    # A copy: what the next mask brings is written to the same place.
    return np.array(resample(floats, *size))


def _mean(picture: FloatImage, share: FloatImage | None, size: tuple[int, int]) -> FloatImage:
    """A picture, 0 where it is not seen, at network size: of what is seen the mean."""
    small = resample(picture, *size)
    return small if share is None else small / np.maximum(share, _LEAST_SHARE)


def _fade(chroma: Sequence[npt.NDArray[np.uint8]], seen: Mask, share: FloatImage) -> None:
    """Give what is not seen the mean chroma of what is seen beside it, in place.

    Args:
        chroma: (H, W) each, 128 where not seen.
        seen: (H, W) bool.
        share: (h, w) float32, of each pixel of the network's picture that is seen.
    """
    height, width = seen.shape
    # All of it where half of a pixel is seen, none where nothing is.
    gain = np.minimum(np.float32(2.0) * share, np.float32(1.0)) / np.maximum(share, _LEAST_SHARE)
    hidden = (~seen).view(np.uint8)
    for plane in chroma:
        small = resample(plane, *share.shape[::-1]) - _GREY
        small *= gain
        small += _GREY
        faded = cv2.resize(
            cv2.convertScaleAbs(small), (width, height), interpolation=cv2.INTER_LINEAR
        )
        cv2.copyTo(faded, hidden, plane)


def _visible_share(share: FloatImage, pair: AlignedPair, band: slice) -> FloatImage:
    """In place, for some rows: 0 where only thermal sees, 1 where it does not."""
    if pair.rgb_seen is not None:
        share *= pair.rgb_seen[band]
    if pair.thermal_seen is not None:
        np.copyto(share, np.float32(1.0), where=~pair.thermal_seen[band])
    return share


def _base(
    fused: FloatImage, known: Mask | None, mean: FloatImage, shape: tuple[int, ...]
) -> FloatImage:
    """The network's luminance less a picture's mean, enlarged.

    Args:
        fused: (h, w) float32, 0 to 255.
        known: (h, w) bool, where ``fused`` says something; beside it that of its neighbours counts.
        mean: (h, w) float32, 0 to 255.
        shape: full size.
    """
    if known is None:
        return _enlarged(fused - mean, shape, "base")
    there = known.astype(np.float32)
    base = _enlarged(fused * there, shape, "base")
    base /= np.maximum(_enlarged(there, shape, "known"), _LEAST_SHARE)
    base -= _enlarged(mean, shape, "known")
    return base


def _unseen(pair: AlignedPair) -> Mask | None:
    """Where no camera sees; None when there is no such pixel."""
    pairs = ((pair.rgb, pair.rgb_seen), (pair.thermal, pair.thermal_seen))
    masks = [seen for picture, seen in pairs if picture is not None]
    known = [mask for mask in masks if mask is not None]
    return np.asarray(~np.logical_or.reduce(known)) if len(known) == len(masks) else None


def _enlarged(picture: FloatImage, shape: tuple[int, ...], name: str) -> FloatImage:
    """Bilinearly, in this function's room of that name."""
    room = _scratch.floats(name, *shape)
    if picture.shape == shape:
        room[:] = picture
        return room
    return np.asarray(cv2.resize(picture, shape[::-1], dst=room, interpolation=cv2.INTER_LINEAR))
