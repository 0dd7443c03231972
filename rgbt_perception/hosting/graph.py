"""What a host sees of the other nodes' ends of a topic."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Qos:
    """Quality of service of one end of a topic.

    Attributes:
        reliable: lost messages are sent again; else best effort.
        transient_local: late subscribers get the last messages; else volatile.
        depth: messages kept (KEEP_LAST).
    """

    reliable: bool
    transient_local: bool = False
    depth: int = 5

    def __str__(self) -> str:
        return _words(self.reliable, self.transient_local)


@dataclass(frozen=True)
class Endpoint:
    """A publisher of a topic.

    Attributes:
        node: full name of its node, e.g. ``/camera/driver``; empty where it is not known.
        type_name: ROS type, e.g. ``sensor_msgs/msg/Image``.
        reliable, transient_local: what it offers.
    """

    node: str
    type_name: str
    reliable: bool
    transient_local: bool

    @property
    def offers(self) -> str:
        """Its quality of service in words."""
        return _words(self.reliable, self.transient_local)

    def reaches(self, wanted: Qos) -> bool:
        """Whether a subscription of that quality gets its messages.

        DDS matches when what is offered is at least what is wanted: a best-effort publisher
        does not reach a reliable subscription, nor a volatile one a transient-local one.
        """
        return self.reliable >= wanted.reliable and self.transient_local >= wanted.transient_local


def _words(reliable: bool, transient_local: bool) -> str:
    return (
        f"{'reliable' if reliable else 'best effort'}, "
        f"{'transient local' if transient_local else 'volatile'}"
    )
