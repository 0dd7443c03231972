"""Picture sizes on the command line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    _Base = click.ParamType[tuple[int, int]]
else:
    _Base = click.ParamType  # click before 8.3 knows no type argument


class _Size(_Base):
    """``WxH`` in pixels as (width, height)."""

    name = "WxH"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", str(value))
        if match is None or not int(match[1]) or not int(match[2]):
            self.fail(f"{value!r}: expected WIDTHxHEIGHT in pixels, e.g. 640x512", param, ctx)
        return int(match[1]), int(match[2])


SIZE = _Size()
