"""The film of a run as a section of a report: a player, and what its colours mean."""

from __future__ import annotations

from html import escape
from itertools import groupby

import numpy as np

from rgbt_perception.evaluation import report_page as html
from rgbt_perception.evaluation.colormap import (
    MODE_COLORS,
    DepthScale,
    confidence_colors,
    depth_colors,
)
from rgbt_perception.evaluation.film import Film, Sheet

_CANVAS_WIDTH = 480
_STOPS = 24
_BETWEEN_FPS = (4.0, 15.0)


def player(film: Film) -> str:
    """The player with its colour bars; it shows itself when JavaScript runs."""
    last = len(film.times_s) - 1
    rate, note = _pace(film)
    tree = {
        "times": [round(time_s, 3) for time_s in film.times_s],
        "modes": [mode.name for mode in film.modes],
        "reasons": [list(reasons) for reasons in film.reasons],
        "rate": rate,
        "kinds": [
            {
                "name": sheet.kind.name,
                "title": sheet.kind.title,
                "absent": sheet.kind.absent,
                "size": [sheet.width, sheet.height],
                "step": [sheet.tile_width, sheet.tile_height],
                "columns": sheet.columns,
                "tiles": list(sheet.tiles),
            }
            for sheet in film.sheets
        ],
    }
    shape = next(sheet for sheet in film.sheets if sheet.kind.name == "depth")
    return html.filled(
        "player.html",
        data=html.data(tree),
        panels="\n".join(_panel(sheet, shape) for sheet in film.sheets),
        modes=_modes(film),
        last=str(last),
        note=escape(note),
    )


def color_bars(scale: DepthScale) -> str:
    """How to read the colours of depth and confidence."""
    share = np.linspace(0.0, 1.0, _STOPS)
    depth = scale.near_m * (scale.far_m / scale.near_m) ** share
    ticks = [(float(scale.position(value)), f"{value:g} m") for value in scale.ticks()]
    bars = (
        html.color_bar(
            "Depth, metres along the optical axis; dark grey is unknown",
            depth_colors(depth.astype(np.float32)[:, None], scale)[:, 0],
            ticks,
        ),
        html.color_bar(
            "Confidence, from unsure to sure: predicted probability that the depth is within 25 % "
            "of the truth",
            confidence_colors(share.astype(np.float32)[:, None])[:, 0],
            [(0.0, "0"), (0.5, "0.5"), (1.0, "1")],
        ),
    )
    return f'<div class="colorbars">{"".join(bars)}</div>'


def _panel(sheet: Sheet, shape: Sheet) -> str:
    """One picture; all have the shape of the depth's."""
    kind = sheet.kind
    height = round(_CANVAS_WIDTH * sheet.height / sheet.width)
    return (
        f'<figure><canvas width="{_CANVAS_WIDTH}" height="{height}" role="img" '
        f'style="aspect-ratio:{shape.width}/{shape.height}" '
        f'aria-label="{escape(f"{kind.title}: {kind.meaning}")}"></canvas>'
        f"<figcaption><b>{escape(kind.title)}</b>{escape(kind.meaning)}</figcaption>"
        f'<img data-sheet hidden alt="" src="{html.jpeg_url(sheet.jpeg)}"></figure>'
    )


def _pace(film: Film) -> tuple[float, str]:
    """Frames a second at speed 1, and what that means, in words."""
    seconds = sum(
        max(0.0, after - before)
        for before, after in zip(film.times_s, film.times_s[1:], strict=False)
    )
    count = len(film.times_s)
    if count < 2 or seconds <= 0.0:
        return _BETWEEN_FPS[0], f"{count} frames."
    recorded = (count - 1) / seconds
    rate = min(max(recorded, _BETWEEN_FPS[0]), _BETWEEN_FPS[1])
    factor = rate / recorded
    pace = (
        "as fast as recorded" if 0.9 < factor < 1.1 else f"{factor:.2g} times as fast as recorded"
    )
    return rate, f"{count} frames, evenly spread over {seconds:.1f} s; speed 1 is {pace}."


def _modes(film: Film) -> str:
    """The modes along the slider, on which the frames are evenly spread."""
    last = max(len(film.modes) - 1, 1)
    spans = []
    for mode, group in groupby(enumerate(film.modes), key=lambda item: item[1]):
        numbers = [i for i, _ in group]
        start, end = max(numbers[0] - 0.5, 0.0), min(numbers[-1] + 0.5, float(last))
        text = f"{mode.name}, frames {numbers[0] + 1} to {numbers[-1] + 1}"
        spans.append((start, end, MODE_COLORS[mode], text))
    return html.strip(spans, last, "modes along the film")
