"""A run as a film that fits into a page: evenly sampled frames, one sheet of tiles a picture kind.

Every kind of picture is one entry of ``KINDS``; a kind that the run does not have is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rgbt_perception.evaluation.colormap import (
    UNKNOWN,
    DepthScale,
    confidence_colors,
    depth_colors,
    depth_scale,
    grey_levels,
    grey_picture,
)
from rgbt_perception.evaluation.moments import Moment
from rgbt_perception.frames import ColorImage, Mode

FRAMES = 120
"""Most frames of a film."""
WIDTH = 240
"""Most pixels a tile is wide; frames for a film need not be wider."""

_COLUMNS = 10
_BLOCK = 16  # of JPEG: tiles that begin on one do not colour their neighbours
# Shares of the width, and the JPEG qualities to try at each.
_ATTEMPTS = ((1.0, (82, 70, 58)), (0.8, (58, 45)), (0.5, (50, 35)), (0.3, (35,)))
_REACH = 4  # frames to each side over which the thermal picture's brightness is steadied


@dataclass(frozen=True)
class PictureKind:
    """One panel of the film.

    Attributes:
        name: short and unique.
        title: above the picture.
        meaning: one sentence for who sees it for the first time.
        source: a moment's picture as it was measured; None when it has none.
        colors: that picture in colour, (H, W, 3) uint8 RGB.
        absent: what to say where there is no picture.
        photo: a camera's picture, whose pixels may be mixed when it is shrunk.
        output: short name of the output topic (``OUTPUT_TOPICS``) that must be read for it beyond
            depth, confidence and status; empty for none.
    """

    name: str
    title: str
    meaning: str
    source: Callable[[Moment], npt.NDArray[Any] | None]
    colors: Callable[[npt.NDArray[Any], DepthScale], ColorImage] = lambda picture, _: picture
    absent: str = "no picture"
    photo: bool = False
    output: str = ""


KINDS = (
    PictureKind(
        "rgb",
        "RGB",
        "what the colour camera recorded",
        lambda moment: moment.color,
        absent="RGB camera silent",
        photo=True,
    ),
    PictureKind(
        "thermal",
        "Thermal",
        "what the thermal camera recorded, warm is white",
        lambda moment: moment.thermal,
        absent="thermal camera silent",
        photo=True,
    ),
    PictureKind(
        "depth",
        "Depth",
        "how far away every pixel is: near is red, far is blue, grey is unknown",
        lambda moment: moment.depth,
        depth_colors,
    ),
    PictureKind(
        "confidence",
        "Confidence",
        "how far the depth can be trusted: yellow is sure, dark blue is unsure",
        lambda moment: moment.confidence,
        lambda confidence, _: confidence_colors(confidence),
    ),
    PictureKind(
        "fused",
        "Fused picture",
        "the colour picture carrying what only the thermal camera sees",
        lambda moment: moment.further.get("fused_picture"),
        photo=True,
        output="fused_picture",
    ),
    PictureKind(
        "labels",
        "Labels",
        "what kind of thing every pixel shows",
        lambda moment: moment.further.get("label_picture"),
        output="label_picture",
    ),
    PictureKind(
        "truth",
        "True depth",
        "ground truth, in the colours of the depth",
        lambda moment: moment.truth,
        depth_colors,
        "no truth at this stamp",
    ),
)
"""Every picture kind in the order of the panels."""


@dataclass(frozen=True)
class Sheet:
    """All pictures of one kind.

    Attributes:
        kind: which.
        width, height: of a picture, pixels.
        tile_width, tile_height: from one tile to the next, pixels.
        columns: tiles in a row.
        tiles: for each frame the number of its tile, -1 where there is no picture.
        jpeg: the sheet as a JPEG file.
    """

    kind: PictureKind
    width: int
    height: int
    tile_width: int
    tile_height: int
    columns: int
    tiles: tuple[int, ...]
    jpeg: bytes


@dataclass(frozen=True)
class Film:
    """Sheets that run at the same time.

    Attributes:
        times_s: of each frame, since the first output, seconds.
        modes: of each frame.
        reasons: of each frame, codes such as ``rgb_lost``.
        scale: what the depth colours mean.
        sheets: in the order of ``KINDS``.
    """

    times_s: tuple[float, ...]
    modes: tuple[Mode, ...]
    reasons: tuple[tuple[str, ...], ...]
    scale: DepthScale
    sheets: tuple[Sheet, ...]

    @property
    def size(self) -> int:
        """Bytes of all sheets."""
        return sum(len(sheet.jpeg) for sheet in self.sheets)


def film_frames(count: int) -> list[int]:
    """Numbers of at most ``FRAMES`` of ``count`` frames, evenly spread, first and last included."""
    numbers = np.linspace(0, count - 1, min(count, FRAMES)).round()
    return [int(number) for number in numbers]


def make_film(moments: Sequence[Moment], limit: int) -> Film | None:
    """Draw the sheets, smaller and coarser until they fit.

    Args:
        moments: at least one, in the order of time.
        limit: most bytes of all sheets.

    Returns:
        None when even the smallest film is larger than the limit.
    """
    # The truth has no say, so that the colours do not depend on whether there is any.
    scale = depth_scale(moment.depth for moment in moments)
    moments = _steady_thermal(moments)
    there = [kind for kind in KINDS if any(kind.source(moment) is not None for moment in moments)]
    sheets: list[Sheet] = []
    left = limit
    for waiting, kind in zip(range(len(there), 0, -1), there, strict=True):
        sheet = _sheet(kind, moments, scale, left // waiting)
        if sheet is None:
            return None
        sheets.append(sheet)
        left -= len(sheet.jpeg)
    return Film(
        tuple(moment.time_s for moment in moments),
        tuple(moment.mode for moment in moments),
        tuple(moment.reasons for moment in moments),
        scale,
        tuple(sheets),
    )


def _sheet(
    kind: PictureKind, moments: Sequence[Moment], scale: DepthScale, limit: int
) -> Sheet | None:
    """One kind's sheet, None when it cannot be made small enough; some moment has a picture."""
    measured = [kind.source(moment) for moment in moments]
    widest = min(WIDTH, max(picture.shape[1] for picture in measured if picture is not None))
    for size, qualities in _ATTEMPTS:
        tiles, drawn = _drawn(kind, measured, scale, max(1, round(size * widest)))
        height = max(tile.shape[0] for tile in drawn)
        width = drawn[0].shape[1]
        step_x, step_y = (math.ceil(side / _BLOCK) * _BLOCK for side in (width, height))
        columns = min(_COLUMNS, len(drawn))
        picture = _arranged(drawn, columns, step_x, step_y)
        for quality in qualities:
            _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
            if data.size <= limit:
                jpeg = data.tobytes()
                return Sheet(kind, width, height, step_x, step_y, columns, tiles, jpeg)
    return None


