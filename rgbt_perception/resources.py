"""Where the files outside the Python package are: msg/, config/, launch/ and samples/."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from rgbt_perception.errors import RgbtError

_PACKAGE = "rgbt_perception"


def _roots() -> Iterator[Path]:
    """Share folders, most specific first: ament index, installation prefix, source tree."""
    for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        if prefix and Path(prefix, "share/ament_index/resource_index/packages", _PACKAGE).exists():
            yield Path(prefix, "share", _PACKAGE)
    package = Path(__file__).resolve().parent
    # `pip install --target` and `--prefix` put share/ beside or above the package.
    for base in (Path(sys.prefix), *list(package.parents)[:5]):
        yield base / "share" / _PACKAGE
    yield package.parent


def share(relative: str) -> Path:
    """The path of an installed file or folder.

    Args:
        relative: e.g. ``config/perception.yaml``.

    Raises:
        RgbtError: it is not installed.
    """
    for root in _roots():
        if (root / relative).exists():
            return root / relative
    raise RgbtError(f"{relative}: not found; the installation of {_PACKAGE} is incomplete")
