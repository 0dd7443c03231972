"""The building blocks of a report: one HTML file that needs nothing else, readable on a phone."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

import cv2

from rgbt_perception.frames import ColorImage

_JPEG_QUALITY = 88

_STYLE = """
:root { color-scheme: light; --ink: #202226; --muted: #646a73; --line: #d9dce0; --soft: #f4f5f7; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 24px 20px 56px; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 36px 0 10px; }
h2.run { font-size: 1.35rem; margin-top: 52px; padding-top: 16px; border-top: 2px solid var(--ink);
  overflow-wrap: anywhere; }
p { margin: 8px 0; max-width: 75ch; }
.muted, figcaption { color: var(--muted); font-size: 0.875rem; }
.scroll { overflow-x: auto; -webkit-overflow-scrolling: touch; }
.scroll img { display: block; width: 100%; min-width: 1080px; }
.views { display: grid; gap: 16px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); }
figure { margin: 0; }
figure img { display: block; width: 100%; border: 1px solid var(--line); }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 12px 5px 0; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
thead th { color: var(--muted); font-weight: 600; border-bottom: 2px solid var(--line); }
tr.group th { padding-top: 14px; font-weight: 600; text-align: left; }
tr.strong td { font-weight: 700; }
tr.faint td { color: var(--muted); }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 14px 0 0; }
dl.facts dt { color: var(--muted); }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.strip { display: block; width: 100%; height: 26px; background: var(--soft); }
.axis { display: flex; justify-content: space-between; color: var(--muted); font-size: 0.8rem; }
ul.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0;
  margin: 8px 0 0; font-size: 0.9rem; }
ul.legend i { display: inline-block; width: 12px; height: 12px; margin-right: 6px; }
td.bar { min-width: 120px; padding-right: 0; }
td.bar i { display: block; height: 10px; background: #7b93b2; }
.limits { background: var(--soft); padding: 4px 16px 10px; margin-top: 40px; }
.limits h2 { margin-top: 12px; }
@media (max-width: 600px) {
  main { padding: 16px 14px 40px; }
  dl.facts { grid-template-columns: 1fr; gap: 0; }
  dl.facts dd { margin-bottom: 6px; }
}
"""


def page(title: str, sections: Iterable[str]) -> str:
    """The whole file.

    Args:
        title: plain text of the browser's title bar.
        sections: HTML in order; empty ones vanish.
    """
    body = "\n".join(section for section in sections if section)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


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


def table(head: Sequence[str], rows: Iterable[str]) -> str:
    """A table that scrolls sideways where the screen is narrow; rows by ``table_row``."""
    cells = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    return (
        f'<div class="scroll"><table><thead><tr>{cells}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def table_row(cells: Sequence[str], style: str = "", bar: float | None = None) -> str:
    """A row of text, with a bar of this share of the last column if wanted."""
    inner = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    if bar is not None:
        inner += f'<td class="bar"><i style="width:{100 * bar:.1f}%"></i></td>'
    return f'<tr class="{style}">{inner}</tr>' if style else f"<tr>{inner}</tr>"


def group_row(text: str, columns: int) -> str:
    """A row that heads the rows under it."""
    return f'<tr class="group"><th colspan="{columns}">{escape(text)}</th></tr>'


def strip(spans: Sequence[tuple[float, float, tuple[int, int, int], str]], seconds: float) -> str:
    """Coloured stretches of time.

    Args:
        spans: start and end (seconds), colour (R G B) and name of each.
        seconds: of the whole strip, above 0.
    """
    parts = "".join(
        f'<rect x="{1000 * start / seconds:.2f}" width="{1000 * (end - start) / seconds:.2f}" '
        f'height="26" fill="rgb{color}"><title>{escape(name)}, {start:.2f} to {end:.2f} s'
        "</title></rect>"
        for start, end, color, name in spans
    )
    return (
        '<svg class="strip" viewBox="0 0 1000 26" preserveAspectRatio="none" role="img" '
        f'aria-label="modes over time">{parts}</svg>'
        f'<div class="axis"><span>0 s</span><span>{seconds:.1f} s</span></div>'
    )


def legend(entries: Iterable[tuple[tuple[int, int, int], str]]) -> str:
    """Colours (R G B) and what they mean."""
    items = "".join(
        f'<li><i style="background:rgb{color}"></i>{escape(text)}</li>' for color, text in entries
    )
    return f'<ul class="legend">{items}</ul>'


def _embedded(picture: ColorImage) -> str:
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")