def _drawn(
    kind: PictureKind,
    measured: Sequence[npt.NDArray[Any] | None],
    scale: DepthScale,
    width: int,
) -> tuple[tuple[int, ...], list[ColorImage]]:
    """For each moment the number of its tile, and the tiles."""
    method = cv2.INTER_AREA if kind.photo else cv2.INTER_NEAREST
    tiles: list[int] = []
    drawn: list[ColorImage] = []
    for picture in measured:
        tiles.append(-1 if picture is None else len(drawn))
        if picture is not None:
            drawn.append(_fitted(kind.colors(picture, scale), width, method))
    return tuple(tiles), drawn


def _arranged(drawn: Sequence[ColorImage], columns: int, step_x: int, step_y: int) -> ColorImage:
    """The tiles in rows, B G R."""
    rows = math.ceil(len(drawn) / columns)
    sheet = np.full((rows * step_y, columns * step_x, 3), UNKNOWN, dtype=np.uint8)
    for number, tile in enumerate(drawn):
        top, left = number // columns * step_y, number % columns * step_x
        # The last row and column go on to the end of the block, so that no edge is coded there.
        sheet[top : top + step_y, left : left + step_x] = _padded(tile, step_x, step_y)
    return np.asarray(cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


def _fitted(picture: ColorImage, width: int, method: int) -> ColorImage:
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    return np.asarray(cv2.resize(picture, (width, height), interpolation=method))


def _padded(tile: ColorImage, width: int, height: int) -> ColorImage:
    below, right = height - tile.shape[0], width - tile.shape[1]
    return np.asarray(cv2.copyMakeBorder(tile, 0, below, 0, right, cv2.BORDER_REPLICATE))


def _steady_thermal(moments: Sequence[Moment]) -> list[Moment]:
    """The moments with thermal pictures of 8 bits whose brightness does not flicker.

    Black and white are the medians of ``grey_levels`` over several pictures.
    """
    levels = {
        i: grey_levels(moment.thermal)
        for i, moment in enumerate(moments)
        if moment.thermal is not None
    }
    shown = list(levels)
    steady = list(moments)
    for place, i in enumerate(shown):
        around = shown[max(0, place - _REACH) : place + _REACH + 1]
        low, high = np.median([levels[j] for j in around], axis=0)
        counts = moments[i].thermal
        if counts is not None:
            grey = grey_picture(counts, (float(low), float(high)))
            steady[i] = replace(moments[i], thermal=grey)
    return steady
