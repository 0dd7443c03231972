"""Requests and replies of the parameter services of a ROS 2 node, which message sets leave out."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rosbags.typesys.store import Typestore

PACKAGE = "rcl_interfaces"
# Fields of request and reply by service, as in the package rcl_interfaces of ROS 2.
PARAMETER_SERVICES = {
    "DescribeParameters": ("string[] names", f"{PACKAGE}/ParameterDescriptor[] descriptors"),
    "GetParameterTypes": ("string[] names", "uint8[] types"),
    "GetParameters": ("string[] names", f"{PACKAGE}/ParameterValue[] values"),
    "ListParameters": ("string[] prefixes\nuint64 depth", f"{PACKAGE}/ListParametersResult result"),
    "SetParameters": (
        f"{PACKAGE}/Parameter[] parameters",
        f"{PACKAGE}/SetParametersResult[] results",
    ),
    "SetParametersAtomically": (
        f"{PACKAGE}/Parameter[] parameters",
        f"{PACKAGE}/SetParametersResult result",
    ),
}


def request_type(service: str) -> str:
    """``rcl_interfaces/srv/GetParameters`` to the type of its requests."""
    return f"{service}_Request"


def reply_type(service: str) -> str:
    """``rcl_interfaces/srv/GetParameters`` to the type of its replies."""
    return f"{service}_Response"


@cache
def service_store() -> Typestore:
    """The types of ROS 2 Jazzy with those of the parameter services."""
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    store = get_typestore(Stores.ROS2_JAZZY)
    for name, (request, reply) in PARAMETER_SERVICES.items():
        service = f"{PACKAGE}/srv/{name}"
        for kind, text in ((request_type(service), request), (reply_type(service), reply)):
            # rosbags would file it under the name of a message.
            (definition,) = get_types_from_msg(text, kind).values()
            store.register({kind: definition})
    return store
