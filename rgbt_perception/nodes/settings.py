"""A flat dataclass of parameters, declared by a node."""

from __future__ import annotations

from typing import TypeVar

from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node

from rgbt_perception.config import parameters
from rgbt_perception.errors import InputError
from rgbt_perception.nodes.parameters import descriptor
from rgbt_perception.parameter import checked_value

_T = TypeVar("_T")


def declared(node: Node, settings: type[_T]) -> _T:
    """Declare every field as a ROS parameter and read what the node was started with.

    Args:
        node: declares them.
        settings: a dataclass whose fields are made by ``parameter``.

    Raises:
        InputError: a value of the wrong type or out of range.
    """
    values = {}
    for spec in parameters(settings):
        default = getattr(spec.default, "value", spec.default)
        try:
            value = node.declare_parameter(spec.name, default, descriptor(spec)).value
        except (InvalidParameterTypeException, InvalidParameterValueException) as error:
            raise InputError(f"parameter {spec.name}: {error}") from None
        values[spec.name] = checked_value(spec, value)
    return settings(**values)
