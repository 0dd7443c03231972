"""The building blocks of a report: one HTML file that needs nothing else, readable on a phone."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from html import escape
from importlib import resources
from string import Template
from typing import Any

import cv2

from rgbt_perception.frames import ColorImage

_JPEG_QUALITY = 88

_SCRIPTS = ("player.js", "cloud.js")
_STYLES = ("page.css", "player.css", "cloud.css")


def page(title: str, sections: Iterable[str]) -> str:
    """The whole file. It forbids itself to load or to run anything that it does not hold.

    Args:
        title: plain text of the browser's title bar.
        sections: HTML in order; empty ones vanish.
    """
    scripts = [page_file(name) for name in _SCRIPTS]
    hashes = " ".join(
        f"'sha256-{_base64(hashlib.sha256(script.encode()).digest())}'" for script in scripts
    )
    return filled(
        "page.html",
        title=escape(title),
        policy=f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {hashes}",
        style="\n".join(page_file(name) for name in _STYLES),
        body="\n".join(section for section in sections if section),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )


def page_file(name: str) -> str:
    """The text of one of the files that reports are made from."""
    folder = resources.files("rgbt_perception.evaluation") / "page"
    return (folder / name).read_text(encoding="utf-8")


def filled(name: str, **parts: str) -> str:
    """A file of HTML with its ``$places`` filled; the parts are HTML already."""
    return Template(page_file(name)).substitute(parts)


def data(tree: Mapping[str, Any]) -> str:
    """JSON for a script element: nothing in it can end the element."""
    text = json.dumps(tree, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def encoded(content: bytes) -> str:
    """Bytes as text for ``data``."""
    return _base64(content)


def section(title: str, *parts: str) -> str:
    """A headed section; empty when all its parts are."""
    filled = [part for part in parts if part]
    if not filled:
        return ""
    return f"<section>\n<h2>{escape(title)}</h2>\n" + "\n".join(filled) + "\n</section>"


def paragraph(text: str, muted: bool = False) -> str:
    """Plain text as a paragraph."""
    return f"<p{' class=muted' if muted else ''}>{escape(text)}</p>"


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values; pairs without a value are left out."""
    items = [f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs if value]
    return f'<dl class="facts">{"".join(items)}</dl>' if items else ""


def wide_picture(picture: ColorImage, alt: str) -> str:
    """A picture that scrolls sideways where the screen is narrow; (H, W, 3) uint8 RGB."""
    return f'<div class="scroll"><img src="{_embedded(picture)}" alt="{escape(alt)}"></div>'


def figures(pictures: Iterable[tuple[str, ColorImage]]) -> str:
    """Captioned pictures side by side where there is room; (H, W, 3) uint8 RGB each."""
    items = [
        f'<figure><img src="{_embedded(picture)}" alt="{escape(caption)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for caption, picture in pictures
    ]
    return f'<div class="views">{"".join(items)}</div>' if items else ""


def cards(entries: Iterable[tuple[str, str, str]]) -> str:
    """Name, value and a remark of the few figures that matter most."""
    items = [
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}"
        + (f"<small>{escape(remark)}</small>" if remark else "")
        + "</dd></div>"
        for name, value, remark in entries
    ]
    return f'<dl class="cards">{"".join(items)}</dl>' if items else ""


def color_bar(name: str, colors: ColorImage, ticks: Iterable[tuple[float, str]]) -> str:
    """What the colours of a picture mean.

    Args:
        name: plain text.
        colors: (N, 3) uint8 RGB, evenly spread.
        ticks: places from 0 (left) to 1 (right), and what to write there.
    """
    ramp = ",".join(f"rgb({r},{g},{b})" for r, g, b in colors.tolist())
    marks = list(ticks)
    texts = "".join(
        f'<span style="left:{100 * place:.1f}%">{escape(text)}</span>' for place, text in marks
    )
    spoken = f"{name}: from {marks[0][1]} (left) to {marks[-1][1]} (right)"
    return (
        f'<div class="colorbar"><div class="name">{escape(name)}</div>'
        f'<div class="ramp" role="img" aria-label="{escape(spoken)}" '
        f'style="background:linear-gradient(90deg,{ramp})"></div>'
        f'<div class="ticks" aria-hidden="true">{texts}</div></div>'
    )


