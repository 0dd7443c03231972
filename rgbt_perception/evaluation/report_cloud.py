"""Point clouds as a section of a report: a viewer, and pictures where no JavaScript runs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from rgbt_perception.evaluation import report_page as html
from rgbt_perception.evaluation.cloud_points import PackedCloud, packed_cloud
from rgbt_perception.evaluation.cloud_view import cloud_pictures
from rgbt_perception.evaluation.colormap import (
    DepthScale,
    confidence_colors,
    depth_colors,
    temperature_colors,
)
from rgbt_perception.evaluation.label_legend import label_legend
from rgbt_perception.evaluation.run_clouds import RunCloud
from rgbt_perception.scene.classes import COLOURS

MOST_POINTS = 30_000
"""Points of one cloud at most."""

_CHOICES = {
    "rgb": "RGB",
    "depth": "depth",
    "confidence": "confidence",
    "heat": "temperature",
    "label": "labels",
}


def cloud_viewer(clouds: Sequence[RunCloud], points: int, number: int = 0) -> str:
    """The viewer with its fallback pictures; empty without any point.

    Args:
        clouds: the first one is shown first and in the fallback.
        points: most points of all clouds together.
        number: of the viewer on its page.
    """
    if not clouds:
        return ""
    # Half for the first, which is what most people look at.
    rest = points // 2 // max(len(clouds) - 1, 1)
    limits = [min(MOST_POINTS, points // 2), *(min(MOST_POINTS, rest) for _ in clouds[1:])]
    packed = [
        (cloud, packed_cloud(cloud.points, limit))
        for cloud, limit in zip(clouds, limits, strict=True)
    ]
    shown = [(_title(cloud), content) for cloud, content in packed if content is not None]
    if not shown:
        return ""
    tree = {
        "tables": _tables(),
        "clouds": [_entry(title, content) for title, content in shown],
    }
    titles = [title for title, _ in shown]
    first = "rgb" if shown[0][1].colors else "depth"
    choices = [
        (name, text) for name, text in _CHOICES.items() if any(_caption(c, name) for _, c in shown)
    ]
    viewer = html.filled(
        "cloud.html",
        data=html.data(tree),
        clouds=_radios("Frame", f"cloud{number}", list(enumerate(titles)), 0)
        if len(titles) > 1
        else "",
        colors=_radio_buttons(f"colors{number}", choices, first),
    )
    still = html.figures((v.caption, v.picture) for v in cloud_pictures(clouds[0].points))
    classes = {label for _, content in shown for label in content.labels}
    legend = label_legend(classes) if classes else ""
    return f"<div>{viewer}<div data-still>{still}</div>{legend}</div>"


def _title(cloud: RunCloud) -> str:
    return f"{cloud.time_s:.1f} s, {cloud.mode.name}"


def _entry(title: str, cloud: PackedCloud) -> dict[str, Any]:
    captions = {name: _caption(cloud, name) for name in _CHOICES}
    return {
        "title": title,
        "count": cloud.count,
        "unit": cloud.unit_m,
        "widest": cloud.widest,
        "widths": html.encoded(cloud.widths),
        "reach": cloud.reach_m,
        "near": cloud.depth.near_m,
        "far": cloud.depth.far_m,
        "positions": html.encoded(cloud.positions),
        "rgb": html.encoded(cloud.colors),
        "confidence": html.encoded(cloud.confidence),
        "heat": html.encoded(cloud.heat),
        "label": html.encoded(cloud.labels),
        "captions": {name: text for name, text in captions.items() if text},
    }


def _caption(cloud: PackedCloud, how: str) -> str:
    """What the colours mean; empty when the cloud cannot be coloured so."""
    if how == "rgb":
        return cloud.how_colored if cloud.colors else ""
    if how == "depth":
        return f"depth from {cloud.depth.near_m:g} m (red) to {cloud.depth.far_m:g} m (blue)"
    if how == "confidence":
        return "confidence from 0 (dark blue) to 1 (yellow)" if cloud.confidence else ""
    if how == "label":
        return "labels in the colours of the legend" if cloud.labels else ""
    low, high = cloud.heat_celsius
    return f"temperature from {low:.0f} °C (dark) to {high:.0f} °C (bright)" if cloud.heat else ""


def _tables() -> dict[str, str]:
    """256 colours of each scale, R G B."""
    share = np.linspace(0.0, 1.0, 256, dtype=np.float32)[:, None]
    steps = DepthScale(1.0, 2.0)
    colors = {
        "depth": depth_colors(2.0**share, steps),
        "confidence": confidence_colors(share),
        "heat": temperature_colors(share)[0],
        "label": COLOURS,
    }
    return {name: html.encoded(table.tobytes()) for name, table in colors.items()}


def _radios(
    legend: str, name: str, choices: Sequence[tuple[int | str, str]], chosen: int | str
) -> str:
    buttons = _radio_buttons(name, choices, chosen)
    return f"<fieldset><legend>{escape(legend)}</legend>{buttons}</fieldset>"


def _radio_buttons(name: str, choices: Sequence[tuple[int | str, str]], chosen: int | str) -> str:
    return "".join(
        f'<label><input type="radio" name="{name}" value="{value}"'
        f"{' checked' if value == chosen else ''}>{escape(text)}</label>"
        for value, text in choices
    )
