"""ROS 2 message types as DDS knows them: names, type descriptions, hashes; payload is CDR bytes.

Cyclone DDS needs a description of each type, for matching with other vendors, but its own Python
serialisation takes 39 ms per megabyte of picture. The classes made here carry finished CDR
instead, which ``rosbags`` makes and reads a hundred times faster.
"""

from __future__ import annotations

import types
from functools import cache
from typing import TYPE_CHECKING, Any

from cyclonedds.idl import IdlStruct
from cyclonedds.idl import types as idl_types

from rgbt_perception.errors import InputError

if TYPE_CHECKING:
    from rosbags.typesys.store import Typestore

# Its generics are made for annotations; here they are called.
idl: Any = idl_types

_BASES: dict[str, Any] = {
    "bool": bool,
    "octet": idl.uint8,
    "byte": idl.uint8,
    "char": idl.uint8,
    "int8": idl.int8,
    "uint8": idl.uint8,
    "int16": idl.int16,
    "uint16": idl.uint16,
    "int32": idl.int32,
    "uint32": idl.uint32,
    "int64": idl.int64,
    "uint64": idl.uint64,
    "float32": idl.float32,
    "float64": idl.float64,
    "string": str,
}
# Longest bounded sequence or string that Cyclone DDS can describe.
_MAX_BOUND = 65535


class WireMessage:
    """What the classes made by ``wire_type`` have in common.

    Attributes:
        cdr: the message, with its four bytes of header.
        sample_info: filled by Cyclone DDS on receipt.
    """

    cdr: bytes | bytearray
    sample_info: Any


def dds_type_name(ros_type: str) -> str:
    """``sensor_msgs/msg/Image`` as ``sensor_msgs::msg::dds_::Image_``.

    Raises:
        InputError: not a name of that form.
    """
    parts = ros_type.split("/")
    if len(parts) != 3 or not all(part.isidentifier() for part in parts):
        raise InputError(f"{ros_type!r} is not a message type, expected package/msg/Name")
    return f"{parts[0]}::{parts[1]}::dds_::{parts[2]}_"


def ros_type_name(dds_type: str) -> str:
    """The reverse; a name that is not one of ROS 2 stays as it is."""
    parts = dds_type.split("::")
    if len(parts) == 4 and parts[2] == "dds_" and parts[3].endswith("_"):
        return f"{parts[0]}/{parts[1]}/{parts[3][:-1]}"
    return dds_type


def type_hash(ros_type: str, store: Typestore | None) -> str:
    """The hash by which ROS 2 compares definitions (REP 2016), empty when there is none."""
    if store is None or ros_type not in store.fielddefs:
        return ""
    return store.hash_rihs01(ros_type)


def wire_type(ros_type: str, store: Typestore | None) -> type[Any]:
    """The class that stands for a message type on the wire.

    Args:
        ros_type: e.g. ``sensor_msgs/msg/Image``.
        store: holds its definition; None or without it: the type is described as opaque. ROS 2
            with Cyclone DDS matches by name and accepts that; an endpoint that describes the
            type does not.
    """
    known = store is not None and ros_type in store.fielddefs
    return _carrier(ros_type, store if known else None)


@cache
def _carrier(ros_type: str, store: Typestore | None) -> type[Any]:
    fields = {"content": idl.uint8} if store is None else _fields(ros_type, store)

    def serialize(
        self: WireMessage, buffer: Any = None, endianness: Any = None, use_version_2: Any = None
    ) -> bytes | bytearray:
        return self.cdr

    def deserialize(
        cls: type[WireMessage], data: bytes, has_header: bool = True, use_version_2: Any = None
    ) -> WireMessage:
        message = cls.__new__(cls)
        message.cdr = data
        return message

    def deserialize_key(cls: type[WireMessage], data: bytes) -> None:
        # Topics of ROS 2 have no key; asked for when a publisher goes.
        return None

    def body(namespace: dict[str, Any]) -> None:
        namespace["__annotations__"] = fields
        namespace["serialize"] = serialize
        namespace["deserialize"] = classmethod(deserialize)
        namespace["deserialize_key"] = classmethod(deserialize_key)

    return _struct(ros_type, body)


@cache
def _nested(ros_type: str, store: Typestore) -> type[Any]:
    fields = _fields(ros_type, store)

    def body(namespace: dict[str, Any]) -> None:
        namespace["__annotations__"] = fields

    return _struct(ros_type, body)


def _struct(ros_type: str, body: Any) -> type[Any]:
    name = dds_type_name(ros_type)
    keywords = {"typename": name.replace("::", ".")}
    return types.new_class(name.rsplit("::", 1)[1], (IdlStruct,), keywords, body)


def _fields(ros_type: str, store: Typestore) -> dict[str, Any]:
    _, fields = store.fielddefs[ros_type]
    return {name: _field(definition, store) for name, definition in fields}


def _field(definition: Any, store: Typestore) -> Any:
    from rosbags.interfaces import Nodetype

    kind, detail = definition
    if kind == Nodetype.NAME:
        return _nested(detail, store)
    if kind == Nodetype.BASE:
        base, bound = detail
        if base == "string" and 0 < bound <= _MAX_BOUND:
            return idl.bounded_str[bound]
        if base not in _BASES:
            raise InputError(f"fields of type {base} are not supported over DDS")
        return _BASES[base]
    element, length = detail
    if kind == Nodetype.ARRAY:
        return idl.array[_field(element, store), length]
    if 0 < length <= _MAX_BOUND:
        return idl.sequence[_field(element, store), length]
    return idl.sequence[_field(element, store)]
