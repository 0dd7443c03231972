"""The parameters of the live host for ``ros2 param``: six services and the topic of changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rgbt_perception.config import Config, parameters, value_of, with_run_time_values
from rgbt_perception.errors import InputError
from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.live.parameter_messages import (
    NOT_SET,
    descriptor_message,
    type_number,
    unknown_descriptor,
    value_from_message,
    value_message,
)
from rgbt_perception.live.service_types import PACKAGE, service_store
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.recording.types import RosbagsFactory

_EVENTS = "/parameter_events"
_EVENT = f"{PACKAGE}/msg/ParameterEvent"
_EVENTS_QOS = Qos(reliable=True, depth=1000)
_SEPARATOR = "."


class ParameterServer:
    """Tells the parameters, and checks and passes on their changes; safe from any thread.

    Attributes:
        config: what is in force.
    """

    def __init__(
        self, node: DdsNode, name: str, config: Config, on_change: Callable[[Config], None]
    ) -> None:
        """Begin to serve.

        Args:
            node: serves.
            name: its full name.
            config: what is in force.
            on_change: called with the new configuration after each change.

        Raises:
            RgbtError: DDS refuses.
        """
        self.config = config
        self._name, self._on_change = name, on_change
        self._specs = {spec.name: spec for spec in parameters()}
        self._lock = threading.Lock()
        self._make = RosbagsFactory().make
        self._events = node.writer(_EVENTS, _EVENT, _EVENTS_QOS)
        handlers: dict[str, tuple[str, Callable[[Any], Any]]] = {
            "describe_parameters": ("DescribeParameters", self._describe),
            "get_parameter_types": ("GetParameterTypes", self._types),
            "get_parameters": ("GetParameters", self._get),
            "list_parameters": ("ListParameters", self._list),
            "set_parameters": ("SetParameters", self._set_each),
            "set_parameters_atomically": ("SetParametersAtomically", self._set_together),
        }
        store = service_store()
        for service, (kind, handler) in handlers.items():
            node.service(f"{name}/{service}", f"{PACKAGE}/srv/{kind}", handler, store)

    def change(self, values: dict[str, Any]) -> None:
        """Put other values in force, all or none.

        Args:
            values: by full name.

        Raises:
            InputError: unknown name, bad value, or a parameter that is fixed at start.
        """
        with self._lock:
            before = self.config
            self.config = with_run_time_values(before, values)
            changed = [n for n in self._specs if value_of(before, n) != value_of(self.config, n)]
            self._on_change(self.config)
            if changed:
                self._tell(changed)

    # Services

    def _list(self, request: Any) -> Any:
        depth = int(request.depth)
        names = [name for name in self._specs if _is_below(name, request.prefixes, depth)]
        above = {name.rpartition(_SEPARATOR)[0] for name in names} - {""}
        found = self._make(
            f"{PACKAGE}/msg/ListParametersResult", names=names, prefixes=sorted(above)
        )
        return _reply("ListParameters", result=found)

    def _get(self, request: Any) -> Any:
        return _reply("GetParameters", values=[self._value(name) for name in request.names])

    def _types(self, request: Any) -> Any:
        specs = [self._specs.get(name) for name in request.names]
        numbers = [NOT_SET if spec is None else type_number(spec) for spec in specs]
        return _reply("GetParameterTypes", types=np.array(numbers, np.uint8))

    def _describe(self, request: Any) -> Any:
        found = [
            descriptor_message(self._make, self._specs[name])
            if name in self._specs
            else unknown_descriptor(self._make, name)
            for name in request.names
        ]
        return _reply("DescribeParameters", descriptors=found)

    def _set_each(self, request: Any) -> Any:
        results = [self._set([parameter]) for parameter in request.parameters]
        return _reply("SetParameters", results=results)

    def _set_together(self, request: Any) -> Any:
        return _reply("SetParametersAtomically", result=self._set(request.parameters))

    def _set(self, changes: Sequence[Any]) -> Any:
        reason = ""
        try:
            self.change({c.name: value_from_message(c.name, c.value) for c in changes})
        except InputError as error:
            reason = str(error)
        kind = f"{PACKAGE}/msg/SetParametersResult"
        return self._make(kind, successful=not reason, reason=reason)

    def _value(self, name: str) -> Any:
        value = value_of(self.config, name) if name in self._specs else None
        return value_message(self._make, value)

    def _tell(self, names: list[str]) -> None:
        """Publish what has changed, as every ROS node does."""
        make = self._make
        seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
        changed = [
            make(f"{PACKAGE}/msg/Parameter", name=name, value=self._value(name)) for name in names
        ]
        event = make(
            _EVENT,
            stamp=make("builtin_interfaces/msg/Time", sec=seconds, nanosec=nanoseconds),
            node=self._name,
            new_parameters=[],
            changed_parameters=changed,
            deleted_parameters=[],
        )
        self._events.publish(event)


def _is_below(name: str, prefixes: Sequence[str], depth: int) -> bool:
    """Whether a parameter is listed; a depth of 0 means any."""
    if not prefixes:
        return not depth or name.count(_SEPARATOR) < depth
    for prefix in prefixes:
        rest = name.removeprefix(f"{prefix}{_SEPARATOR}")
        if name == prefix or (rest != name and (not depth or rest.count(_SEPARATOR) < depth)):
            return True
    return False


def _reply(service: str, **fields: Any) -> Any:
    return service_store().types[f"{PACKAGE}/srv/{service}_Response"](**fields)
