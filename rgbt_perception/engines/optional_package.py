"""Packages that may be missing, or be there and not load."""

from __future__ import annotations

import importlib
from typing import Any

from rgbt_perception.errors import RgbtError


def is_missing(error: ModuleNotFoundError, module: str) -> bool:
    """Whether a module itself, or a package that it lies in, is not there.

    Otherwise it is, and something that it imports is not.
    """
    return error.name is not None and f"{module}.".startswith(f"{error.name}.")


def optional_package(module: str, what: str, expected: str) -> Any:
    """Import a module.

    Args:
        module: its name.
        what: needs it, for the error.
        expected: how to get it, for the error.

    Raises:
        RgbtError: it is not installed, or something that it needs is not there or does not fit.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if not is_missing(error, module):
            raise RgbtError(f"{what}: cannot be loaded ({error})") from None
        raise RgbtError(f"{what}: not installed; expected {expected}") from None
    except (ImportError, OSError) as error:  # a shared library that is missing or does not fit
        reason = " ".join(str(error).split())
        raise RgbtError(f"{what}: its library cannot be loaded ({reason})") from None
