"""How a live host does: one line that changes on a terminal, lines below each other elsewhere."""

from __future__ import annotations

import logging
import math
import shutil
import sys
import time

import click

from rgbt_perception.live.view.state import ViewState

_TERMINAL_S = 1.0
# Elsewhere a line is for the log: when the mode changes, and this often.
_LOG_S = 10.0
_UNKNOWN = (math.nan,) * 3


class StatusLine(logging.Handler):
    """Prints the line to stderr, and log records above it."""

    def __init__(self) -> None:
        super().__init__()
        self._terminal = sys.stderr.isatty()
        self._next = 0.0
        self._told: tuple[object, ...] = ()
        self._line = ""

    def due(self, mode: object) -> bool:
        """Whether it is time for another line.

        Args:
            mode: with its reasons; compared with the one told last.
        """
        changed = not self._terminal and (mode,) != self._told
        return changed or time.monotonic() >= self._next

    def show(self, mode: object, state: ViewState) -> None:
        """Print how it is; ``mode`` as for ``due``."""
        self._next = time.monotonic() + (_TERMINAL_S if self._terminal else _LOG_S)
        self._told = (mode,)
        line = text(state)
        if not self._terminal:
            click.echo(line, err=True)
            return
        columns = shutil.get_terminal_size().columns
        self._line = line if len(line) < columns else line[: columns - 2] + "…"
        self._draw()

    def emit(self, record: logging.LogRecord) -> None:
        """Print a log record; the line moves below it."""
        self._erase()
        click.echo(self.format(record), err=True)
        self._draw()

    def end(self) -> None:
        """Leave the line as it is."""
        if self._line:
            click.echo(err=True)
        self._line = ""

    def _erase(self) -> None:
        if self._line:
            click.echo("\r\x1b[2K", nl=False, err=True)

    def _draw(self) -> None:
        if self._line:
            click.echo(f"\r\x1b[2K{self._line}", nl=False, err=True)


def text(state: ViewState) -> str:
    """Mode, rates, latency and losses in one line."""
    reasons = f" ({', '.join(state.reasons)})" if state.reasons else ""
    rates = [
        f"{name} {stream.rate_hz:.1f} Hz"
        for name in ("rgb", "thermal")
        for stream in state.streams
        if stream.name == f"{name}/image"
    ]
    parts = [f"{state.mode.name}{reasons}", *rates, f"{state.result_hz:.1f} results/s"]
    # Between a result and the end of its publishing there is no number.
    if math.isfinite(last := state.stages.get("total", _UNKNOWN)[0]):
        parts.append(f"latency {last:.0f} ms")
    parts.append(f"dropped {sum(v for k, v in state.counters.items() if k.startswith('dropped'))}")
    parts.append(f"rejected {state.counters.get('rejected', 0)}")
    parts.append(f"{sum(state.outputs.values())} subscribers")
    return " | ".join(parts)


def summary(state: ViewState) -> str:
    """What came out, in one line."""
    counters = state.counters
    modes = ", ".join(f"{count} {name}" for name, count in state.modes.items())
    line = f"{counters['results']} results from {counters['pairs']} pairs"
    if modes:
        line += f" ({modes})"
    for name, count in counters.items():
        if count and name not in ("results", "pairs"):
            line += f", {name} {count}"
    if "total" in state.stages:
        _, median, high = state.stages["total"]
        line += f"; latency {median:.1f} ms median, {high:.1f} ms 99 %"
    return line
