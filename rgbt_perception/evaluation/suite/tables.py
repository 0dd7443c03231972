"""A table with a caption, as text for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """Rows of finished cells.

    Attributes:
        title: caption.
        columns: headings; the first column is text, the others are numbers.
        rows: as many cells each.
        note: sentence below it; may be empty.
    """

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""

    def text(self) -> str:
        """For a terminal, without a final line break."""
        lines = [self.columns, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.columns))]
        body = (
            "  ".join(
                cell.rjust(width) if i else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        )
        return "\n".join([self.title, *body, *([self.note] if self.note else [])])

    def markdown(self) -> str:
        """As a Markdown table with its caption in bold, without a final line break."""
        marks = ["---", *(["---:"] * (len(self.columns) - 1))]
        lines = [_row(self.columns), _row(marks), *(_row(row) for row in self.rows)]
        parts = [f"**{self.title}**", "\n".join(lines), *([self.note] if self.note else [])]
        return "\n\n".join(parts)


def number(value: float, digits: int = 3) -> str:
    """A cell; a dash where there is no number."""
    return "-" if value != value else f"{value:.{digits}f}"


def share(value: float) -> str:
    """A cell in percent; a dash where there is no number."""
    return "-" if value != value else f"{value:.1%}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
