"""The one list of parameters: type, default, range, unit and help of each.

Every host (recordings, DDS, ROS) and the YAML files read it from here. A parameter's full name is
``section.name``, e.g. ``pairing.tolerance_s``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from enum import Enum
from typing import Any, get_type_hints

from rgbt_perception.config_words import (
    CloudFields,
    EngineName,
    EnginePrecision,
    Normalization,
    Reference,
    Reliability,
    Transport,
)
from rgbt_perception.errors import InputError
from rgbt_perception.parameter import Parameter, checked_value, parameter

__all__ = [
    "CloudFields",
    "EngineName",
    "EnginePrecision",
    "Normalization",
    "Parameter",
    "Reference",
    "Reliability",
    "Transport",
    "parameter",
]

NO_SCENE_MODEL = ""
"""Value of ``scene.model`` without fused picture and labels."""


@dataclass(frozen=True)
class PairingConfig:
    """Pairing of the two streams in time."""

    tolerance_s: float = parameter(
        0.025, "largest stamp difference within a pair", unit="s", low=0.0, high=1.0
    )
    rgb_offset_s: float = parameter(
        0.0, "known delay of the RGB stamps, subtracted before pairing", unit="s", low=-10, high=10
    )
    thermal_offset_s: float = parameter(
        0.0,
        "known delay of the thermal stamps, subtracted before pairing",
        unit="s",
        low=-10,
        high=10,
    )
    queue_size: int = parameter(20, "unpaired frames kept per stream", low=1, high=1000)
    timeout_s: float = parameter(
        0.25, "a camera silent for longer counts as lost", unit="s", low=0.01, high=60.0
    )


@dataclass(frozen=True)
class ThermalConfig:
    """From thermal counts to a picture and to kelvin."""

    normalization: Normalization = parameter(
        Normalization.SHOULDER, "how counts become a picture of 0 to 1"
    )
    range_low: float = parameter(
        0.0, "fixed: value that becomes 0 (kelvin when the scale is known, else counts)"
    )
    range_high: float = parameter(
        65535.0, "fixed: value that becomes 1 (kelvin when the scale is known, else counts)"
    )
    percentile_low: float = parameter(
        1.0, "percentile: share of pixels below 0", unit="%", low=0.0, high=49.0
    )
    percentile_high: float = parameter(
        99.0, "percentile: share of pixels below 1", unit="%", low=51.0, high=100.0
    )
    smoothing_s: float = parameter(
        1.0, "time constant of the range, 0 = every frame alone", unit="s", low=0.0, high=60.0
    )
    telemetry_rows_top: int = parameter(0, "rows cut from the top", unit="px", low=0, high=64)
    telemetry_rows_bottom: int = parameter(0, "rows cut from the bottom", unit="px", low=0, high=64)
    kelvin_per_count: float = parameter(
        0.0, "radiometric gain; 0 = take it from the rig, else unknown", unit="K", low=0.0, high=100
    )
    kelvin_offset: float = parameter(0.0, "kelvin at count 0", unit="K", low=-1000.0, high=1000.0)
    freeze_frames: int = parameter(
        2, "identical pictures in a row that count as a shutter freeze, 0 = never", low=0, high=100
    )


@dataclass(frozen=True)
class OutputConfig:
    """What the outputs look like."""

    reference: Reference = parameter(
        Reference.THERMAL, "camera whose view the outputs share", read_only=True
    )
    scale: float = parameter(
        1.0, "output size over the reference camera's size", low=0.1, high=1.0, read_only=True
    )
    min_depth_m: float = parameter(0.3, "nearer is -Inf (REP 117)", unit="m", low=0.0, high=10.0)
    max_depth_m: float = parameter(
        100.0, "farther is +Inf (REP 117)", unit="m", low=1.0, high=1000.0
    )
    edge_threshold: float = parameter(
        0.08,
        "relative depth step between neighbours beyond which cloud points are NaN, 0 = keep all",
        low=0.0,
        high=1.0,
    )
    cloud_stride: int = parameter(1, "every n-th row and column of the cloud", low=1, high=16)
    cloud_fields: CloudFields = parameter(
        CloudFields.ALL,
        "what the cloud's points have: all is x y z rgb temperature confidence label, 28 bytes; "
        "xyzrgb 16, xyz 12 bytes",
    )


@dataclass(frozen=True)
class EngineConfig:
    """How the networks are executed."""

    name: EngineName = parameter(
        EngineName.AUTO,
        "runtime; auto takes tensorrt where it and a GPU are there, else the faster one for this "
        "CPU; constant computes nothing and says 10 m everywhere: it measures the host",
        read_only=True,
    )
    fallback: bool = parameter(
        True, "use onnxruntime where the runtime asked for cannot be had", read_only=True
    )
    precision: EnginePrecision = parameter(
        EnginePrecision.AUTO,
        "arithmetic; auto is fp16 with tensorrt, or fp32 where fp16 differs too much, int8 with "
        "openvino for a shipped model that has NAME.int8.onnx beside it, else fp32; fp16 is of "
        "tensorrt only, int8 of it and openvino and for such models only, bf16 of openvino on a "
        "processor that has it, for the scene network only",
        read_only=True,
    )
    cache: str = parameter(
        "",
        "folder of compiled networks; empty = the user's cache; in a file, relative to that file",
        read_only=True,
    )
    threads: int = parameter(0, "CPU threads, 0 = all cores", low=0, high=256, read_only=True)
    depth_model: str = parameter(
        "confidence_depth",
        "shipped model's name or path of an ONNX file; in a file, relative to that file",
        read_only=True,
    )


@dataclass(frozen=True)
class SceneConfig:
    """The network of the fused picture and the labels."""

    model: str = parameter(
        "scene",
        "network of the fused picture and the labels: shipped model's name or path of an ONNX "
        "file; in a file, relative to that file; empty = neither is offered",
        read_only=True,
    )


@dataclass(frozen=True)
class QosConfig:
    """Subscriptions of the live hosts. A reliable one hears no best-effort publisher."""

    rgb_image: Reliability = parameter(
        Reliability.BEST_EFFORT, "reliability asked of rgb/image", read_only=True
    )
    rgb_camera_info: Reliability = parameter(
        Reliability.BEST_EFFORT, "reliability asked of rgb/camera_info", read_only=True
    )
    thermal_image: Reliability = parameter(
        Reliability.BEST_EFFORT, "reliability asked of thermal/image", read_only=True
    )
    thermal_camera_info: Reliability = parameter(
        Reliability.BEST_EFFORT, "reliability asked of thermal/camera_info", read_only=True
    )
    depth: int = parameter(
        5, "messages kept of each of these until they are read", low=1, high=1000, read_only=True
    )


@dataclass(frozen=True)
class WatchdogConfig:
    """When a live host calls itself slow. Time is that of the steady clock."""

    warn_ms: float = parameter(
        200.0,
        "latency, from a complete pair to its last output, that is warned of",
        unit="ms",
        low=1.0,
        high=60_000.0,
    )
    error_ms: float = parameter(
        1000.0, "latency that is an error", unit="ms", low=1.0, high=60_000.0
    )
    warn_consecutive: int = parameter(
        5, "results in a row beyond warn_ms until it is said", low=1, high=1000
    )
    error_consecutive: int = parameter(
        3, "results in a row beyond error_ms until it is said", low=1, high=1000
    )
    timeout_s: float = parameter(
        2.0, "time without a result that is an error", unit="s", low=0.1, high=600.0
    )


@dataclass(frozen=True)
class HostConfig:
    """What only the live hosts do."""

    always_compute: bool = parameter(
        False, "compute all that is not for debugging although nobody subscribes"
    )
    status_period_s: float = parameter(
        1.0, "interval of diagnostics, and of the status while waiting", unit="s", low=0.1, high=60
    )
    rgb_transport: Transport = parameter(
        Transport.AUTO,
        "topic of the colour pictures: rgb/image (raw), rgb/image/compressed, or auto: "
        "compressed where only that is published",
        read_only=True,
    )
    thermal_transport: Transport = parameter(
        Transport.AUTO, "topic of the thermal pictures, likewise", read_only=True
    )


@dataclass(frozen=True)
class Config:
    """All parameters.

    ``rig`` names a rig file (geometry and radiometric scale) that replaces what the messages say.
    """

    rig: str = parameter(
        "",
        "rig file; empty = camera_info and tf_static; in a file, relative to that file",
        read_only=True,
    )
    pairing: PairingConfig = field(default_factory=PairingConfig)
    thermal: ThermalConfig = field(default_factory=ThermalConfig)
    output: OutputConfig = field(default_factory=OutputConfig)
    engine: EngineConfig = field(default_factory=EngineConfig)
    scene: SceneConfig = field(default_factory=SceneConfig)
    qos: QosConfig = field(default_factory=QosConfig)
    watchdog: WatchdogConfig = field(default_factory=WatchdogConfig)
    host: HostConfig = field(default_factory=HostConfig)


def parameters(cls: type = Config, prefix: str = "") -> Iterator[Parameter]:
    """Every parameter in declaration order, with its full name."""
    hints = get_type_hints(cls)
    for item in fields(cls):
        kind = hints[item.name]
        if "help" in item.metadata:
            yield Parameter(prefix + item.name, kind, item.default, **item.metadata)
        else:
            yield from parameters(kind, f"{prefix}{item.name}.")


def with_values(config: Config, values: Mapping[str, Any]) -> Config:
    """A configuration with some parameters changed.

    Args:
        config: what to start from.
        values: full parameter names to values.

    Raises:
        InputError: unknown name, wrong type or out of range.
    """
    known = {spec.name: spec for spec in parameters()}
    for name, value in values.items():
        if name not in known:
            near = "".join(
                f"did you mean {one}? " for one in get_close_matches(name, known, 1, 0.8)
            )
            raise InputError(
                f"parameter {name}: unknown; {near}known are {', '.join(sorted(known))}"
            )
        checked = checked_value(known[name], value)
        section, _, leaf = name.rpartition(".")
        if section:
            config = replace(
                config, **{section: replace(getattr(config, section), **{leaf: checked})}
            )
        else:
            config = replace(config, **{leaf: checked})
    _check_together(config)
    return config


def with_run_time_values(config: Config, values: Mapping[str, Any]) -> Config:
    """As ``with_values``, while the program runs.

    Raises:
        InputError: as there, or a parameter that is fixed at start would change.
    """
    changed = with_values(config, values)
    for spec in parameters():
        before, after = value_of(config, spec.name), value_of(changed, spec.name)
        if spec.read_only and before != after:
            raise InputError(
                f"parameter {spec.name} = {_plain(after)!r}: fixed at start, "
                f"where it was {_plain(before)!r}; expected a restart with the new value"
            )
    return changed


def value_of(config: Config, name: str) -> Any:
    """A parameter's value by its full name."""
    value: Any = config
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _plain(value: Any) -> Any:
    """A value as YAML has it."""
    return value.value if isinstance(value, Enum) else value


def changed_values(config: Config) -> dict[str, Any]:
    """The parameters that are not at their defaults: full name to value, as YAML has it."""
    values: dict[str, Any] = {}
    for spec in parameters():
        value = value_of(config, spec.name)
        if value != spec.default:
            values[spec.name] = _plain(value)
    return values


def _check_together(config: Config) -> None:
    """Conditions between parameters."""
    if config.thermal.range_high <= config.thermal.range_low:
        raise InputError(
            f"parameter thermal.range_high = {config.thermal.range_high:g}: "
            f"expected more than thermal.range_low = {config.thermal.range_low:g}"
        )
    if config.output.max_depth_m <= config.output.min_depth_m:
        raise InputError(
            f"parameter output.max_depth_m = {config.output.max_depth_m:g}: "
            f"expected more than output.min_depth_m = {config.output.min_depth_m:g}"
        )
    if config.watchdog.error_ms < config.watchdog.warn_ms:
        raise InputError(
            f"parameter watchdog.error_ms = {config.watchdog.error_ms:g}: "
            f"expected at least watchdog.warn_ms = {config.watchdog.warn_ms:g}"
        )
