"""Every parameter of the one list as a ROS parameter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node

from rgbt_perception.config import Config, parameters, with_run_time_values, with_values
from rgbt_perception.errors import InputError
from rgbt_perception.parameter import Parameter

# Of this host alone: without ROS there is no lifecycle.
_AUTOSTART = Parameter(
    name="autostart",
    kind=bool,
    default=False,
    help="configure and activate at start, for launch files without lifecycle events",
    unit="",
    low=None,
    high=None,
    read_only=True,
)
_TYPE_NAMES = {bool: "true or false", int: "a whole number", float: "a number with a point"}


class NodeParameters:
    """Declares the parameters, and checks and passes on their changes.

    Attributes:
        config: what is in force.
        autostart: configure and activate without being asked to.
    """

    def __init__(self, node: Node, on_change: Callable[[Config], None]) -> None:
        """Declare everything with the values that the node was started with.

        Args:
            node: declares them.
            on_change: called with the new configuration after a change at run time.

        Raises:
            InputError: a value of the wrong type or out of range.
        """
        self.autostart = bool(_declare(node, _AUTOSTART))
        self._specs = {spec.name: spec for spec in parameters()}
        self._on_change = on_change
        self.config = with_values(
            Config(), {spec.name: _declare(node, spec) for spec in self._specs.values()}
        )
        node.add_on_set_parameters_callback(self._check)
        node.add_post_set_parameters_callback(self._apply)

    def _ours(self, changes: list[Any]) -> dict[str, Any]:
        return {change.name: change.value for change in changes if change.name in self._specs}

    def _check(self, changes: list[Any]) -> SetParametersResult:
        try:
            if values := self._ours(changes):
                with_run_time_values(self.config, values)
        except InputError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _apply(self, changes: list[Any]) -> None:
        if values := self._ours(changes):
            self.config = with_values(self.config, values)
            self._on_change(self.config)


def unknown_parameters(node: Node, overrides: Mapping[str, Any]) -> list[str]:
    """Names that the node was started with and nobody declared: typing errors, mostly."""
    return sorted(
        name
        for name in overrides
        if not node.has_parameter(name) and not name.startswith("qos_overrides.")
    )


def _declare(node: Node, spec: Parameter) -> Any:
    try:
        return node.declare_parameter(spec.name, _plain(spec.default), descriptor(spec)).value
    except InvalidParameterTypeException as error:
        expected = _TYPE_NAMES.get(spec.kind, "a text")
        raise InputError(
            f"parameter {spec.name}: expected {expected} such as {_plain(spec.default)!r} ({error})"
        ) from None
    except InvalidParameterValueException as error:
        raise InputError(f"parameter {spec.name}: {error}") from None


def descriptor(spec: Parameter) -> ParameterDescriptor:
    """Description, range and read-only flag as ROS tools show them."""
    text = spec.help + (f" [{spec.unit}]" if spec.unit else "")
    result = ParameterDescriptor(description=text, read_only=spec.read_only)
    if issubclass(spec.kind, Enum):
        names = ", ".join(str(member.value) for member in spec.kind)
        result.additional_constraints = f"one of: {names}"
    if spec.low is not None and spec.high is not None:
        if spec.kind is float:
            limits = FloatingPointRange(from_value=float(spec.low), to_value=float(spec.high))
            result.floating_point_range = [limits]
        elif spec.kind is int:
            steps = IntegerRange(from_value=int(spec.low), to_value=int(spec.high), step=1)
            result.integer_range = [steps]
    return result


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value
