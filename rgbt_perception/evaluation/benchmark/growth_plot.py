"""Latency over pixels as a picture: an SVG file, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from rgbt_perception.evaluation.benchmark.growth import (
    camera_pixels,
    engines_ms,
    network_pixels,
    total_ms,
)

_WIDTH, _HEIGHT = 460, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 18, 44, 54
_TOTAL, _ENGINES, _GUIDE = "#1b5e8c", "#c2571a", "#8a8a8a"
_MILLION = 1e6

Runs = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class _Panel:
    """One chart: axes from and to, in pixels of a picture and in milliseconds."""

    pixels: tuple[float, float]
    milliseconds: tuple[float, float]

    def place(self, pixels: float, milliseconds: float) -> tuple[float, float]:
        """Where on the chart."""
        x = _share(pixels, self.pixels) * (_WIDTH - _LEFT - _RIGHT) + _LEFT
        y = _share(milliseconds, self.milliseconds) * (_HEIGHT - _TOP - _BOTTOM) + _BOTTOM
        return x, _HEIGHT - y


def growth_svg(runs: Runs, machine: str) -> str:
    """The file's text.

    Args:
        runs: of one contestant at several network sizes and several camera sizes.
        machine: named below the title.
    """
    first = runs[0]
    seen = (first["rgb"], first["thermal"])
    series: list[tuple[str, str, Runs, Callable[[dict[str, Any]], int], str]] = [
        (
            "network size",
            f"cameras {_by(first['thermal'])}",
            [run for run in runs if (run["rgb"], run["thermal"]) == seen],
            network_pixels,
            "network",
        ),
        (
            "camera size",
            f"network {_by(first['network'])}",
            [run for run in runs if run["network"] == first["network"]],
            camera_pixels,
            "thermal",
        ),
    ]
    drawn = [item for item in series if len({item[3](run) for run in item[2]}) > 1]
    charts = "".join(
        f'<g transform="translate({index * _WIDTH} 40)">{_chart(*item)}</g>'
        for index, item in enumerate(drawn)
    )
    width, height = _WIDTH * max(1, len(drawn)), _HEIGHT + 40
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="12">'
        f'<rect width="{width}" height="{height}" fill="white"/>'
        f"{_text(12, 22, first['engine'], size=14)}"
        f"{_text(12, 40, machine, colour=_GUIDE)}"
        f"{charts}</svg>\n"
    )


def _chart(
    title: str,
    fixed: str,
    runs: Runs,
    pixels_of: Callable[[dict[str, Any]], int],
    size_key: str,
) -> str:
    runs = sorted(runs, key=pixels_of)
    pixels = [float(pixels_of(run)) for run in runs]
    totals, engines = [total_ms(run) for run in runs], [engines_ms(run) for run in runs]
    linear = totals[0] * pixels[-1] / pixels[0]
    lowest = min(value for value in (*totals, *engines) if value > 0)
    panel = _Panel(
        (pixels[0] / 1.25, pixels[-1] * 1.25),
        (lowest / 1.3, max(*totals, linear) * 1.15),
    )
    parts = [_text(_LEFT, _TOP - 14, f"Median latency, ms, over {title} ({fixed})", size=13)]
    parts += _axes(panel, [(run[size_key], value) for run, value in zip(runs, pixels, strict=True)])
    parts.append(_line(panel, [pixels[0], pixels[-1]], [totals[0], linear], _GUIDE, dashed=True))
    parts.append(_name(0, "in proportion", _GUIDE))
    lines = ((totals, _TOTAL, "whole pipeline"), (engines, _ENGINES, "networks"))
    for row, (values, colour, name) in enumerate(lines, start=1):
        known = [(x, y) for x, y in zip(pixels, values, strict=True) if y > 0]
        if len(known) < 2:
            continue
        parts.append(_line(panel, [x for x, _ in known], [y for _, y in known], colour))
        for x, y in known:
            left, top = panel.place(x, y)
            parts.append(f'<circle cx="{left:.1f}" cy="{top:.1f}" r="3.5" fill="{colour}"/>')
        parts.append(_name(row, name, colour))
    return "".join(parts)


def _axes(panel: _Panel, sizes: Sequence[tuple[Sequence[int], float]]) -> Iterator[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    for value in _round_numbers(*panel.milliseconds):
        _, top = panel.place(sizes[0][1], value)
        yield (f'<line x1="{_LEFT}" y1="{top:.1f}" x2="{right}" y2="{top:.1f}" stroke="#e4e4e4"/>')
        yield _text(_LEFT - 6, top + 4, f"{value:g}", anchor="end")
    yield f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" fill="none" stroke="#444"/>'
    for size, pixels in sizes:
        left, _ = panel.place(pixels, panel.milliseconds[0])
        yield f'<path d="M{left:.1f} {bottom}v5" stroke="#444"/>'
        yield _text(left, bottom + 18, _by(size), anchor="middle", size=11)
        yield _text(
            left, bottom + 32, f"{pixels / _MILLION:.2g}", anchor="middle", size=11, colour=_GUIDE
        )
    yield _text(right, bottom + 48, "million pixels", anchor="end", size=11, colour=_GUIDE)


def _round_numbers(low: float, high: float) -> Iterator[float]:
    """1, 2 and 5 times the powers of ten."""
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        for digit in (1, 2, 5):
            if low <= digit * 10.0**power <= high:
                yield digit * 10.0**power


def _line(
    panel: _Panel,
    pixels: Sequence[float],
    milliseconds: Sequence[float],
    colour: str,
    dashed: bool = False,
) -> str:
    places = (panel.place(x, y) for x, y in zip(pixels, milliseconds, strict=True))
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'


def _name(row: int, name: str, colour: str) -> str:
    """A line's name; the corner above the lines' beginnings is free."""
    return _text(_LEFT + 12, _TOP + 18 + 17 * row, name, colour=colour)


def _text(
    x: float, y: float, text: str, anchor: str = "start", size: int = 12, colour: str = "#222"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="{colour}">{escape(text)}</text>'
    )


def _share(value: float, limits: tuple[float, float]) -> float:
    low, high = (math.log(limit) for limit in limits)
    return (math.log(value) - low) / (high - low)


def _by(size: Sequence[int]) -> str:
    return f"{size[0]}x{size[1]}"
