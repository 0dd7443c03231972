"""One picture that shows a run: moments side by side, inputs above outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.colormap import (
    MODE_COLORS,
    UNKNOWN,
    DepthScale,
    confidence_colors,
    depth_colors,
    depth_scale,
    grey_picture,
)
from rgbt_perception.evaluation.moments import Moment
from rgbt_perception.frames import ColorImage

MOMENTS = 8
"""How many moments a sheet shows at most."""

_TILE_WIDTH = 224
_GAP = 6
_LABELS = 112
_CAPTION = 44
_BARS = 112
_BAR_WIDTH = 16
_PAPER = (255, 255, 255)
_INK = (32, 34, 38)
_EMPTY = (236, 238, 240)
_SMALL = 0.48
_FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True)
class _RowOfTiles:
    """One kind of picture at every moment; None where there was none."""

    label: str
    tiles: tuple[ColorImage | None, ...]
    top: int
    height: int


def contact_sheet(moments: Sequence[Moment]) -> ColorImage:
    """Draw the sheet.

    Rows: RGB, thermal, depth, true depth, confidence, fused picture, labels; a row that no moment
    has is left out. Depth has one scale over the whole sheet.

    Args:
        moments: at least one, in the order of time.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    scale = depth_scale(
        [moment.depth for moment in moments]
        + [moment.truth for moment in moments if moment.truth is not None]
    )
    rows = _rows(moments, scale)
    height = rows[-1].top + rows[-1].height + _GAP
    width = _LABELS + len(moments) * (_TILE_WIDTH + _GAP) + _BARS
    sheet = np.full((height, width, 3), _PAPER, dtype=np.uint8)
    for column, moment in enumerate(moments):
        _draw_caption(sheet, _left(column), moment)
    for row in rows:
        _text(sheet, row.label, 4, row.top + row.height // 2 + 4)
        for column, tile in enumerate(row.tiles):
            _draw_tile(sheet, row, _left(column), tile)
    left = _left(len(moments)) + _GAP
    for row in rows:
        if row.label == "depth":
            _draw_depth_bar(sheet, left, row, scale)
        elif row.label == "confidence":
            bar = confidence_colors(np.linspace(1.0, 0.0, 256, dtype=np.float32)[:, None])
            ticks = [(0.0, "1"), (0.5, "0.5"), (1.0, "0")]
            _draw_bar(sheet, left, row.top, row.height, bar, ticks)
    return sheet


def write_picture(path: Path, picture: ColorImage) -> None:
    """Write a PNG.

    Args:
        path: ends in ``.png``.
        picture: (H, W, 3) uint8 RGB.

    Raises:
        RgbtError: it cannot be written.
    """
    _, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    try:
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise RgbtError(f"{path}: {error.strerror}") from None


def _rows(moments: Sequence[Moment], scale: DepthScale) -> list[_RowOfTiles]:
    drawn: dict[str, list[ColorImage | None]] = {
        "RGB": [m.color for m in moments],
        "thermal": [None if m.thermal is None else grey_picture(m.thermal) for m in moments],
        "depth": [depth_colors(m.depth, scale) for m in moments],
        "true depth": [None if m.truth is None else depth_colors(m.truth, scale) for m in moments],
        "confidence": [
            None if m.confidence is None else confidence_colors(m.confidence) for m in moments
        ],
        "fused": [m.further.get("fused_picture") for m in moments],
        "labels": [m.further.get("label_picture") for m in moments],
    }
    rows: list[_RowOfTiles] = []
    top = _CAPTION
    for label, pictures in drawn.items():
        # Mixing the colours of measured pixels would show values that nobody measured.
        photo = label in ("RGB", "thermal", "fused")
        method = cv2.INTER_AREA if photo else cv2.INTER_NEAREST
        tiles = tuple(_fitted(picture, method) for picture in pictures)
        heights = [tile.shape[0] for tile in tiles if tile is not None]
        if heights:
            rows.append(_RowOfTiles(label, tiles, top, max(heights)))
            top += max(heights) + _GAP
    return rows


def _fitted(picture: ColorImage | None, method: int) -> ColorImage | None:
    """The picture at the width of a tile."""
    if picture is None:
        return None
    height = max(1, round(picture.shape[0] * _TILE_WIDTH / picture.shape[1]))
    return np.asarray(cv2.resize(picture, (_TILE_WIDTH, height), interpolation=method))


def _left(column: int) -> int:
    return _LABELS + column * (_TILE_WIDTH + _GAP)


def _text(
    sheet: ColorImage,
    text: str,
    x: int,
    y: int,
    color: tuple[int, int, int] = _INK,
    size: float = 0.54,
) -> None:
    cv2.putText(sheet, text, (x, y), _FONT, size, color, 1, cv2.LINE_AA)


def _draw_caption(sheet: ColorImage, left: int, moment: Moment) -> None:
    minutes, seconds = divmod(moment.time_s, 60.0)
    _text(sheet, f"{int(minutes):02d}:{seconds:05.2f}", left, 17)
    _text(sheet, moment.mode.name, left + 98, 17, MODE_COLORS[moment.mode])
    sheet[25:31, left : left + _TILE_WIDTH] = MODE_COLORS[moment.mode]


def _draw_tile(sheet: ColorImage, row: _RowOfTiles, left: int, tile: ColorImage | None) -> None:
    box = sheet[row.top : row.top + row.height, left : left + _TILE_WIDTH]
    if tile is None:
        box[:] = _EMPTY
        _text(sheet, "none", left + _TILE_WIDTH // 2 - 18, row.top + row.height // 2 + 4)
    else:
        box[: tile.shape[0]] = tile


def _draw_depth_bar(sheet: ColorImage, left: int, row: _RowOfTiles, scale: DepthScale) -> None:
    """Near above far, and under the bar the colour of unknown depth."""
    steps = scale.near_m * (scale.far_m / scale.near_m) ** np.linspace(0.0, 1.0, 256)
    bar = depth_colors(steps.astype(np.float32)[:, None], scale)
    ticks = [(float(scale.position(value)), f"{value:g} m") for value in scale.ticks()]
    height = row.height - _BAR_WIDTH - _GAP
    _draw_bar(sheet, left, row.top, height, bar, ticks)
    top = row.top + height + _GAP
    sheet[top : top + _BAR_WIDTH, left : left + _BAR_WIDTH] = UNKNOWN
    _text(sheet, "unknown", left + _BAR_WIDTH + 8, top + 12, size=_SMALL)


def _draw_bar(
    sheet: ColorImage,
    left: int,
    top: int,
    height: int,
    bar: ColorImage,
    ticks: Sequence[tuple[float, str]],
) -> None:
    """A colour bar; ticks are (share of the height from the top, text)."""
    box = sheet[top : top + height, left : left + _BAR_WIDTH]
    box[:] = cv2.resize(bar, (_BAR_WIDTH, height), interpolation=cv2.INTER_LINEAR)
    for share, text in ticks:
        y = top + round(share * (height - 1))
        sheet[y, left + _BAR_WIDTH : left + _BAR_WIDTH + 4] = _INK
        baseline = min(max(y + 5, top + 11), top + height - 1)
        _text(sheet, text, left + _BAR_WIDTH + 8, baseline, size=_SMALL)