def table(
    head: Sequence[str], rows: Iterable[str], style: str = "", minor: Collection[int] = ()
) -> str:
    """A table that scrolls sideways where the screen is narrow.

    Args:
        head: plain text of each column.
        rows: HTML, by ``table_row`` and ``group_row``.
        style: a class of ``page.css``.
        minor: numbers of the columns that a phone does not show; the same for the rows.
    """
    cells = "".join(
        f'<th scope="col"{_minor(i in minor)}>{escape(cell)}</th>' for i, cell in enumerate(head)
    )
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="table">'
        f'<table class="{style}"><thead><tr>{cells}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def table_row(
    cells: Sequence[str],
    style: str = "",
    bold: Collection[int] = (),
    minor: Collection[int] = (),
) -> str:
    """A row of plain text; ``bold`` numbers the cells that stand out."""
    inner = "".join(
        f"<td{_minor(i in minor)}>"
        + (f"<b>{escape(cell)}</b>" if i in bold else escape(cell))
        + "</td>"
        for i, cell in enumerate(cells)
    )
    return f'<tr class="{style}">{inner}</tr>' if style else f"<tr>{inner}</tr>"


def group_row(text: str, columns: int) -> str:
    """A row that heads the rows under it."""
    return f'<tr class="group"><th scope="rowgroup" colspan="{columns}">{escape(text)}</th></tr>'


def strip(
    spans: Iterable[tuple[float, float, tuple[int, int, int], str]], length: float, name: str
) -> str:
    """Coloured stretches of a line.

    Args:
        spans: start, end, colour (R G B) and what it is, in plain text, of each.
        length: of the whole line, above 0.
        name: what the line shows, for who does not see it.
    """
    parts = "".join(
        f'<rect x="{1000 * start / length:.2f}" width="{1000 * (end - start) / length:.2f}" '
        f'height="26" fill="rgb{color}"><title>{escape(text)}</title></rect>'
        for start, end, color, text in spans
    )
    return (
        '<svg class="strip" viewBox="0 0 1000 26" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(name)}">{parts}</svg>'
    )


def axis(seconds: float) -> str:
    """The ends of a line of time, to stand under its ``strip``."""
    return f'<div class="axis"><span>0 s</span><span>{seconds:.1f} s</span></div>'


def bars(entries: Sequence[tuple[str, str, float, float]]) -> str:
    """Medians and 99th percentiles as bars on one scale.

    Args:
        entries: name, explanation, median and 99th percentile (milliseconds) of each.
    """
    longest = max((p99 for _, _, _, p99 in entries), default=0.0) or 1.0
    return (
        '<div class="bars">'
        + "".join(
            f"<div>{escape(name)}<small>{escape(text)}</small></div>"
            '<div class="track" aria-hidden="true">'
            f'<i style="width:{100 * p99 / longest:.1f}%"></i>'
            f'<i class="median" style="width:{100 * p50 / longest:.1f}%"></i></div>'
            f'<div class="figures">{p50:.1f} / {p99:.1f} ms</div>'
            for name, text, p50, p99 in entries
        )
        + "</div>"
    )


def legend(entries: Iterable[tuple[tuple[int, int, int], str]]) -> str:
    """Colours (R G B) and what they mean."""
    items = "".join(
        f'<li><i style="background:rgb{color}"></i>{escape(text)}</li>' for color, text in entries
    )
    return f'<ul class="legend">{items}</ul>'


def jpeg_url(content: bytes) -> str:
    """A JPEG file as an address that holds it."""
    return f"data:image/jpeg;base64,{_base64(content)}"


def _embedded(picture: ColorImage) -> str:
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, content = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return jpeg_url(content.tobytes())


def _minor(yes: bool) -> str:
    return ' class="minor"' if yes else ""


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
