"""Where compiled engines are kept."""

from __future__ import annotations

import os
from pathlib import Path

from rgbt_perception.errors import RgbtError

_NAME = "rgbt_perception/engines"


def cache_folder(configured: str = "") -> Path:
    """The folder, which need not exist yet.

    A compiled engine is code for the GPU: who may write there decides what is executed.

    Args:
        configured: by the user; empty = the usual place: below ``XDG_CACHE_HOME``, which is
            ``~/.cache`` where it is not set.

    Raises:
        RgbtError: there is no usual place, or the folder is below the home of nobody.
    """
    if configured:
        try:
            return Path(configured).expanduser()
        except RuntimeError:
            raise RgbtError(
                f"engine cache {configured}: {Path(configured).parts[0]} is nobody's home folder"
            ) from None
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The XDG Base Directory Specification has relative paths ignored.
    if base.is_absolute():
        return base / _NAME
    try:
        return Path.home() / ".cache" / _NAME
    except RuntimeError:
        raise RgbtError(
            "engine cache: this user has no home folder; expected XDG_CACHE_HOME or the parameter "
            "engine.cache to name one"
        ) from None
