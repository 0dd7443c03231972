"""What is known of a plan: the sidecar file beside it, JSON."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from rgbt_perception.engines.cache.key import FORMAT, PlanKey
from rgbt_perception.engines.plan_builder import PlanTarget, Precision
from rgbt_perception.errors import InputError

_SHA256 = re.compile(r"[0-9a-f]{64}")


class OtherFormatError(InputError):
    """Written by a version of this package that keeps plans differently."""


@dataclass(frozen=True)
class Figures:
    """How far one output of a plan is from that of the ONNX file in fp32.

    Attributes:
        measure: how they are compared: ``relative``, ``absolute`` and so on.
        mean, extreme: over all pixels of all inputs; ``extreme`` is the 99th percentile.
        mean_limit, extreme_limit: what is allowed.
    """

    measure: str
    mean: float
    extreme: float
    mean_limit: float
    extreme_limit: float

    @property
    def holds(self) -> bool:
        """Whether both are within their limits; NaN is not."""
        return self.mean <= self.mean_limit and self.extreme <= self.extreme_limit

    @property
    def excess(self) -> float:
        """How much of its limit the worse of both takes; 1 = all of it."""
        pairs = ((self.mean, self.mean_limit), (self.extreme, self.extreme_limit))
        return max(value / limit if limit else float(value > 0) for value, limit in pairs)


@dataclass(frozen=True)
class PlanRecord:
    """A plan's description.

    Attributes:
        key: what it was compiled from and for.
        model: name of the network.
        shapes: of the inputs by name.
        sha256: of the plan, hexadecimal.
        size: of the plan, bytes.
        built: when, ISO 8601 with the time zone.
        build_s: how long it took, seconds.
        parity: by output.
    """

    key: PlanKey
    model: str
    shapes: Mapping[str, tuple[int, ...]]
    sha256: str
    size: int
    built: str
    build_s: float
    parity: Mapping[str, Figures]

    def __post_init__(self) -> None:
        """Check what comes from a file.

        Raises:
            InputError: a value that cannot be.
        """
        for digest in (self.sha256, self.key.onnx_sha256):
            if not _SHA256.fullmatch(digest):
                raise InputError(f"sha256 {digest!r}: expected 64 hexadecimal digits")
        if self.size < 0 or not (math.isfinite(self.build_s) and self.build_s >= 0):
            raise InputError("size or build_s: expected a number from 0 on")
        try:
            datetime.fromisoformat(self.built)
        except ValueError:
            raise InputError(f"built {self.built!r}: expected a date and time") from None

    @property
    def plan_file(self) -> str:
        """Name of the plan's file; another plan of the same key has another one."""
        return f"{self.key.name}-{self.sha256[:12]}.plan"

    @property
    def figures(self) -> str:
        """The parity figures in words."""
        return "; ".join(
            f"{output} ({figure.measure}): mean {figure.mean:.2g} (limit {figure.mean_limit:.2g}), "
            f"99 % {figure.extreme:.2g} (limit {figure.extreme_limit:.2g})"
            for output, figure in self.parity.items()
        )

    def as_json(self) -> dict[str, Any]:
        """What ``record_of`` takes, for ``json.dumps``."""
        fields = asdict(self)
        key = fields.pop("key")
        target = key.pop("target")
        return {"format": FORMAT, **key, "precision": self.key.precision.value, **target, **fields}


def record_of(text: str) -> PlanRecord:
    """Read a sidecar's content.

    Raises:
        OtherFormatError: it is of another version of this package.
        InputError: it is no sidecar; the line says why.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError("no JSON") from None
    if not isinstance(values, dict):
        raise InputError("expected an object")
    number = values.get("format")
    if type(number) is int and number != FORMAT:
        raise OtherFormatError(f"format {number}, expected {FORMAT}")
    if type(number) is not int:
        raise InputError(f"format {number!r}, expected {FORMAT}")
    precision = _field(values, "precision", str)
    try:
        arithmetic = Precision(precision)
    except ValueError:
        names = ", ".join(item.value for item in Precision)
        raise InputError(f"precision {precision!r}, expected one of {names}") from None
    target = PlanTarget(
        *(_field(values, name, str) for name in ("runtime", "gpu", "compute_capability"))
    )
    key = PlanKey(
        _field(values, "onnx_sha256", str),
        arithmetic,
        target,
        _field(values, "release", str),
        _field(values, "converter", str),
    )
    return PlanRecord(
        key,
        _field(values, "model", str),
        {name: _shape(name, sizes) for name, sizes in _field(values, "shapes", dict).items()},
        _field(values, "sha256", str),
        _field(values, "size", int),
        _field(values, "built", str),
        _field(values, "build_s", float),
        {name: _figures(name, item) for name, item in _field(values, "parity", dict).items()},
    )


def _field(values: Mapping[str, Any], name: str, kind: type) -> Any:
    value = values.get(name)
    if kind is float and type(value) is int and abs(value) < 2**53:
        value = float(value)
    # bool is an int in Python, not here.
    if type(value) is not kind:
        raise InputError(f"{name} {value!r:.40}: expected {kind.__name__}")
    return value


def _shape(name: str, sizes: Any) -> tuple[int, ...]:
    if not isinstance(sizes, list) or any(type(size) is not int for size in sizes):
        raise InputError(f"shapes: {name} {sizes!r:.40}: expected whole numbers")
    return tuple(sizes)


def _figures(name: str, item: Any) -> Figures:
    if not isinstance(item, dict):
        raise InputError(f"parity: {name} {item!r:.40}: expected an object")
    numbers = ("mean", "extreme", "mean_limit", "extreme_limit")
    return Figures(_field(item, "measure", str), *(_field(item, key, float) for key in numbers))
