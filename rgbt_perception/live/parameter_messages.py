"""Parameters of the one list as messages of ``rcl_interfaces``, and back."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import numpy as np

from rgbt_perception.errors import InputError
from rgbt_perception.parameter import Parameter

Make = Callable[..., Any]

NOT_SET = 0
# Number of the type in rcl_interfaces/msg/ParameterType, and the field that holds such a value.
_BY_TYPE = {bool: (1, "bool_value"), int: (2, "integer_value"), float: (3, "double_value")}
_TEXT = (4, "string_value")
_FIELDS = dict((*_BY_TYPE.values(), _TEXT))
_EMPTY: dict[str, Any] = {
    "bool_value": False,
    "integer_value": 0,
    "double_value": 0.0,
    "string_value": "",
    "byte_array_value": np.zeros(0, np.uint8),
    "bool_array_value": np.zeros(0, np.bool_),
    "integer_array_value": np.zeros(0, np.int64),
    "double_array_value": np.zeros(0, np.float64),
    "string_array_value": [],
}


def type_number(spec: Parameter) -> int:
    """The type of a parameter's values as ROS numbers it."""
    return _BY_TYPE.get(spec.kind, _TEXT)[0]


def value_message(make: Make, value: Any) -> Any:
    """A ``rcl_interfaces/msg/ParameterValue``; None is the value of a parameter that is not."""
    if value is None:
        return make("rcl_interfaces/msg/ParameterValue", type=NOT_SET, **_EMPTY)
    plain = value.value if isinstance(value, Enum) else value
    number, name = _BY_TYPE.get(type(plain), _TEXT)
    return make("rcl_interfaces/msg/ParameterValue", type=number, **{**_EMPTY, name: plain})


def value_from_message(name: str, message: Any) -> Any:
    """The value of a parameter in a ``ParameterValue``.

    Raises:
        InputError: one of a kind that no parameter here has.
    """
    if message.type not in _FIELDS:
        raise InputError(
            f"parameter {name}: type {message.type} of rcl_interfaces/msg/ParameterType, expected "
            "true or false, a number or a text"
        )
    return getattr(message, _FIELDS[message.type])


def descriptor_message(make: Make, spec: Parameter) -> Any:
    """A ``rcl_interfaces/msg/ParameterDescriptor``: help, range and whether it is fixed."""
    names = ""
    if issubclass(spec.kind, Enum):
        names = "one of: " + ", ".join(str(member.value) for member in spec.kind)
    floats, integers = [], []
    if spec.low is not None and spec.high is not None:
        low, high = spec.kind(spec.low), spec.kind(spec.high)
        if spec.kind is float:
            kind = "rcl_interfaces/msg/FloatingPointRange"
            floats.append(make(kind, from_value=low, to_value=high, step=0.0))
        elif spec.kind is int:
            kind = "rcl_interfaces/msg/IntegerRange"
            integers.append(make(kind, from_value=low, to_value=high, step=1))
    return make(
        "rcl_interfaces/msg/ParameterDescriptor",
        name=spec.name,
        type=type_number(spec),
        description=spec.help + (f" [{spec.unit}]" if spec.unit else ""),
        additional_constraints=names,
        read_only=spec.read_only,
        dynamic_typing=False,
        floating_point_range=floats,
        integer_range=integers,
    )


def unknown_descriptor(make: Make, name: str) -> Any:
    """What is told of a parameter that is not."""
    return make(
        "rcl_interfaces/msg/ParameterDescriptor",
        name=name,
        type=NOT_SET,
        description="",
        additional_constraints="",
        read_only=False,
        dynamic_typing=False,
        floating_point_range=[],
        integer_range=[],
    )
