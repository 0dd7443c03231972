"""Checks ``run.json``: a file that may have been edited, garbled or written by something else."""

from __future__ import annotations

import json
import math
import os
import reprlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rgbt_perception.errors import InputError
from rgbt_perception.frames import Modality

_LARGEST = 2**63


def read_summary(path: Path) -> Mapping[str, Any]:
    """Read a run's description.

    Args:
        path: ``run.json``.

    Returns:
        Its content. ``source`` is there; every other key that ``rgbt replay`` writes is of its
        type or missing; keys that it does not write are left as they are.

    Raises:
        InputError: the line names the file, the key, what was found and what was expected.
    """
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    # Nesting of a few thousand brackets is no ValueError.
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not readable JSON ({error})") from None
    if not isinstance(info, dict):
        raise InputError(f"{path}: expected a JSON object as `rgbt replay` writes it")
    if "source" not in info:
        raise InputError(f"{path}: source is missing, expected the recording's path")
    for key, (is_valid, expected) in _EXPECTED.items():
        if key in info and not is_valid(info[key]):
            raise InputError(f"{path}: {key} is {reprlib.repr(info[key])}, expected {expected}")
    return info


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_path(value: object) -> bool:
    if not isinstance(value, str) or not value or "\0" in value:
        return False
    try:
        os.fsencode(value)
    except UnicodeEncodeError:
        return False
    return True


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST


def _is_duration(value: object) -> bool:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    return math.isfinite(value) and 0 <= value < _LARGEST


def _is_reference(value: object) -> bool:
    return value in [camera.value for camera in Modality]


def _is_size(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_count, value))


def _is_setting(value: object) -> bool:
    return isinstance(value, (str, int, float))


def _each(is_valid: Callable[[object], bool]) -> Callable[[object], bool]:
    """A mapping whose values are all valid; JSON's keys are text."""
    return lambda value: isinstance(value, dict) and all(map(is_valid, value.values()))


def _is_spread(value: object) -> bool:
    return isinstance(value, dict) and all(_is_duration(value.get(q)) for q in ("p50", "p99"))


def _is_problem(value: object) -> bool:
    return (
        isinstance(value, dict)
        and _is_text(value.get("name"))
        and _is_text(value.get("first"))
        and _is_count(value.get("count"))
    )


def _are_problems(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_problem, value))


_COUNTS = "whole numbers by camera"
_EXPECTED: dict[str, tuple[Callable[[object], bool], str]] = {
    "source": (_is_path, "a path"),
    "reference": (_is_reference, "rgb or thermal"),
    "frames_in": (_each(_is_count), _COUNTS),
    "pairs": (_is_count, "a whole number"),
    "outputs": (_is_count, "a whole number"),
    "dropped": (_each(_is_count), _COUNTS),
    "rejected": (_each(_is_count), _COUNTS),
    "modes": (_each(_is_count), "whole numbers by mode"),
    "latency_ms": (_each(_is_spread), "p50 and p99 in milliseconds by stage"),
    "engine": (_is_text, "a text"),
    "weights": (_each(_is_text), "checksums by model"),
    "networks": (_each(_each(_is_text)), "file, precision and engine by model"),
    "network": (_is_size, "width and height"),
    "settings": (_each(_is_setting), "parameter values by name"),
    "problems": (_are_problems, "a list of name, count and first line"),
    "truncated": (_is_text, "a text"),
    "ended": (_is_text, "a text"),
    "topics": (_each(_is_text), "topic names by input"),
    "seconds": (_is_duration, "seconds"),
}
