"""One parameter: how it is declared and how a value is checked."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from rgbt_perception.errors import InputError


class Named(str, Enum):
    """An enum whose YAML name is its value and whose error says what was expected."""

    @classmethod
    def _missing_(cls, value: object) -> Named:
        expected = ", ".join(str(member.value) for member in cls)
        raise ValueError(f"{value!r} is none of: {expected}")


def parameter(
    default: Any,
    help: str,  # noqa: A002 - the field's word
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    read_only: bool = False,
) -> Any:
    """A dataclass field with everything that a parameter declaration needs."""
    metadata = {"help": help, "unit": unit, "low": low, "high": high, "read_only": read_only}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Parameter:
    """One parameter, as a declaration needs it."""

    name: str
    kind: type
    default: Any
    help: str
    unit: str
    low: float | None
    high: float | None
    read_only: bool


def checked_value(spec: Parameter, value: Any) -> Any:
    """The value as the parameter's type, or an error that names both."""
    kind = spec.kind
    problem: str | None = None
    if issubclass(kind, Enum):
        try:
            return kind(value)
        except ValueError as error:
            raise InputError(f"parameter {spec.name}: {error}") from None
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if abs(value) < 1e300 else math.inf
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        problem = f"expected {kind.__name__}"
    elif isinstance(value, (int, float)):
        if isinstance(value, float) and not math.isfinite(value):
            problem = "expected a finite number"
        elif spec.low is not None and value < spec.low:
            problem = f"expected at least {spec.low:g}"
        elif spec.high is not None and value > spec.high:
            problem = f"expected at most {spec.high:g}"
    if problem:
        raise InputError(f"parameter {spec.name} = {value!r}: {problem}")
    return value
