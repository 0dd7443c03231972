"""Names of topics: in ROS 2 and in DDS."""

from __future__ import annotations

import re

from rgbt_perception.errors import UsageError

_PREFIX = "rt"
_NAME = re.compile(r"(/[A-Za-z_][A-Za-z0-9_]*)+")


def dds_name(topic: str) -> str:
    """``/rgb/image`` as ``rt/rgb/image``.

    Raises:
        UsageError: not a full topic name.
    """
    if not _NAME.fullmatch(topic):
        raise UsageError(f"{topic!r} is not a topic name, expected a full one such as /rgb/image")
    return _PREFIX + topic


def ros_name(dds_topic: str) -> str | None:
    """The reverse; None for what is not a topic of ROS 2 (services, actions, other programs)."""
    head, slash, rest = dds_topic.partition("/")
    return f"/{rest}" if head == _PREFIX and slash and rest else None


def service_topics(service: str) -> tuple[str, str]:
    """``/a/set`` as the topics of its requests and of its replies.

    Raises:
        UsageError: not a full name.
    """
    if not _NAME.fullmatch(service):
        raise UsageError(f"{service!r} is not a service, expected a full name such as /a/set")
    return f"rq{service}Request", f"rr{service}Reply"


def node_name(namespace: str, name: str) -> str:
    """Full name of a node: ``/`` and ``perception`` make ``/perception``."""
    return f"{namespace.rstrip('/')}/{name}"
